"""The options of `mien evaluate`: what they are, which go together, how they are written down."""

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec.structs import FieldInfo

from mien.cli.models import DetectorName, DeviceName, ModelName
from mien.cli.options import add_options, read
from mien.errors import SettingsError
from mien.evaluation.figures.intervals import RESAMPLES
from mien.evaluation.pictures.inputs import (
    FOLDERS,
    InputSettings,
    is_cross_validation,
    is_dataset,
)
from mien.evaluation.studies import all_studies
from mien.evaluation.study import refuse_crop_scale
from mien.models.devices import CPU
from mien.registry import DEFAULT, DEFAULT_DETECTOR
from mien.settings import check_number, flag, unwrapped
from mien.types import PlotKind

MOST_RESAMPLES = 1_000_000
# Of the output, what a cross-validation can be told: its pictures are not at hand.
OF_FOLDS = ("out", "plots", "resamples", "seed")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What is evaluated, as it is typed.

    Attributes:
        paths: The model, as for --model, and a prepared data set, or a folder with one subfolder of
            pictures per class; or the run folder of `mien train --folds` alone.
        model: Folder of the model, or a shipped one: default (fer4), fer8, fer4-open.
        device: What the networks run on, as for `mien predict`.
    """

    paths: Annotated[
        tuple[Path, ...],
        msgspec.Meta(extra={"positional": True, "metavar": "[MODEL] DATASET|FOLDER"}),
    ]
    model: ModelName = None
    device: DeviceName = CPU


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is evaluated.

    Attributes:
        bundle: Folder of the model, or the name of a shipped one.
        data: A prepared data set, or a folder with one subfolder of pictures per class; or that of
            a cross-validation, which has bundles of its own.
        named: Whether somebody named the bundle.
        device: What the networks run on.
    """

    bundle: Path
    data: Path
    named: bool = True
    device: str = CPU

    @classmethod
    def of(cls, named: Named) -> "Place":
        """Tell the model from the data.

        Raises:
            SettingsError: There are more names than a model and a data set have.
        """
        *models, data = named.paths
        models += [] if named.model is None else [named.model]
        if len(models) > 1:
            raise SettingsError(
                f"name one model and one data set; there are {' and '.join(map(str, models))} "
                f"beside {data}"
            )
        bundle = models[0] if models else Path(DEFAULT)
        return cls(bundle=bundle, data=data, named=bool(models), device=named.device)


class Finder(msgspec.Struct, frozen=True, kw_only=True):
    """How faces are found in a folder's pictures.

    Attributes:
        detector: What finds the faces.
        detector_model: Weights of the detector.
        whole_face: The pictures are cropped faces already.
    """

    detector: Annotated[DetectorName, FOLDERS] = DEFAULT_DETECTOR
    detector_model: Annotated[Path | None, FOLDERS, msgspec.Meta(extra={"metavar": "FILE"})] = None
    whole_face: Annotated[bool, FOLDERS] = False


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What is written.

    Attributes:
        out: Where figures, plots and answers go (default: a folder named after model and data).
        plots: How the plots beside the report are written.
        record: Write the figures into the model's model.json and the table of its CARD.md, too.
        features: Write what the last layer sees of each face, and its label, as safetensors, too.
        features_faces: Write at most so many, drawn by the seed, each class in proportion (default:
            all).
        resamples: Draws for the 95% intervals; 0 for no intervals.
        seed: Seed of all that is drawn.
    """

    out: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FOLDER"})] = None
    plots: PlotKind = "png"
    record: bool = False
    features: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    features_faces: int | None = None
    resamples: int = RESAMPLES
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """All options; those of studies are only in what was typed.

    Attributes:
        place: What is evaluated.
        finder: How faces are found in a folder's pictures.
        inputs: How pictures are read.
        output: What is written.
        given: All that were typed, by name, with those of studies.
    """

    place: Place
    finder: Finder
    inputs: InputSettings
    output: Output
    given: Mapping[str, Any]

    @classmethod
    def read(cls, args: argparse.Namespace) -> "EvaluateOptions":
        """Make the options of what was typed.

        Raises:
            SettingsError: A value is of the wrong kind.
        """
        place = Place.of(read(args, Named))
        kinds = read(args, Finder), read(args, InputSettings)
        return cls(place, *kinds, read(args, Output), vars(args))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; bounds are checked in `check`."""
    folders = parser.add_argument_group("folders of pictures")
    studies = parser.add_argument_group("a closer look")
    output = parser.add_argument_group("output")
    groups: list[tuple[Any, Sequence[type[msgspec.Struct]]]] = [
        (parser, (Named, InputSettings)),
        (folders, (Finder,)),
        (studies, [study.options for study in all_studies()]),
        (output, (Output,)),
    ]
    for group, kinds in groups:
        for kind in kinds:
            of_folders = [field.name for field in _marked(kind, "folders")]
            others = [name for name in kind.__struct_fields__ if name not in of_folders]
            add_options(group, kind, only=others, by_recipe=True)
            add_options(folders, kind, only=of_folders, by_recipe=True)


def check(options: EvaluateOptions) -> None:
    """Refuse what cannot work together, before any work; what studies need they check themselves.

    Raises:
        SettingsError: An option is out of range, or means nothing beside another or for this data.
    """
    finder, output, data = options.finder, options.output, options.place.data
    studied = [study.options for study in all_studies()]
    kinds: list[type[msgspec.Struct]] = [Finder, InputSettings, *studied]
    of_folders = (field.name for kind in kinds for field in _marked(kind, "folders"))
    wrong = next((name for name in of_folders if name in options.given), None)
    if wrong and is_dataset(data):
        raise SettingsError(f"{flag(wrong)} is for folders of pictures, but {data} is a data set")
    if finder.whole_face and not {"detector", "detector_model"}.isdisjoint(options.given):
        raise SettingsError("--whole-face needs no detector; leave out one of the two")
    if output.record:
        refuse_crop_scale("record", options.given)
    if output.out is not None and output.out.exists() and not output.out.is_dir():
        raise SettingsError(f"--out: {output.out} is a file; name a folder")
    if output.resamples < 0 or output.seed < 0:
        raise SettingsError("--resamples and --seed must be 0 or more")
    check_number("--resamples", output.resamples, 0, MOST_RESAMPLES)
    _check_features(output)


def check_folds(options: EvaluateOptions) -> None:
    """Refuse what means nothing for a cross-validation, whose answers are there already.

    Raises:
        SettingsError: An option is given that asks pictures, or a model is named.
    """
    data = options.place.data
    if options.place.named:
        raise SettingsError(f"{data} is a cross-validation, with models of its own; name it alone")
    studied = [study.options for study in all_studies()]
    kinds: list[type[msgspec.Struct]] = [Finder, InputSettings, Output, *studied]
    known = {name for kind in kinds for name in kind.__struct_fields__} - {"name", *OF_FOLDS}
    known.add("device")
    wrong = next((name for name in options.given if name in known), None)
    if wrong is not None:
        raise SettingsError(
            f"{flag(wrong)}: the answers of {data}, a cross-validation, are there already, and no "
            "picture is read again; leave it out"
        )


def command_line(options: EvaluateOptions) -> str:
    """Return the command that gives the same figures, without the folders of this machine."""
    place, output = options.place, options.output
    words = ["mien", "evaluate", _portable(place.bundle), _portable(place.data)]
    if is_cross_validation(place.data):  # has models of its own
        del words[2]
    switches = []
    for name, value in _changing(options.given).items():
        if value is True:
            switches.append(flag(name))
        for one in [] if value is True else value if isinstance(value, list) else [value]:
            words += [flag(name), _portable(one)]
    words += switches
    for name, default in (("resamples", RESAMPLES), ("seed", 0)):
        if getattr(output, name) != default:
            words += [flag(name), str(getattr(output, name))]
    return shlex.join(words)


def _changing(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were typed and change figures, in a fixed order."""
    studied = [
        (not extra.get("folders"), field.name)
        for study in all_studies()
        for field in msgspec.structs.fields(study.options)
        if not (extra := unwrapped(field.type)[1]).get("showing")
    ]
    # Those of folders first, then those of studies, by name.
    studies = [name for _, name in sorted(studied)]
    first = ("split", "detector", "detector_model", "crop_scale", "group_pattern")
    names = (*first, *studies, "name", "device", "whole_face", "ignore_unknown")
    return {name: given[name] for name in names if name in given}


def _marked(kind: type[msgspec.Struct], mark: str) -> Iterator[FieldInfo]:
    """Yield the fields that are marked so; see `mien.cli.options`."""
    for field in msgspec.structs.fields(kind):
        if unwrapped(field.type)[1].get(mark):
            yield field


def _check_features(output: Output) -> None:
    faces, file = output.features_faces, output.features
    if faces is not None and file is None:
        raise SettingsError("--features-faces is for --features; give both or none")
    if faces is not None and faces < 1:
        raise SettingsError("--features-faces must be 1 or more")
    if file is not None and not file.resolve().parent.is_dir():
        raise SettingsError(f"--features {file}: there is no such folder; make it first")


def _portable(value: object) -> str:
    """Write a value; a list with commas, a path without the folders of this machine.

    Figures are published with their command: a home folder is not.
    """
    if isinstance(value, tuple):
        return ",".join(map(_portable, value))
    if isinstance(value, float):
        return f"{value:g}"
    is_far = isinstance(value, Path) and value.is_absolute()
    return Path(str(value)).name if is_far else str(value)
