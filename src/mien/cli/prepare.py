"""`mien prepare`: labelled pictures → data set."""

import argparse
import shlex
import sys
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from rich import box
from rich.markup import escape
from rich.table import Table

from mien.archive.engines import EngineName, make_engine
from mien.archive.shards import WHOLE, ShardText, parse_shard
from mien.cli import console, here
from mien.cli.models import DetectorName
from mien.cli.options import add_options, own_fields, read
from mien.datasets.inputs.fer.fer2013 import Fer2013Input
from mien.datasets.inputs.fer.ferplus import MAJORITIES
from mien.datasets.preparation.settings import PrepareSettings
from mien.errors import MissingExtraError, SettingsError
from mien.protocols import Detector
from mien.registry import DEFAULT_DETECTOR, make_detector, make_movable
from mien.settings import flag

if TYPE_CHECKING:
    from mien.datasets.dataset import Dataset, DatasetInfo
    from mien.datasets.inputs.folders import FolderInput
    from mien.datasets.preparation.prepare import Waiting
    from mien.datasets.records import FaceInput

USAGE = """mien prepare [options] [FACES OUT]
       mien prepare [options] --fer2013 FILE [--ferplus FILE] OUT
       mien prepare [options] --mix FILE OUT"""


class PrepareOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is made, and where.

    Attributes:
        paths: Folder with one sub-folder of pictures per class, perhaps below train and test, and
            the data set to make; docs/folders.md tells about metadata.csv (default: faces and
            datasets/faces, the faces cut out where the pictures show more).
        overwrite: Replace the data set at OUT.
        jobs: Processes that read, crop and compare pictures at a time; the data set is the same.
        engine: What hands out the work: processes of this machine, or a Ray cluster.
        shard: Read one part of several, such as 2/8, on each of several machines; the one that ends
            last makes the data set.
    """

    paths: Annotated[
        tuple[Path, ...], msgspec.Meta(extra={"positional": True, "metavar": "[FACES] OUT"})
    ] = ()
    overwrite: bool = False
    jobs: Annotated[int, msgspec.Meta(ge=1)] = 1
    engine: EngineName = "local"
    shard: ShardText = None


class FolderOptions(PrepareOptions, frozen=True, kw_only=True):
    """Options of folders of pictures.

    Attributes:
        crop: none: the pictures are faces already (default); detector: find the face first.
        detector: What finds the faces.
        detector_model: Weights of the detector.
        crop_scale: Side of the crop over the box (default: 1).
        size: Longest side that is kept, in pixels (default: 112).
        channels: Whether colour is kept (default: keep).
        group_pattern: What pictures of one person or video share in their file names, in
            parentheses, as in '(.+)_[0-9]+': they stay in one split (with a slash in it, it is
            searched in the path below the folder; metadata.csv goes before it).
    """

    crop: Literal["none", "detector"] | None = None
    detector: DetectorName | None = None
    detector_model: Path | None = None
    crop_scale: float | None = None
    size: int | None = None
    channels: Literal["keep", "gray"] | None = None
    group_pattern: Annotated[str | None, msgspec.Meta(extra={"metavar": "REGEX"})] = None


class FerOptions(FolderOptions, frozen=True, kw_only=True):
    """Options of FER2013.

    Attributes:
        fer2013: The file fer2013.csv.
        ferplus: The file fer2013new.csv, FER+'s votes.
        classes: Default: angry,sad,happy,neutral; without --ferplus FER2013's seven.
        keep_unclear: Keep rows without a majority for training, by their votes.
        majority: What a test row needs: the most votes (default), or by FER+'s own terms more than
            half of them, where single votes count as none; dataset.json has both counts.
    """

    fer2013: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    ferplus: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    classes: Annotated[
        tuple[str, ...], msgspec.Meta(extra={"split": True, "metavar": "A,B,…"})
    ] = ()
    keep_unclear: bool = False
    majority: Literal[MAJORITIES] | None = None  # type: ignore[valid-type]


class AllOptions(FerOptions, frozen=True, kw_only=True):
    """Several inputs as one, and so all options but `PrepareSettings`, those of the splits.

    Attributes:
        mix: Sources and how each is read, in TOML, or mien's own, recipes/faces.toml; see
            docs/mix.md.
    """

    mix: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None


# Options that have no meaning for FER2013, whose faces are cropped already.
FOLDER_OPTIONS = own_fields(FolderOptions)
# Options that say who does the work, each with a value.
SHARING = (flag("jobs"), flag("engine"), flag("shard"))
FER_OPTIONS = ("ferplus", "classes", "keep_unclear", "majority")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.usage = USAGE
    add_options(parser, PrepareOptions)
    for title, kind in (
        ("folders of pictures", FolderOptions),
        ("FER2013", FerOptions),
        ("several inputs as one", AllOptions),
        ("duplicates and splits", PrepareSettings),
    ):
        add_options(parser.add_argument_group(title), kind, only=own_fields(kind))


def run(args: argparse.Namespace) -> int:
    """Make the data set and say what is in it."""
    _import()
    options, settings = read(args, AllOptions), read(args, PrepareSettings)
    given, words = vars(args), _without_sharing(sys.argv[1:])
    if options.paths or options.fer2013 or options.mix:
        _make(_source(options, given), options, settings, words)
        return 0
    if make_here(options, settings, given, words[1:]):
        console.out.print("learn from it: mien train")
    return 0


def make_here(
    options: AllOptions | None = None,
    settings: PrepareSettings | None = None,
    given: Collection[str] = (),
    words: Sequence[str] = (),
) -> bool:
    """Make the data set of the folder `faces` that is here, as where nothing is named.

    Args:
        options: Without paths; the defaults where None.
        settings: Duplicates and splits.
        given: Names of the options that were typed.
        words: They themselves.

    Returns:
        Whether it is there: not yet, where other shards have some to read.

    Raises:
        MienError: There is no such folder, or no data set can be made of it.
    """
    _import()
    name_both = "name the folder of pictures and the data set to make: mien prepare FACES OUT"
    paths = (here.faces(name_both), here.DATASET)
    options = msgspec.structs.replace(options or AllOptions(), paths=paths)
    command = ["prepare", *here.words(*paths), *words]
    source = _folder(options, given)
    if options.crop is None and source.portraits:
        options = msgspec.structs.replace(options, crop="detector")
        command += ["--crop", "detector"]
        source = _folder(options, given)
    console.err.print(f"nothing is named, so: mien {shlex.join(command)}", markup=False)
    return _make(source, options, settings or PrepareSettings(), command)


def _import() -> None:
    try:
        import mien.datasets.preparation.prepare  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien prepare", "train") from error


def _make(
    source: "FaceInput", options: AllOptions, settings: PrepareSettings, words: Sequence[str]
) -> bool:
    """Make the data set, or a shard's part of it; return whether the data set is there."""
    from mien.datasets.preparation.prepare import Waiting, prepare, prepare_shard

    shard = parse_shard(options.shard)
    alone = options.engine == "local" and options.jobs == 1
    engine = None if alone else make_engine(options.engine, jobs=options.jobs)
    make = prepare if shard == WHOLE else partial(prepare_shard, shard=shard)
    with console.progress() as on_progress:
        made = make(
            source,
            options.paths[-1],
            settings=settings,
            overwrite=options.overwrite,
            command=shlex.join(["mien", *words]),
            on_progress=on_progress,
            engine=engine,
        )
    if isinstance(made, Waiting):
        _tell_of_others(options.shard, made)
        return False
    _print(made)
    return True


def _tell_of_others(shard: str | None, waiting: "Waiting") -> None:
    if waiting.entries:
        rest = f"the other shards have {waiting.entries:,} entries still to read"
    else:
        rest = "another shard puts the data set together, or has done so"
    console.out.print(f"Shard {shard} is read; {rest}.", markup=False)


def _without_sharing(words: Sequence[str]) -> list[str]:
    """Leave out of a command who shares its work, which changes nothing of what it makes."""
    result: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name not in SHARING:
            result.append(word)
        elif not equals:
            next(rest, None)
    return result


def _source(options: AllOptions, given: Collection[str]) -> "FaceInput":
    if options.mix is not None:
        return _mix(options, options.mix, given)
    if options.fer2013 is None:
        return _folder(options, given)
    _check_alone(options, "fer2013", (*FOLDER_OPTIONS, "test"), given)
    return Fer2013Input(
        options.fer2013,
        options.ferplus,
        options.classes,
        keep_unclear=options.keep_unclear,
        majority=options.majority or MAJORITIES[0],
    )


def _mix(options: AllOptions, path: Path, given: Collection[str]) -> "FaceInput":
    own = [name for name in FOLDER_OPTIONS if not name.startswith("detector")]
    _check_alone(options, "mix", ("fer2013", *own, "test", *FER_OPTIONS), given)
    from mien.datasets.inputs.mix import MixedInput

    name = options.detector or DEFAULT_DETECTOR
    return MixedInput(path, lambda: make_movable(name, options.detector_model))


def _check_alone(
    options: AllOptions, kind: str, strange: Sequence[str], given: Collection[str]
) -> None:
    """Refuse options and folders that have no meaning for a kind of input."""
    for name in strange:
        if name in given:
            raise SettingsError(f"{flag(name)} has no meaning with --{kind}; leave it out")
    if len(options.paths) != 1:
        raise SettingsError(f"with --{kind} name one folder only, the data set to make")


def _folder(options: AllOptions, given: Collection[str]) -> "FolderInput":
    for name in FER_OPTIONS:
        if name in given:
            raise SettingsError(
                f"{flag(name)} goes with --fer2013; leave it out or name fer2013.csv"
            )
    if len(options.paths) != 2:
        raise SettingsError(
            "name two folders: the pictures, and the data set to make; see `mien prepare --help`"
        )
    from mien.datasets.inputs.folders import CropSettings, FolderInput
    from mien.datasets.inputs.patterns import GroupPattern

    chosen: dict[str, Any] = {"crop_scale": options.crop_scale, "size": options.size}
    crop = CropSettings(
        detector=_detector(options),
        gray=options.channels == "gray",
        make_judge=partial(make_detector, DEFAULT_DETECTOR),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    pattern = None if options.group_pattern is None else GroupPattern(options.group_pattern)
    return FolderInput(options.paths[0], crop, pattern)


def _detector(options: AllOptions) -> Detector | None:
    if options.crop == "detector":
        return make_movable(options.detector or DEFAULT_DETECTOR, options.detector_model)
    for name in ("detector", "detector_model", "crop_scale"):
        if getattr(options, name) is not None:
            raise SettingsError(f"{flag(name)} goes with --crop detector; add it or leave this out")
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
        f"photos that several pictures show: {info.clusters:,}, with different labels: "
        f"{info.conflicts:,}"
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
