"""`mien doctor`: what mien finds on this machine, to paste into a bug report.

Every probe may fail, with whatever error: that is what it is for. So each is tried by itself, and
imports what it looks at itself.
"""

import argparse
import importlib
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from mien import __version__
from mien.cli.console import out
from mien.cli.doctor_devices import collisions, devices
from mien.cli.findings import Finding, all_tried, tried
from mien.installing import names_of_all
from mien.settings import processors
from mien.vision.looks import verdict

if TYPE_CHECKING:
    from mien.models.info import Terms

TITLES = (
    "system",
    "packages",
    "collisions",
    "optional",
    "devices",
    "detectors",
    "plugins",
    "model",
    "cameras",
)
# What is imported, and what it is called on PyPI.
CORE = {
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "onnxruntime": "onnxruntime",
    "av": "av",
    "PIL": "pillow",
    "pi_heif": "pi-heif",
    "msgspec": "msgspec",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "websockets": "websockets",
}


@dataclass(frozen=True, slots=True)
class Report:
    """All findings. `ok` says whether mien works here with its defaults."""

    ok: bool
    system: dict[str, Finding]
    packages: dict[str, Finding]
    optional: dict[str, Finding]
    collisions: dict[str, Finding]
    devices: dict[str, Finding]
    detectors: dict[str, Finding]
    plugins: dict[str, Finding]
    model: dict[str, Finding]
    cameras: dict[str, Finding]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien doctor`: by hand, since what it looks at may be missing."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.add_argument(
        "--detector-model", type=Path, metavar="FILE", help="weights to try the yunet detector with"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was found; 1 where mien cannot work with its defaults."""
    report = examine(args.detector_model)
    if args.json:
        print(json.dumps(asdict(report), indent=2))
    else:
        _print(report)
    return 0 if report.ok else 1


def examine(detector_model: Path | None = None) -> Report:
    """Try everything.

    Args:
        detector_model: Weights for yunet, which has none of its own.
    """
    packages = {name: tried(partial(_package, module)) for module, name in CORE.items()}
    model = {
        "bundle": tried(_bundle),
        "terms": tried(_terms),
        "terms of the detector": tried(_detector_terms),
        "sample": tried(_sample),
    }
    return Report(
        ok=all(finding.ok for finding in (*packages.values(), *model.values())),
        system=_system(),
        packages=packages,
        optional={name: _optional(name) for name in names_of_all()},
        collisions=all_tried("packages", partial(collisions, CORE)),
        devices=all_tried("devices", devices),
        detectors=_try_detectors(detector_model),
        plugins=_plugins(),
        model=model,
        cameras={"cameras": tried(_cameras)},
    )


def _system() -> dict[str, Finding]:
    facts = {
        "mien": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": str(processors()),
    }
    return {name: Finding(True, value) for name, value in facts.items()}


def _package(module: str) -> Finding:
    imported = importlib.import_module(module)
    version = str(getattr(imported, "__version__", "")) or metadata.version(CORE[module])
    if module != "onnxruntime":
        return Finding(True, version)
    providers = list(imported.get_available_providers())
    return Finding(True, f"{version} ({', '.join(providers)})", {"providers": providers})


def _optional(name: str) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(False, "not installed")
    return tried(partial(_lsl, version)) if name == "pylsl" else Finding(True, version)


def _lsl(version: str) -> Finding:
    """Load the library that pylsl wraps, which not all of its wheels bring; nothing is sent."""
    from mien.sinks.lsl.library import load

    number = load("--lsl").library_version()
    return Finding(True, f"{version} (liblsl {number // 100}.{number % 100})", {"liblsl": number})


def _try_detectors(model: Path | None) -> dict[str, Finding]:
    try:
        from mien.registry import detectors
    except Exception:  # the packages' findings say which import fails, and why
        return {}
    return {name: tried(partial(_detector, name, model)) for name in detectors()}


def _plugins() -> dict[str, Finding]:
    """What other packages add; each is imported to see whether it can be."""
    try:
        from mien import plugins
        from mien.registry import DETECTORS
        from mien.sinks.open import TABLES
    except Exception:  # the packages' findings say which import fails, and why
        return {}
    tables = [suffix.removeprefix(".") for suffix in TABLES]
    found = [
        *plugins.plugins(plugins.DETECTORS, DETECTORS),
        *plugins.plugins(plugins.SINKS, tables),
    ]
    return {str(one): tried(partial(_plugin, one.load)) for one in found}


def _plugin(load: Callable[[], object]) -> Finding:
    load()
    return Finding(True, "can be loaded")


def _detector(name: str, model: Path | None) -> Finding:
    import numpy as np

    from mien.registry import make_detector

    detector = make_detector(name, model=model if name == "yunet" else None)
    detector(np.zeros((120, 160, 3), dtype=np.uint8))
    return Finding(True, "works")


def _bundle() -> Finding:
    from mien.registry import make_classifier

    _, info = make_classifier()
    facts = {"name": info.name, "version": info.version, "labels": list(info.labels)}
    facts |= {"sha256": info.sha256}
    labels = ", ".join(info.labels)
    return Finding(True, f"{info.name} {info.version}: {labels}; sha256 {info.sha256}", facts)


def _terms() -> Finding:
    from mien.registry import make_classifier

    _, info = make_classifier()
    return _told(info.terms)


def _detector_terms() -> Finding:
    from mien.models.bundle import load_detector_bundle
    from mien.registry import DETECTOR_BUNDLE

    return _told(load_detector_bundle(DETECTOR_BUNDLE).info.terms)


def _told(terms: "Terms") -> Finding:
    import msgspec

    return Finding(True, terms.told(), msgspec.to_builtins(terms))


def _sample() -> Finding:
    """Go the whole way once: detector, crop and network on the sample's first frame."""
    from mien.registry import make_analyzer, make_classifier, make_detector
    from mien.sources.naming import SAMPLE
    from mien.sources.open import open_source

    analyzer = make_analyzer(make_detector(), *make_classifier())
    source = open_source(SAMPLE)
    try:
        analysis = analyzer(next(iter(source)))
    finally:
        source.close()
    if not analysis.readings:
        return Finding(False, "no face was found in the sample")
    reading, seconds = analysis.readings[0], sum(analysis.timings.values())
    looks = f"{verdict(reading.label)} ({reading.confidence:.0%})"
    return Finding(True, f"{looks}, {seconds * 1000:.0f} ms")


def _cameras() -> Finding:
    from mien.sources.camera import list_cameras

    found = list_cameras()
    detail = ", ".join(map(str, found)) or "none found (mien live --source sample needs none)"
    return Finding(bool(found), detail, {"numbers": found})


def _print(report: Report) -> None:
    sections = asdict(report)
    for title in TITLES:
        out.print(title, style="bold")
        for name, finding in sections[title].items():
            mark = "ok" if finding["ok"] else "no"
            out.print(f"  {mark}  {name:<24}{finding['detail']}", markup=False)
    verdict = "mien works here." if report.ok else "mien cannot work here: see above."
    out.print(verdict, style="bold green" if report.ok else "bold red")
