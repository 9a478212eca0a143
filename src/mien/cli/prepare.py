"""`mien prepare`: labelled pictures → data set."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from mien.cli import console
from mien.datasets.inputs.fer2013 import MAJORITIES, Fer2013Input
from mien.errors import MissingExtraError, SettingsError
from mien.protocols import Detector
from mien.registry import DEFAULT_DETECTOR, DETECTORS, make_detector

if TYPE_CHECKING:
    from mien.datasets.dataset import Dataset, DatasetInfo
    from mien.datasets.records import FaceInput

USAGE = """mien prepare [options] FACES OUT
       mien prepare [options] --fer2013 FILE [--ferplus FILE] OUT
       mien prepare [options] --mix FILE OUT"""
# Options that have no meaning for FER2013, whose faces are cropped already.
FER_OPTIONS = ("ferplus", "classes", "keep_unclear", "majority")
FOLDER_OPTIONS = (
    *("crop", "detector", "detector_model", "crop_scale", "size", "channels", "group_pattern"),
    "test",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.usage = USAGE
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="[FACES] OUT",
        help="folder with one sub-folder of pictures per class, perhaps below train and test, and "
        "the data set to make; docs/folders.md tells about metadata.csv",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the data set at OUT")
    folder = parser.add_argument_group("folders of pictures")
    folder.add_argument(
        "--crop",
        choices=("none", "detector"),
        help="none: the pictures are faces already (default); detector: find the face first",
    )
    folder.add_argument("--detector", choices=DETECTORS, help=f"default: {DEFAULT_DETECTOR}")
    folder.add_argument("--detector-model", type=Path, metavar="FILE", help="its weights")
    folder.add_argument(
        "--crop-scale", type=float, metavar="X", help="side of the crop over the box (default: 1)"
    )
    folder.add_argument(
        "--size", type=int, metavar="PX", help="longest side that is kept (default: 112)"
    )
    folder.add_argument("--channels", choices=("keep", "gray"), help="default: keep")
    folder.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="what pictures of one person or video share in their file names, in parentheses, as "
        "in '(.+)_[0-9]+': they stay in one split (with a slash in it, it is searched in the path "
        "below the folder; metadata.csv goes before it)",
    )
    fer = parser.add_argument_group("FER2013")
    fer.add_argument("--fer2013", type=Path, metavar="FILE", help="fer2013.csv")
    fer.add_argument("--ferplus", type=Path, metavar="FILE", help="fer2013new.csv, FER+'s votes")
    fer.add_argument(
        "--classes",
        metavar="A,B,…",
        help="default: angry,sad,happy,neutral; without --ferplus FER2013's seven",
    )
    fer.add_argument(
        "--keep-unclear",
        action="store_true",
        help="keep rows without a majority for training, by their votes",
    )
    fer.add_argument(
        "--majority",
        choices=MAJORITIES,
        help="what a test row needs: the most votes (default), or by FER+'s own terms more than "
        "half of them, where single votes count as none; dataset.json has both counts",
    )
    parser.add_argument_group("several inputs as one").add_argument(
        "--mix",
        type=Path,
        metavar="FILE",
        help="sources and how each is read, in TOML; see docs/mix.md",
    )
    splits = parser.add_argument_group("duplicates and splits")
    splits.add_argument("--validation", type=float, default=0.1, metavar="PART", help="default 0.1")
    splits.add_argument(
        "--test", type=float, metavar="PART", help="default: 0.1; FER2013 has its own test rows"
    )
    splits.add_argument(
        "--near",
        type=float,
        default=0.86,
        metavar="X",
        help="similarity from which two pictures are the same photo (default: 0.86)",
    )
    splits.add_argument(
        "--balance", action="store_true", help="make all classes as small as the smallest"
    )
    splits.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    """Make the data set and say what is in it."""
    try:
        from mien.datasets.preparation.prepare import PrepareSettings, prepare
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien prepare", "train") from error
    settings = PrepareSettings(
        validation=args.validation,
        test=0.1 if args.test is None else args.test,
        near=args.near,
        balance=args.balance,
        seed=args.seed,
    )
    source = _source(args)
    with console.progress() as on_progress:
        dataset = prepare(
            source,
            args.paths[-1],
            settings,
            overwrite=args.overwrite,
            command=shlex.join(["mien", *sys.argv[1:]]),
            on_progress=on_progress,
        )
    _print(dataset)
    return 0


def _source(args: argparse.Namespace) -> "FaceInput":
    if args.mix is not None:
        return _mix(args)
    if args.fer2013 is None:
        return _folder(args)
    _check_alone(args, "fer2013", FOLDER_OPTIONS)

    classes = [name.strip() for name in (args.classes or "").split(",") if name.strip()]
    return Fer2013Input(
        args.fer2013,
        args.ferplus,
        classes,
        keep_unclear=args.keep_unclear,
        majority=args.majority or MAJORITIES[0],
    )


def _mix(args: argparse.Namespace) -> "FaceInput":
    own = (*(name for name in FOLDER_OPTIONS if not name.startswith("detector")), *FER_OPTIONS)
    _check_alone(args, "mix", ("fer2013", *own))
    from mien.datasets.inputs.mix import MixedInput

    name = args.detector or DEFAULT_DETECTOR
    return MixedInput(args.mix, lambda: make_detector(name, model=args.detector_model))


def _check_alone(args: argparse.Namespace, kind: str, strange: Sequence[str]) -> None:
    """Refuse options and folders that have no meaning for a kind of input."""
    given = [name for name in strange if getattr(args, name)]
    if given:
        name = given[0].replace("_", "-")
        raise SettingsError(f"--{name} has no meaning with --{kind}; leave it out")
    if len(args.paths) != 1:
        raise SettingsError(f"with --{kind} name one folder only, the data set to make")


def _folder(args: argparse.Namespace) -> "FaceInput":
    for name in FER_OPTIONS:
        if getattr(args, name):
            option = name.replace("_", "-")
            raise SettingsError(f"--{option} goes with --fer2013; leave it out or name fer2013.csv")
    if len(args.paths) != 2:
        raise SettingsError(
            "name two folders: the pictures, and the data set to make; see `mien prepare --help`"
        )
    from mien.datasets.inputs.folders import CropSettings, FolderInput
    from mien.datasets.inputs.patterns import GroupPattern

    chosen = {"crop_scale": args.crop_scale, "size": args.size}
    crop = CropSettings(
        detector=_detector(args),
        gray=args.channels == "gray",
        make_judge=lambda: make_detector(DEFAULT_DETECTOR),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    pattern = None if args.group_pattern is None else GroupPattern(args.group_pattern)
    return FolderInput(args.paths[0], crop, pattern)


def _detector(args: argparse.Namespace) -> Detector | None:
    if args.crop == "detector":
        return make_detector(args.detector or DEFAULT_DETECTOR, model=args.detector_model)
    for name in ("detector", "detector_model", "crop_scale"):
        if getattr(args, name) is not None:
            option = name.replace("_", "-")
            raise SettingsError(f"--{option} goes with --crop detector; add it or leave this out")
    return None


def _print(dataset: "Dataset") -> None:
    info = dataset.info
    console.out.print(_table(info))
    for source, splits in info.sources.items():
        parts = ", ".join(f"{count:,} {split}" for split, count in splits.items())
        console.out.print(f"  {source}: {parts}", markup=False)
    for kind, count in info.rejected.items():
        console.out.print(f"  {count:>7,}  left out: {kind}", markup=False)
    console.out.print(
        f"{info.clusters:,} photos in more than one picture, {info.conflicts:,} of them with "
        "different labels",
    )
    for note in info.notes:
        console.out.print(f"Note: {note}", style="yellow", markup=False)
    console.out.print(f"Data set: {dataset.path}", markup=False)


def _table(info: "DatasetInfo") -> Table:
    table = Table(box=box.SIMPLE)
    table.add_column("class")
    for split in info.counts:
        table.add_column(split, justify="right")
    for name in info.classes:
        table.add_row(escape(name), *(f"{info.counts[split][name]:,}" for split in info.counts))
    table.add_section()
    table.add_row("all", *(f"{sum(counts.values()):,}" for counts in info.counts.values()))
    return table
