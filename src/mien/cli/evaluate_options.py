"""The options of `mien evaluate`: what they are, which go together, how they are written down."""

import argparse
import shlex
from pathlib import Path

from mien.datasets.inputs.patterns import SlicePattern
from mien.errors import SettingsError
from mien.registry import DETECTORS
from mien.settings import check_number

DEFAULT = "default"
DATASET_FILE = "dataset.json"
# Options that have no meaning for a data set, whose faces are cropped and grouped already.
FOLDER_OPTIONS = (
    *("detector", "detector_model", "whole_face", "crop_scale", "crop_scales"),
    "group_pattern",
)
# Options that change the figures, in the order in which the command is written down.
VALUES = (
    *("split", "detector", "detector_model", "crop_scale", "crop_scales", "group_pattern"),
    *("against", "corruption_faces", "name"),
)
SWITCHES = ("whole_face", "ignore_unknown", "others", "corruptions")
PATHS = frozenset({"detector_model", "against"})
RESAMPLES, CORRUPTION_FACES = 1000, 2000
MOST_RESAMPLES = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
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
    _add_folder_arguments(parser.add_argument_group("folders of pictures"))
    _add_study_arguments(parser.add_argument_group("a closer look"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where figures, plots and answers go (default: a folder named after model and data)",
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


def names_dataset(args: argparse.Namespace) -> bool:
    """Whether the data is a prepared data set, and not a folder of pictures."""
    return bool((args.data / DATASET_FILE).is_file())


def check(args: argparse.Namespace) -> None:
    """Refuse what cannot work together, before any work.

    Raises:
        SettingsError: An option is out of range, or means nothing beside another or for this data.
    """
    is_dataset = names_dataset(args)
    given = [name for name in FOLDER_OPTIONS if getattr(args, name) not in (None, False)]
    if is_dataset and given:
        raise SettingsError(
            f"{_option(given[0])} is for folders of pictures, but {args.data} is a data set"
        )
    if args.whole_face and (args.detector or args.detector_model):
        raise SettingsError("--whole-face needs no detector; leave out one of the two")
    _check_framing(args)
    if args.out is not None and args.out.exists() and not args.out.is_dir():
        raise SettingsError(f"--out: {args.out} is a file; name a folder")
    if args.resamples < 0 or args.seed < 0:
        raise SettingsError("--resamples and --seed must be 0 or more")
    check_number("--resamples", args.resamples, 0, MOST_RESAMPLES)
    if args.others and args.ignore_unknown:
        raise SettingsError(
            "--others asks about the classes that --ignore-unknown leaves out; leave out one of "
            "the two"
        )
    if args.corruption_faces is not None and not args.corruptions:
        raise SettingsError("--corruption-faces is for --corruptions; give both or none")
    if args.corruption_faces is not None and args.corruption_faces < 1:
        raise SettingsError("--corruption-faces must be 1 or more")
    slice_patterns(args)
    _check_features(args)


def slice_patterns(args: argparse.Namespace) -> tuple[SlicePattern, ...]:
    """Read what else to split the faces by.

    Raises:
        SettingsError: A pattern is wrong, or two have one name.
    """
    patterns = tuple(SlicePattern.parse(text) for text in args.slice_pattern or ())
    names = [pattern.name for pattern in patterns]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise SettingsError(f"--slice-pattern: {twice[0]!r} is there twice; name each otherwise")
    return patterns


def command_line(args: argparse.Namespace) -> str:
    """Return the command that gives the same figures, without the folders of this machine."""
    words = ["mien", "evaluate", _portable(args.bundle), _portable(args.data)]
    for name in VALUES:
        value = getattr(args, name)
        if value is not None:
            words += [_option(name), _portable(value) if name in PATHS else _written(value)]
    for text in args.slice_pattern or ():
        words += [_option("slice_pattern"), text]
    words += [_option(name) for name in SWITCHES if getattr(args, name)]
    for name, default in (("resamples", RESAMPLES), ("seed", 0)):
        if getattr(args, name) != default:
            words += [_option(name), str(getattr(args, name))]
    return shlex.join(words)


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
        "--crop-scales",
        type=_scales,
        metavar="X,X,…",
        help="accuracy over framing: crop every face so many times, as in 0.8,1.0,1.2,1.4",
    )
    group.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="what pictures of one person share in their file names, in parentheses, as in "
        "'(.+)_[0-9]+': the intervals are then drawn over persons (with a slash in it, it is "
        "searched in the path below the folder)",
    )


def _add_study_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--slices",
        action="store_true",
        help="show figures by brightness, sharpness, size, head turn, votes and source, too (they "
        "are always in the report)",
    )
    group.add_argument(
        "--slice-pattern",
        action="append",
        metavar="NAME=REGEX",
        help="split the faces by what the regex's first group finds in each picture's path, as in "
        r"'sex=/[AB]([FM])\d' (repeatable)",
    )
    group.add_argument(
        "--others",
        action="store_true",
        help="ask about the classes that the model does not know, too: how many of their faces get "
        "a word, which is wrong, instead of 'not sure'; all other figures are without them",
    )
    group.add_argument(
        "--corruptions",
        action="store_true",
        help="read the faces again blurred, coarse, dark, noisy and partly covered",
    )
    group.add_argument(
        "--corruption-faces",
        type=int,
        metavar="N",
        help=f"corrupt at most so many, drawn by the seed (default: {CORRUPTION_FACES})",
    )
    group.add_argument(
        "--against",
        metavar="BUNDLE",
        help=f"compare with this model on the same faces, of the classes that both know; "
        f"{DEFAULT!r} for the shipped one",
    )


def _scales(text: str) -> tuple[float, ...]:
    try:
        return tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no list of numbers, as in 0.8,1.0,1.2"
        ) from error


def _check_features(args: argparse.Namespace) -> None:
    if args.features_faces is not None and args.features is None:
        raise SettingsError("--features-faces is for --features; give both or none")
    if args.features_faces is not None and args.features_faces < 1:
        raise SettingsError("--features-faces must be 1 or more")
    if args.features is not None and not args.features.resolve().parent.is_dir():
        raise SettingsError(f"--features {args.features}: there is no such folder; make it first")


def _check_framing(args: argparse.Namespace) -> None:
    if args.crop_scales is not None and args.whole_face:
        raise SettingsError(
            "--crop-scales with --whole-face: cropped faces have their framing already; "
            "leave out one of the two"
        )
    if args.crop_scale is None:
        return
    for name in ("record", "against", "crop_scales"):
        if getattr(args, name):
            raise SettingsError(
                f"{_option(name)} with --crop-scale: a model is judged in its own framing; "
                "leave out one of the two"
            )


def _portable(path: str | Path) -> str:
    # Figures are published with their command: a home folder is not.
    return Path(path).name if Path(path).is_absolute() else str(path)


def _written(value: object) -> str:
    return ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else f"{value}"


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
