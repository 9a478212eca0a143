"""`mien train`: data set → run folder → bundle."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mien import __version__
from mien.cli import here
from mien.cli.console import err, out, print_live, progress
from mien.cli.options import add_options, read, say_old, typed
from mien.errors import DatasetError, MienError, MissingExtraError, TrainingError
from mien.registry import SHIPPED
from mien.settings import made_of
from mien.training.expression.settings import (
    RECIPE,
    FoldSettings,
    ModelSettings,
    Origins,
    TrainMachine,
    TrainSettings,
)
from mien.training.recipe import Options, Recipe
from mien.training.settings import Machine

if TYPE_CHECKING:
    from mien.datasets.dataset import Dataset
    from mien.datasets.folds import Fold
    from mien.training.expression.run import TrainResult
    from mien.training.spread import Spread


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is, and how it begins.

    Attributes:
        dataset: Folder that `mien prepare` wrote (default: datasets/faces, which is made of the
            folder faces where it is not there).
        out: Run folder (default: runs/<data set>).
        config: Recipe in TOML, or one of mien's own, as recipes/student.toml; options given here go
            first.
        resume: Go on where a run was stopped.
    """

    dataset: Annotated[Path | None, msgspec.Meta(extra={"positional": True})] = None
    out: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FOLDER"})] = None
    config: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    resume: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_run(parser, Place, (TrainSettings, FoldSettings, Origins), ModelSettings, TrainMachine)


def add_run(
    parser: argparse.ArgumentParser,
    place: type[msgspec.Struct],
    learnt: Sequence[type[msgspec.Struct]],
    model: type[msgspec.Struct],
    machine: type[msgspec.Struct] = Machine,
) -> None:
    """Add the options of a command that trains.

    Args:
        parser: Of the command.
        place: Where a run is, and how it begins; no recipe says that.
        learnt: What is learnt, and from what.
        model: What goes into the bundle.
        machine: Where and how it computes.
    """
    add_options(parser, place)
    for title, kinds in (
        ("what is learnt", learnt),
        ("the bundle", (model,)),
        ("the machine", (machine,)),
    ):
        group = parser.add_argument_group(title)
        for kind in kinds:
            add_options(group, kind, by_recipe=True)
    _add_version(parser)


def _add_version(parser: argparse.ArgumentParser) -> None:
    """Add `--version`, which is mien's as everywhere, and was the model's once."""
    parser.add_argument(
        "--version",
        nargs="?",
        action=_Version,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )


class _Version(argparse.Action):
    """`--version`: of mien; with a value that of the model."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Print mien's version and end, or take the model's with a hint."""
        if values is None:
            print(f"mien {__version__}")
            parser.exit()
        say_old(str(option_string), "--model-version")
        namespace.version = values


def run(args: argparse.Namespace) -> int:
    """Train, telling of each epoch; the result is the bundle in the run folder."""
    try:
        import mien.training.expression.run  # noqa: F401
        from mien.training.spread import spread_over
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien train", "train") from error
    machine = read(args, TrainMachine)
    spread: Spread | None = None
    try:
        with spread_over(machine.device) as spread:
            return _run(args, machine, spread)
    except MienError:
        if spread is not None and spread.silent:
            return 1
        raise


def _run(args: argparse.Namespace, machine: TrainMachine, spread: "Spread") -> int:
    from mien.datasets.dataset import load_dataset
    from mien.training.expression.order import order
    from mien.training.expression.run import assist, train

    place = read(args, Place)
    options = put_over(args, RECIPE)
    if place.dataset is None:
        _check(options, machine)
        dataset = _dataset_here(spread)
    else:
        dataset = load_dataset(place.dataset)
    folder = place.out or Path("runs") / dataset.path.name
    folds = _folds(dataset, options, spread)
    faces = min(part.count("train") for part in (folds or (dataset,)))
    unnamed = [] if place.dataset else here.words(dataset.path)
    wanted = order(options, dataset, folder, faces=faces, command=this_command(*unnamed))
    settings, model, beginnings = wanted.settings, wanted.model, wanted.beginnings
    if folds:
        from mien.cli.train_folds import run_folds

        run_folds(folds, folder, settings, model, machine, place.resume, beginnings)
        return 0
    beginnings["spread"] = spread
    if spread.rank:
        assist(dataset, folder, settings, model, machine, **beginnings)
        return 0
    if spread.ranks > 1 and (notice := spread.notice()):
        err.print(f"note: {notice}", markup=False)
    with progress() as on_progress:
        result = train(
            dataset,
            folder,
            settings,
            model,
            machine,
            rivals=SHIPPED,
            resume=place.resume,
            on_epoch=tell,
            on_progress=on_progress,
            **beginnings,
        )
    _say(result, folder, machine)
    return 0


def _check(options: Options, machine: TrainMachine) -> None:
    """Say what cannot be before a data set is made, which takes long.

    Raises:
        MienError: A setting is out of range, a bundle is not there, or the device.
    """
    from mien.training.device import Compute
    from mien.training.expression.order import beginnings_of

    made_of(TrainSettings, options)
    beginnings_of(made_of(Origins, options))
    Compute.choose(machine)


def _dataset_here(spread: "Spread") -> "Dataset":
    """Return the data set of the folder that one is in; it is made where there is none yet.

    Raises:
        MienError: There is nothing to make it of, it is damaged, or cannot be made.
    """
    from mien.cli.prepare import make_here
    from mien.datasets.dataset import load_dataset

    try:
        dataset = load_dataset(here.DATASET)
    except DatasetError:
        if here.DATASET.exists() or spread.ranks > 1:
            raise
        here.faces("name a data set, as in `mien train DATASET`; `mien prepare` makes one")
        make_here()
        dataset = load_dataset(here.DATASET)
    err.print(f"nothing is named, so: mien train {here.DATASET.as_posix()}", markup=False)
    return dataset


def _folds(dataset: "Dataset", options: Options, spread: "Spread") -> "list[Fold]":
    """Deal the folds that are asked for; none where the data set is learnt from as it is."""
    from mien.training.expression.folds import deal_folds, refuse_options

    refuse_options(options)
    asked = made_of(FoldSettings, options)
    if asked.folds == "none":
        return []
    if spread.ranks > 1:
        raise TrainingError(
            f"--folds {asked.folds}: folds are learnt by one process; leave out torchrun"
        )
    return deal_folds(dataset, asked, made_of(TrainSettings, options).seed)


def tell(row: dict[str, float]) -> None:
    """Say how an epoch went."""
    err.print(
        f"epoch {row['epoch']:3.0f}  loss {row['train_loss']:.3f} → validation "
        f"{row['validation_loss']:.3f}  accuracy {row['validation_accuracy']:.1%}  balanced "
        f"{row['validation_balanced_accuracy']:.1%}  {row['images_per_second']:,.0f} images/s"
    )


def _say(result: "TrainResult", folder: Path, machine: TrainMachine) -> None:
    from mien.training.run_folder import BUNDLE, curves_file

    best = result.best
    out.print(
        f"kept epoch {best['epoch']:.0f} of {len(result.history)}: validation accuracy "
        f"{best['validation_accuracy']:.1%}, balanced {best['validation_balanced_accuracy']:.1%}"
    )
    out.print(_answered(result))
    for remark in result.remarks:
        out.print(f"note: {remark}")
    out.print(f"bundle: {folder / BUNDLE}\ncurves: {folder / curves_file(machine.plots)}")
    print_live(folder / BUNDLE)


def _answered(result: "TrainResult") -> str:
    below, validated = result.bundle.info.not_sure_below, result.validated
    text = f'"not sure" below {below:.2f}: {validated.answered:.1%} of the validation faces '
    if validated.others is None:
        return f"{text}get a word"
    return f"{text}of its classes get a word, and {validated.others:.1%} of the others"


def put_over(args: argparse.Namespace, recipe: Recipe) -> Options:
    """Return the recipe's options with those of the command line put over them.

    Args:
        args: Perhaps with `config`, the recipe's file.
        recipe: What it may say.
    """
    options = recipe.read(args.config) if "config" in args else {}
    for kind in recipe.kinds:
        options |= typed(args, kind)
    return options


def this_command(*unnamed: str) -> str:
    """Return the command line that makes the model again.

    Resuming gives the weights of an unbroken run, so that is what it says.

    Args:
        unnamed: What was taken without being named.
    """
    words = [word for word in sys.argv[1:] if word != "--resume"]
    return "mien " + shlex.join([*words[:1], *unnamed, *words[1:]])
