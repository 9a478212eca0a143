"""Checkpoints that a killed run goes on from. Safetensors: loading one can run no code.

The randomness of a step depends on the seed, the epoch and the step alone (see `loop`), so the
number of epochs and steps that are done is all the random state there is to keep.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from mien.errors import TrainingError, one_line
from mien.files.writes import new_file
from mien.parsing import decode_json_loosely

# Of all faces that a run learns from.
FACES_SHA256 = "faces_sha256"


# Of what is in a file; those of earlier versions, which do not say it, drew other random numbers.
FORMAT = 2


class Part(msgspec.Struct, frozen=True):
    """What is done of an epoch.

    Attributes:
        steps: How many.
        loss: Sum over the faces.
        hits: Faces whose most probable class was right.
        seen: Faces.
    """

    steps: int = 0
    loss: float = 0.0
    hits: float = 0.0
    seen: int = 0


@dataclass(slots=True)
class Checkpoint:
    """All that changes during a run.

    Attributes:
        network: The network being trained.
        average: The moving average of its weights.
        optimizer: Its optimiser.
        best: Weights of the average at the best epoch so far.
        history: One row of figures per finished epoch.
        part: What is done of the epoch after these.
    """

    network: nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    best: dict[str, Tensor]
    history: list[dict[str, float]]
    part: Part = field(default_factory=Part)

    def keep_best(self) -> None:
        """Remember the average of the weights as the best so far."""
        state = self.average.module.state_dict()
        self.best = {name: value.detach().cpu().clone() for name, value in state.items()}

    def save(self, path: Path, settings: dict[str, Any]) -> None:
        """Write everything, whole or not at all.

        Raises:
            TrainingError: The disk is full or the folder is gone.
        """
        try:
            with new_file(path) as new:
                new.write_bytes(self.packed(settings))
        except OSError as error:
            reason = error.strerror or one_line(error)
            raise TrainingError(
                f"{path}: the checkpoint cannot be written: {reason}; free space, or name another "
                "folder"
            ) from error

    def packed(self, settings: dict[str, Any]) -> bytes:
        """Return everything as the bytes of a file."""
        tensors = {
            **_prefixed("network", self.network.state_dict()),
            **_prefixed("average", self.average.state_dict()),
            **_prefixed("best", self.best),
            **_prefixed("optimizer", _flat_state(self.optimizer)),
        }
        header = {
            "format": json.dumps(FORMAT),
            "history": json.dumps(self.history),
            "part": json.dumps(msgspec.to_builtins(self.part)),
            "settings": json.dumps(settings),
        }
        return bytes(save(tensors, metadata=header))

    def load(self, path: Path, settings: dict[str, Any]) -> None:
        """Take up where `save` left off.

        Raises:
            TrainingError: The file is damaged, or of a run with other settings.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _damaged(path, error) from error
        self.unpack(data, path, settings)

    def unpack(self, data: bytes, path: Path, settings: dict[str, Any]) -> None:
        """Take up what `packed` returned.

        Args:
            data: The bytes.
            path: What they are called in errors.
            settings: Those of the run, which must be the same.

        Raises:
            TrainingError: They are damaged, or of a run with other settings.
        """
        try:
            tensors = load(data)
            header = _Header.read(_metadata(data))
        # What safetensors raises of bytes that are none, or hold kinds that PyTorch has not.
        except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise _damaged(path, error) from error
        if header.format != FORMAT:
            raise TrainingError(
                f"{path}: of another version of mien (format {header.format}, not {FORMAT}), which "
                "learns by other random numbers; go on with that version, or name another --out"
            )
        same_settings(path, header.settings, settings)
        try:
            self._take(header, tensors)
        # What PyTorch raises of tensors that are missing, of another shape or of another kind.
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, error) from error

    def _take(self, header: "_Header", tensors: dict[str, Tensor]) -> None:
        self.history, self.part = header.history, header.part
        self.network.load_state_dict(_part(tensors, "network"))
        self.average.load_state_dict(_part(tensors, "average"))
        self.best = _part(tensors, "best")
        _restore_state(self.optimizer, _part(tensors, "optimizer"))


class _Header(msgspec.Struct):
    """What stands in a checkpoint beside its tensors."""

    settings: dict[str, Any]
    history: list[dict[str, float]]
    part: Part = Part()
    format: int = 1

    @classmethod
    def read(cls, texts: dict[str, str]) -> "_Header":
        """Decode it; ValueError where it is none."""
        values = {name: decode_json_loosely(text) for name, text in texts.items()}
        return msgspec.convert(values, cls)


def _metadata(data: bytes) -> dict[str, str]:
    """Return the texts beside the tensors; safetensors gives them of files only.

    A file begins with the length of its header, 8 bytes, and the header in JSON.
    """
    length = int.from_bytes(data[:8], "little")
    header = decode_json_loosely(data[8 : 8 + length])
    return msgspec.convert(header, dict[str, Any]).get("__metadata__") or {}


def _damaged(path: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"{path}: not a checkpoint that can be read ({one_line(error)}); remove it to start anew"
    )


def same_settings(path: Path, kept: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse to go on with a run that was started otherwise.

    Args:
        path: What is read, for the message.
        kept: What was written when it was started.
        wanted: What is asked for now.

    Raises:
        TrainingError: They differ; the message names the first difference.
    """
    for name in sorted(kept.keys() | wanted.keys()):
        if kept.get(name) != wanted.get(name):
            raise TrainingError(
                f"{path}: this run was started with {name}={kept.get(name)}, not "
                f"{wanted.get(name)}; resume with the same settings, or name another --out"
            )


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # Contiguous copies: safetensors refuses views and channels-last layouts are no values.
    return {
        f"{prefix}/{name}": value.detach().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = prefix + "/"
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}


def _flat_state(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {
        f"{index}/{key}": value for index, values in state.items() for key, value in values.items()
    }


def _restore_state(optimizer: torch.optim.Optimizer, flat: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in flat.items():
        index, key = name.split("/")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
