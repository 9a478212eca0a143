"""What networks may run on: from a device's name to onnxruntime's providers and their options.

Only this module, `device_kinds` and `mien.models.onnx` know what onnxruntime calls them.
"""

import contextlib
import importlib
import io
import logging
import re
import sys
import threading
from dataclasses import dataclass, field

import onnxruntime as ort

from mien.errors import SettingsError, one_line
from mien.models.device_kinds import KINDS, RUNTIME, Kind, Options

LOG = logging.getLogger(__name__)
CPU, AUTO = "cpu", "auto"
CPU_PROVIDER = "CPUExecutionProvider"
DOCUMENT = "docs/devices.md"
_NAME = re.compile(r"(?P<kind>[a-z]+)(?::(?P<which>\w+))?", re.ASCII)


NAMES = (AUTO, CPU, *KINDS)


class Device:
    """A device other than the CPU, shared by all networks that are to run on it.

    Once it has failed, all of them go on on the CPU, and that is said once.

    Attributes:
        name: As a person names it.
        kind: What onnxruntime has to know.
        problem: Why it is not used any more; "" while it is.
        nodes: How many nodes of the graphs run there, and of how many; the others run on the CPU.
    """

    def __init__(self, name: str, kind: Kind, which: str = "") -> None:
        self.name, self.kind, self._which = name, kind, which
        self.problem = ""
        self.nodes = (0, 0)
        self._lock = threading.Lock()

    @property
    def lost(self) -> bool:
        """Whether it has failed."""
        return bool(self.problem)

    def give_up(self, reason: str) -> None:
        """Use it no more, and say so if nobody has.

        Args:
            reason: What failed, and what onnxruntime said of it.
        """
        with self._lock:
            if self.problem:
                return
            self.problem = reason
        LOG.warning("device %s: %s; the networks run on the CPU instead", self.name, reason)

    def count(self, here: int, all_: int) -> None:
        """Take note of one more graph's nodes: those that run here, and all."""
        self.nodes = self.nodes[0] + here, self.nodes[1] + all_
        LOG.info("device %s: %d of %d nodes of a graph run there", self.name, here, all_)

    def set_up(self, options: ort.SessionOptions, threads: int) -> None:
        """Add to a session's options what this device needs there.

        Raises:
            Exception: As onnxruntime does, where a plugin cannot be loaded or finds no such device.
        """
        for key, value in self.kind.session.items():
            options.add_session_config_entry(key, value)
        if self.kind.alone:
            options.enable_mem_pattern = False
            options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        if not self.kind.built_in:
            self._add_plugin(options, threads)

    def providers(self, threads: int) -> list[str | tuple[str, Options]] | None:
        """Return what may run nodes, the first first; None where `set_up` has said it.

        Args:
            threads: Of the processor, for one call.
        """
        if not self.kind.built_in:
            return None
        return [(self.kind.provider, self.kind.options(self._which, threads)), CPU_PROVIDER]

    def _add_plugin(self, options: ort.SessionOptions, threads: int) -> None:
        wanted = self.kind.options(self._which, threads)
        target = wanted.pop("device_type", "")
        found = [
            one for one in _plugged_in(self.kind) if one.ep_metadata.get("ov_device") == target
        ]
        if not found:
            raise RuntimeError(f"{self.kind.plugin} finds no {target} that it is made for here")
        options.add_provider_for_devices(found[:1], wanted)


@dataclass(slots=True)
class Asked:
    """What a person asked for, of one load of models.

    Attributes:
        name: As it was asked for.
        candidates: The devices that may be used, in this order.
        chosen: Where "auto" has put each model, and why, in words.
    """

    name: str = CPU
    candidates: tuple[Device, ...] = ()
    chosen: dict[str, str] = field(default_factory=dict)

    @property
    def auto(self) -> bool:
        """Whether a device is used only where it is as exact as the CPU, and quicker."""
        return self.name == AUTO

    @property
    def device(self) -> Device | None:
        """The device that was named; None for the CPU."""
        return None if self.auto else next(iter(self.candidates), None)


def find_devices(name: "str | Asked") -> Asked:
    """Find the devices of a name.

    Args:
        name: "cpu", "auto", or one of `KINDS`, with the number or name of one of several after a
            colon: "cuda:1", "openvino:gpu". What was found before is returned as it is.

    Raises:
        SettingsError: The name is unknown, or the device is not there.
    """
    if isinstance(name, Asked):
        return name
    kind, which = check_name(name)
    if kind == CPU:
        return Asked()
    if kind == AUTO:
        return Asked(AUTO, tuple(Device(one, KINDS[one]) for one in there()))
    if not KINDS[kind].is_there:
        raise SettingsError(f"device {name}: {_missing(kind)}")
    return Asked(name, (Device(name, KINDS[kind], which),))


def check_name(name: str) -> tuple[str, str]:
    """Return the kind of a device, and which of several; whether it is there is not looked at.

    Raises:
        SettingsError: There is no such kind, or it cannot be told apart so.
    """
    found = _NAME.fullmatch(name)
    kind, which = (found["kind"], found["which"] or "") if found else ("", "")
    if kind not in NAMES:
        raise SettingsError(f"unknown device {name!r}; choose one of {', '.join(NAMES)}")
    pattern = KINDS[kind].which if kind in KINDS else ""
    if which and not re.fullmatch(pattern, which, re.ASCII):
        choice = f"{kind}:1, by its number" if pattern.startswith(r"\d") else ""
        choice = choice or " or ".join(f"{kind}:{one}" for one in pattern.split("|") if one) or kind
        raise SettingsError(f"unknown device {name!r}; write {choice}")
    return kind, which


def there() -> tuple[str, ...]:
    """Return the kinds of devices beside the CPU that can be tried here."""
    return tuple(name for name, kind in KINDS.items() if kind.is_there)


def runtimes() -> tuple[str, ...]:
    """Return the packages that are installed as `onnxruntime`: more than one hide each other."""
    from importlib import metadata

    return tuple(sorted({*metadata.packages_distributions().get(RUNTIME, ())}))


def _missing(kind: str) -> str:
    """Say what is there, and what to install."""
    wanted = KINDS[kind]
    has = f"onnxruntime has {' and '.join((CPU, *there()))} here"
    if sys.platform not in wanted.systems:
        names = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}
        return f"{has}; {kind} is for {' and '.join(names[one] for one in wanted.systems)}"
    if wanted.plugin:
        return f"{has}; pip install '{wanted.package}' ({DOCUMENT})"
    package = wanted.package.partition("[")[0]
    installed = runtimes()
    why = f", since {package} is hidden by another" if package in installed else ""
    replaced = " ".join(installed or (RUNTIME,))
    return (
        f"{has}{why}; pip uninstall -y {replaced}, then pip install '{wanted.package}' ({DOCUMENT})"
    )


def _plugged_in(kind: Kind) -> list[ort.OrtEpDevice]:
    """Return the devices that a plugin's library finds, which a process loads once."""
    module = importlib.import_module(kind.plugin)
    try:
        ort.register_execution_provider_library(kind.provider, module.get_library_path())
    except Exception as error:  # onnxruntime raises many types without a common base
        if "already registered" not in str(error):
            raise
    return [one for one in ort.get_ep_devices() if one.ep_name == kind.provider]


def preload(kind: Kind) -> None:
    """Load the libraries that a provider needs from the packages that brought them.

    Those of CUDA lie in packages of their own, where the system's loader does not look.
    """
    load = getattr(ort, "preload_dlls", None)
    if kind is not KINDS["cuda"] or load is None:
        return
    said = io.StringIO()
    # It prints what it misses, in the midst of a table that goes to standard output.
    with contextlib.redirect_stdout(said):
        try:
            load()
        except Exception as error:  # what is missing shows when a session is made
            said.write(one_line(error))
    if said.getvalue():
        LOG.debug("libraries of CUDA: %s", said.getvalue().strip())
