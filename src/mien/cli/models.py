"""The options of every command that reads faces: model, face detector, processor threads."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from mien import registry
from mien.cli.console import err
from mien.cli.options import add_options, own_fields
from mien.errors import SettingsError
from mien.models.classifier import OnnxClassifier
from mien.models.devices import CPU, Asked, find_devices
from mien.models.info import ModelInfo
from mien.protocols import Detector
from mien.registry import DEFAULT_DETECTOR, THREADS, detectors

ModelName = Annotated[
    Path | None, msgspec.Meta(extra={"metavar": "FOLDER", "aliases": ("--bundle",)})
]
# Of a page that offers several.
ModelNames = Annotated[
    tuple[Path, ...],
    msgspec.Meta(extra={"metavar": "FOLDER", "aliases": ("--bundle",), "repeated": True}),
]
# Plain words on the command line; the registry knows them.
DetectorName = Annotated[str, msgspec.Meta(extra={"choices": detectors})]
DeviceName = Annotated[str, msgspec.Meta(extra={"metavar": "DEVICE"})]
# Of commands that read one source: by its place, or by its name.
OneSource = Annotated[
    tuple[str, ...],
    msgspec.Meta(extra={"positional": True, "metavar": "SOURCE", "also": "--source"}),
]


def only(sources: tuple[str, ...]) -> str | None:
    """Return the one source that was named, if any.

    Raises:
        SettingsError: There are more.
    """
    if len(sources) > 1:
        raise SettingsError(f"name one source, not {' and '.join(sources)}")
    return sources[0] if sources else None


class DetectorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What finds the faces, and how much it may take.

    Attributes:
        detector: What finds the faces.
        detector_model: Weights of the detector.
        threads: Processor threads of each network (default: 1, the least work in all).
        device: What the networks run on: cpu, cuda (cuda:1 for the second), dml, openvino
            (openvino:gpu), coreml, or auto: what is there, where it answers as the CPU does and is
            quicker.
    """

    detector: DetectorName = DEFAULT_DETECTOR
    detector_model: Path | None = None
    threads: int = THREADS
    device: DeviceName = CPU


class ModelOptions(DetectorOptions, frozen=True, kw_only=True):
    """What reads the faces.

    Attributes:
        model: A model of your own, or a shipped one by its name: fer4 (default), fer8, fer4-open.
    """

    model: ModelName = None


def add_all(
    parser: argparse.ArgumentParser,
    kind: type[DetectorOptions],
    helps: Mapping[str, str] | None = None,
) -> None:
    """Add a command's own options, then those of what reads the faces."""
    reads = ("model", *own_fields(DetectorOptions))
    own = [name for name in own_fields(kind) if name not in reads]
    add_options(parser, kind, only=own, helps=helps)
    add_options(parser.add_argument_group("what reads the faces"), kind, only=reads)


def make_models(
    options: DetectorOptions, model: Path | None, *, any_angle: bool = False
) -> tuple[Detector, OnnxClassifier, ModelInfo]:
    """Make the detector and the classifier that were asked for.

    Args:
        options: What finds the faces.
        model: What reads them; None for the one that mien uses where none is named.
        any_angle: Whether faces of heads that lie are found, too.

    Raises:
        MienError: As `mien.registry.make_models`.
    """
    devices = find_devices(options.device)
    made = registry.make_models(
        model,
        detector=options.detector,
        detector_model=options.detector_model,
        any_angle=any_angle,
        threads=options.threads,
        device=devices,
    )
    say_chosen(devices)
    return made


def say_chosen(devices: Asked) -> None:
    """Say where "auto" has put each model, and why; nothing where a device was named."""
    for name, where in devices.chosen.items():
        err.print(f"{name} runs on {where}", markup=False)
