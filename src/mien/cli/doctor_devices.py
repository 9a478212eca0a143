"""`mien doctor`: what the networks can run on here, and packages that hide each other."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from mien.cli.findings import Finding, tried, without_home

if TYPE_CHECKING:
    from mien.models.devices import Device
    from mien.pipeline.placing import Compared

RUNTIME = "onnxruntime"


def devices() -> dict[str, Finding]:
    """Run the shipped networks on each device that is there, and compare them with the CPU's."""
    try:
        from mien.models.devices import CPU, DOCUMENT, there
    except Exception:  # the packages' findings say which import fails, and why
        return {}
    found = {name: tried(partial(_device, name)) for name in there()}
    only = "" if found else f"; there is no other here ({DOCUMENT} says what brings them)"
    return {CPU: Finding(True, f"what --device is unless given{only}"), **found}


def collisions(packages: Mapping[str, str]) -> dict[str, Finding]:
    """Find modules that several installed packages bring: one of them overwrites the others.

    Args:
        packages: What is imported, and the package of it that mien needs.
    """
    brought = metadata.packages_distributions()
    several = {module: sorted({*brought.get(module, ())}) for module in packages}
    found = {
        module: Finding(False, _advice(module, names, packages[module]), {"packages": names})
        for module, names in several.items()
        if len(names) > 1
    }
    return found or {"none": Finding(True, "each module comes from one package")}


def _advice(module: str, names: list[str], needed: str) -> str:
    """Say what is installed twice, and how that is mended."""
    # The other builds of onnxruntime have all that the plain one has, and were wanted for more.
    special = [name for name in names if name != RUNTIME]
    keep = special[0] if module == RUNTIME and special else needed
    told = " and ".join(f"{name} {metadata.version(name)}" for name in names)
    return (
        f"{told} hide each other, since each is imported as {module}: "
        f"pip uninstall -y {' '.join(names)}, then pip install --no-deps {keep}"
    )


def _device(name: str) -> Finding:
    from mien.models.devices import find_devices
    from mien.pipeline.placing import compare
    from mien.registry import SHIPPED, make_classifier, make_detector

    asked = find_devices(name)
    pairs: dict[str, tuple[Any, Any]] = {"face": (make_detector(device=asked), make_detector())}
    for path in SHIPPED:
        pairs[path.name] = make_classifier(path, device=asked)[0], make_classifier(path)[0]
    device = asked.device
    compared = {} if device is None or device.lost else {n: compare(*p) for n, p in pairs.items()}
    if device is None or device.lost:
        return Finding(False, without_home(f"{device.problem if device else 'the CPU'}"))
    return _told(device, compared)


def _told(device: "Device", compared: "Mapping[str, Compared]") -> Finding:
    alike = all(one.alike for one in compared.values())
    words = "; ".join(f"{name}: {one}" for name, one in compared.items())
    share = f"{device.nodes[0]} of {device.nodes[1]} nodes run there" if device.nodes[1] else ""
    verdict = "answers as the CPU" if alike else "answers otherwise than the CPU"
    facts = {name: asdict(one) for name, one in compared.items()} | {"nodes": list(device.nodes)}
    return Finding(alike, ", ".join(filter(None, (verdict, share))) + f" ({words})", facts)
