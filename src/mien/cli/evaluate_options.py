"""The options of `mien evaluate`: what they are, which go together, how they are written down."""

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from mien.errors import SettingsError
from mien.evaluation.inputs import is_dataset
from mien.evaluation.intervals import RESAMPLES
from mien.evaluation.studies import all_studies
from mien.evaluation.study import Option, refuse_crop_scale
from mien.registry import DEFAULT, DETECTORS
from mien.settings import check_number, flag
from mien.types import PlotKind

# Options that have no meaning for a data set, whose faces are cropped and grouped already.
FOLDER_OPTIONS = ("detector", "detector_model", "whole_face", "crop_scale", "group_pattern")
MOST_RESAMPLES = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        type=Path,
        help=f"folder of the model, or a shipped one: {DEFAULT} (fer4), fer8, fer4-open",
    )
    parser.add_argument(
        "data",
        metavar="DATASET|FOLDER",
        type=Path,
        help="a prepared data set, or a folder with one subfolder of pictures per class",
    )
    parser.add_argument(
        "--split",
        help="split of a data set, or of a folder that has train and test above the classes "
        "(default: test)",
    )
    parser.add_argument(
        "--ignore-unknown",
        action="store_true",
        help="leave out, and count, classes that the model does not know: one data set of many "
        "classes serves models that read some of them (folders: always so)",
    )
    folders = parser.add_argument_group("folders of pictures")
    studies = parser.add_argument_group("a closer look")
    _add_folder_arguments(folders)
    for option in _study_options():
        _add_option(folders if option.for_folders else studies, option)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where figures, plots and answers go (default: a folder named after model and data)",
    )
    output.add_argument(
        "--plots",
        choices=get_args(PlotKind),
        default="png",
        help="how the plots beside the report are written (default: png)",
    )
    output.add_argument("--name", help="what to call the data (default: the name of its folder)")
    output.add_argument(
        "--record",
        action="store_true",
        help="write the figures into the model's model.json and the table of its CARD.md, too",
    )
    output.add_argument(
        "--features",
        type=Path,
        metavar="FILE",
        help="write what the last layer sees of each face, and its label, as safetensors, too",
    )
    output.add_argument(
        "--features-faces",
        type=int,
        metavar="N",
        help="write at most so many, drawn by the seed, each class in proportion (default: all)",
    )
    output.add_argument(
        "--resamples",
        type=int,
        default=RESAMPLES,
        metavar="N",
        help=f"draws for the 95%% intervals; 0 for no intervals (default: {RESAMPLES})",
    )
    output.add_argument(
        "--seed", type=int, default=0, help="seed of all that is drawn (default: 0)"
    )


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot work together, before any work; what studies need they check themselves.

    Raises:
        SettingsError: An option is out of range, or means nothing beside another or for this data.
    """
    folder_options = [*FOLDER_OPTIONS, *(one.name for one in _study_options() if one.for_folders)]
    given = [name for name in folder_options if getattr(args, name) not in (None, False)]
    if given and is_dataset(args.data):
        raise SettingsError(
            f"{flag(given[0])} is for folders of pictures, but {args.data} is a data set"
        )
    if args.whole_face and (args.detector or args.detector_model):
        raise SettingsError("--whole-face needs no detector; leave out one of the two")
    if args.record:
        refuse_crop_scale("record", vars(args))
    if args.out is not None and args.out.exists() and not args.out.is_dir():
        raise SettingsError(f"--out: {args.out} is a file; name a folder")
    if args.resamples < 0 or args.seed < 0:
        raise SettingsError("--resamples and --seed must be 0 or more")
    check_number("--resamples", args.resamples, 0, MOST_RESAMPLES)
    _check_features(args)


def command_line(args: argparse.Namespace) -> str:
    """Return the command that gives the same figures, without the folders of this machine."""
    # Those of folders first, then those of studies, by name.
    studies = sorted(_study_options(), key=lambda option: (not option.for_folders, option.name))
    changing = [option for option in studies if option.changes_figures]
    switches = [option.name for option in changing if option.read is None]
    values = [option.name for option in changing if option.read is not None]
    words = ["mien", "evaluate", _portable(args.bundle), _portable(args.data)]
    for name in ("split", *FOLDER_OPTIONS, *values, "name"):
        value = getattr(args, name)
        for one in value if isinstance(value, list) else [value]:
            words += [] if one in (None, True, False) else [flag(name), _portable(one)]
    words += [
        flag(name) for name in ("whole_face", "ignore_unknown", *switches) if getattr(args, name)
    ]
    for name, default in (("resamples", RESAMPLES), ("seed", 0)):
        if getattr(args, name) != default:
            words += [flag(name), str(getattr(args, name))]
    return shlex.join(words)


def _study_options() -> list[Option]:
    return [option for study in all_studies() for option in study.options]


def _add_option(group: argparse._ArgumentGroup, option: Option) -> None:
    if option.read is None:
        group.add_argument(option.flag, action="store_true", help=option.help)
        return
    group.add_argument(
        option.flag,
        type=_reading(option.read),
        action="append" if option.repeated else "store",
        metavar=option.metavar,
        help=option.help,
    )


def _reading(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what reads a value for argparse, which names the kind of a plain one in its error."""
    if isinstance(read, type):
        return read

    def reading(text: str) -> Any:  # of the option's own kind
        try:
            return read(text)
        except SettingsError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return reading


def _add_folder_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--detector", choices=DETECTORS, help=f"what finds the faces (default: {DETECTORS[0]})"
    )
    group.add_argument(
        "--detector-model", type=Path, metavar="FILE", help="weights of the detector"
    )
    group.add_argument(
        "--whole-face", action="store_true", help="the pictures are cropped faces already"
    )
    group.add_argument(
        "--crop-scale",
        type=float,
        metavar="X",
        help="frame faces otherwise than the model asks for",
    )
    group.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="what pictures of one person share in their file names, in parentheses, as in "
        "'(.+)_[0-9]+': the intervals are then drawn over persons (with a slash in it, it is "
        "searched in the path below the folder)",
    )


def _check_features(args: argparse.Namespace) -> None:
    if args.features_faces is not None and args.features is None:
        raise SettingsError("--features-faces is for --features; give both or none")
    if args.features_faces is not None and args.features_faces < 1:
        raise SettingsError("--features-faces must be 1 or more")
    if args.features is not None and not args.features.resolve().parent.is_dir():
        raise SettingsError(f"--features {args.features}: there is no such folder; make it first")


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
