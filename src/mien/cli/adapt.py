"""`mien adapt`: a model and a few pictures → a model of one's own."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from rich import box
from rich.markup import escape
from rich.table import Table

from mien.cli import console
from mien.cli.models import DetectorName
from mien.cli.options import add_options, read
from mien.cli.train import put_over, this_command
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.records import INFO
from mien.errors import (
    BundleError,
    DatasetError,
    MissingExtraError,
    SettingsError,
    TrainingError,
    printable,
)
from mien.files.locks import alone_on
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.protocols import Detector
from mien.registry import DEFAULT_DETECTOR, find_bundle, make_detector
from mien.settings import flag, made_of
from mien.training.adapt.settings import RECIPE, AdaptSettings
from mien.training.settings import AnyModelSettings

if TYPE_CHECKING:
    from mien.training.adapt.figures import Comparison
    from mien.training.adapt.run import Adapted


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is learnt from, and what is made.

    Attributes:
        faces: Folder with one sub-folder of pictures per class (docs/folders.md), or a data set
            that `mien prepare` wrote; its test is left alone.
        out: Folder of the new model.
        config: Recipe in TOML; options given here go first.
        anyway: Write the model also where it reads these faces no better than before.
    """

    faces: Annotated[Path, msgspec.Meta(extra={"positional": True})]
    out: Annotated[Path, msgspec.Meta(extra={"metavar": "FOLDER"})]
    config: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    anyway: bool = False


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """How pictures of a folder are read.

    Attributes:
        detector: What finds the faces.
        detector_model: Weights of the detector.
        whole_face: The pictures are cropped faces already.
        group_pattern: What pictures of one person share in their file names, in parentheses, as in
            '(.+)_[0-9]+': no person is learnt from and judged at once (metadata.csv goes before
            it).
    """

    detector: DetectorName = DEFAULT_DETECTOR
    detector_model: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    whole_face: bool = False
    group_pattern: Annotated[str | None, msgspec.Meta(extra={"metavar": "REGEX"})] = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_options(parser, Place)
    add_options(parser.add_argument_group("folders of pictures"), Folders)
    add_options(parser.add_argument_group("what is learnt"), AdaptSettings, by_recipe=True)
    add_options(parser.add_argument_group("the bundle"), AnyModelSettings, by_recipe=True)


def run(args: argparse.Namespace) -> int:
    """Adapt, say how good that is, and write the bundle where it is better."""
    try:
        from mien.training.adapt.write import write
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien adapt", "adapt") from error
    place, folders = read(args, Place), read(args, Folders)
    options = put_over(args, RECIPE)
    settings = made_of(AdaptSettings, options)
    named = {"name": place.out.resolve().name, "command": this_command()} | options
    recipe = RECIPE.write({**msgspec.structs.asdict(settings), **named})
    model = made_of(AnyModelSettings, named | {"recipe": recipe})
    _check_place(place)
    with alone_on(place.out):
        adapted = _adapt(place, folders, settings, set(vars(args)))
        _show(adapted)
        if not adapted.gain.is_better and not place.anyway:
            raise TrainingError(_refusal(adapted))
        write(place.out, adapted, model, settings.seed)
        _say(place.out, adapted)
    return 0


def _adapt(place: Place, folders: Folders, settings: AdaptSettings, given: set[str]) -> "Adapted":
    from mien.training.adapt.classes import refuse_without_features
    from mien.training.adapt.gather import gather
    from mien.training.adapt.run import adapt

    bundle = load_bundle(find_bundle(Path(settings.from_)))
    classifier = OnnxClassifier(bundle)
    if not classifier.has_features:
        raise refuse_without_features(bundle)
    detector, pattern = _detector(place, folders, given), folders.group_pattern
    with console.progress() as on_progress:
        faces = gather(
            place.faces,
            classifier,
            detector,
            None if pattern is None else GroupPattern(pattern),
            on_progress,
        )
        return adapt(bundle, classifier, faces, settings, on_progress)


def _detector(place: Place, folders: Folders, given: set[str]) -> Detector | None:
    if (place.faces / INFO).is_file():
        for name in Folders.__struct_fields__:
            if name in given:
                raise SettingsError(
                    f"{flag(name)} is for folders of pictures, but {place.faces} is a data set"
                )
        return None
    if not folders.whole_face:
        return make_detector(folders.detector, model=folders.detector_model)
    if not given.isdisjoint({"detector", "detector_model"}):
        raise SettingsError("--whole-face needs no detector; leave out one of the two")
    return None


def _check_place(place: Place) -> None:
    """Refuse, before any work, a place where nothing can be written."""
    out = place.out.resolve()
    if place.out.exists():
        raise BundleError(f"--out {place.out}: exists already; choose another name")
    if place.faces.resolve() in (out, *out.parents):
        raise DatasetError(
            f"--out {place.out}: lies inside the pictures' own folder; choose another place"
        )
    above = next(folder for folder in out.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise BundleError(f"--out {place.out}: {above} cannot be written to; choose another place")


def _show(adapted: "Adapted") -> None:
    name, faces = adapted.bundle.info.name, adapted.faces
    people = f" of {console.count(faces.persons, 'person')}" if faces.persons else ""
    console.out.print(f"{console.count(len(faces), 'face')}{people}, from {name}", markup=False)
    for note in (*faces.notes, *adapted.notes):
        console.out.print(f"note: {note}", markup=False)
    console.out.print(_table(adapted.gain, name, "faces that were left out in turn"))
    if adapted.forgotten is not None:
        console.out.print(_table(adapted.forgotten, name, "faces that it knew before"))


def _table(found: "Comparison", name: str, title: str) -> Table:
    from mien.training.adapt.card import of_kinds, points, share

    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    for column in ("class", "faces", name, "adapted"):
        table.add_column(escape(column), justify="left" if column == "class" else "right")
    for one in found.classes:
        before = "not read" if one.before is None else f"{one.before:.1%}"
        table.add_row(escape(one.label), f"{one.faces:,}", before, f"{one.after:.1%}")
    table.add_section()
    table.add_row("mean", f"{found.faces:,}", share(found.before), share(found.after))
    table.add_row("difference", "", "", points(found.gain))
    for words, figure in of_kinds(found):
        table.add_row(words.lower(), "", "", figure)
    return table


def _refusal(adapted: "Adapted") -> str:
    from mien.training.adapt.card import points, share

    name, gain = adapted.bundle.info.name, adapted.gain
    told = f"it reads faces that it did not learn from no better than {name} ({points(gain.gain)})"
    if gain.new is not None and gain.new.value <= gain.chance:
        told = (
            f"it reads faces of new classes that it did not learn from no better than guessing "
            f"would ({share(gain.new)}, by guessing {gain.chance:.1%})"
        )
    return f"{told}, so nothing was written; add pictures, or --anyway"


def _say(out: Path, adapted: "Adapted") -> None:
    gain = adapted.gain
    if not gain.is_better:
        console.out.print("note: it is no better than before; written as you asked")
    elif not gain.is_sure:
        console.out.print("note: that it is better may be chance: an interval reaches that far")
    below, answered = adapted.not_sure_below, adapted.validated.answered
    console.out.print(f'"not sure" below {below:.2f}: {answered:.1%} of left-out faces get a word')
    name = printable(str(out))
    console.out.print(f"bundle: {name}", markup=False)
    console.print_live(out)
