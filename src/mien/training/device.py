"""Where and in which precision a run computes: the same code on a CPU and on a GPU."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.settings import check_threads
from mien.training.settings import Machine

# What bf16 gained over fp32 in training steps: three times with AMX, 1.3 times (residual) to 2.4
# times (mobilenet) with AVX-512's bf16 products; without either it was 15 % slower.
BF16_UNITS = ("amx_bf16", "avx512_bf16")
# Those that mien trains on; PyTorch names a dozen that no build of it has all of.
KNOWN = ("cpu", "cuda")
# Of glibc's mallopt: from which size on memory is the system's own, how much that is free stays,
# and the largest values that these may have.
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _LARGEST = -3, -1, (1 << 30, (1 << 31) - 1)


@dataclass(frozen=True, slots=True)
class Compute:
    """A device and a precision.

    Attributes:
        device: Where tensors live.
        bf16: Whether the forward pass runs under bf16 autocast.
        compile: Whether networks that learn are compiled.
    """

    device: torch.device
    bf16: bool
    compile: bool = False

    @classmethod
    def choose(cls, machine: Machine, local: int = 0) -> "Compute":
        """Settle what is "auto": a GPU where there is one, bf16 where the hardware computes in it.

        Args:
            machine: What a person wants.
            local: The number of this process among those of a run on this machine: of several GPUs
                each takes its own.

        Raises:
            TrainingError: The device is unknown or absent.
        """
        name = machine.device
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "cpu"
        if name == "cuda" and local:
            name = f"cuda:{local}"
        try:
            device = torch.device(name)
            torch.zeros(1, device=device).cpu()
        except (RuntimeError, AssertionError, ImportError) as error:
            known = name.partition(":")[0] in KNOWN
            reason = str(error).splitlines()[0] if known else "known are auto, cpu and cuda"
            raise TrainingError(
                f"--device {name}: not usable here; try --device cpu ({reason})"
            ) from error
        # All batches but the last have one shape, for which cuDNN then takes its fastest way.
        torch.backends.cudnn.benchmark = True
        if machine.threads:
            check_threads("--threads", machine.threads)
            torch.set_num_threads(machine.threads)
        abilities = torch.cpu.get_capabilities()
        if device.type == "cpu":
            keep_freed_memory()
        units = device.type == "cuda" or any(abilities.get(name) for name in BF16_UNITS)
        return cls(device, machine.precision == "bf16" or (machine.precision == "auto" and units))

    def pictures(self, faces: npt.NDArray[np.uint8] | Tensor) -> Tensor:
        """Move uint8 [N,S,S,C] to the device as float [N,C,S,S] in 0..1, channels last."""
        # A copy, because PyTorch warns of the read-only memory of a mapped file.
        held = faces if isinstance(faces, Tensor) else torch.from_numpy(np.array(faces))
        return self.moved(held).permute(0, 3, 1, 2).float() / 255.0

    def moved(self, values: Tensor) -> Tensor:
        """Move values to the device; to a GPU while it works on."""
        if self.device.type != "cuda":
            return values.to(self.device)
        pinned = values if values.is_pinned() else values.pin_memory()
        return pinned.to(self.device, non_blocking=True)

    def compiled(self, network: nn.Module) -> nn.Module:
        """Return what computes the same as a network, by PyTorch's compiler where that is wanted.

        The parameters stay those of the network.
        """
        if not self.compile:
            return network
        compiled: Any = torch.compile(network)
        return compiled  # type: ignore[no-any-return]

    def autocast(self) -> torch.autocast:
        """Return the context in which the forward pass runs."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def describe(self) -> str:
        """Say in a few words what this is."""
        threads = "" if self.device.type != "cpu" else f", {torch.get_num_threads()} threads"
        return f"{self.device}, {'bf16' if self.bf16 else 'fp32'}{threads}"


def keep_freed_memory() -> bool:
    """Have a process keep the memory of one step for the next, where its library can (glibc).

    By itself it gives large pieces back to the system, which fills each with zeros when it is asked
    for again: that was 7 % of the time of a step of 112 px, and kept no more memory free, since
    every step takes as much. Return whether it does.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # not Linux, or another library
        return False
    names = (_MMAP_THRESHOLD, _TRIM_THRESHOLD)
    return all(mallopt(name, value) for name, value in zip(names, _LARGEST, strict=True))
