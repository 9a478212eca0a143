"""`mien train-detector`: pictures → what teachers see → run folder → a detector's bundle."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec

from mien.cli.console import err, out, progress
from mien.cli.options import read
from mien.cli.train import add_run, put_over, this_command
from mien.errors import MissingExtraError, SettingsError
from mien.settings import check_threads, made_of
from mien.training.detector.settings import (
    RECIPE,
    DetectorModelSettings,
    DetectorSettings,
    Judgement,
)
from mien.training.settings import Machine

if TYPE_CHECKING:
    from mien.training.detector.request import Request

SCALES = (1.0, 0.5, 1.6)  # sizes at which YuNet is asked
NO_GROUP = "(?!)()"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is, what it learns from, and how it begins.

    Attributes:
        folders: Pictures with and without faces; in a folder, boxes.csv (file,x1,y1,x2,y2) may hold
            faces that people drew, and faceless.txt the files in which people saw none.
        out: Run folder.
        config: Recipe in TOML, or mien's own, recipes/detector.toml; options given here go first.
        resume: Go on where a run was stopped.
        yunet: YuNet's weights, one or more files; MTCNN (extra [mtcnn]) is asked, too.
        faces: Cropped faces that `mien prepare` wrote.
        material: Where the teachers' answers are kept, for other runs, too (default: OUT/material).
        workers: Processes that make scenes.
    """

    folders: Annotated[
        tuple[Path, ...], msgspec.Meta(extra={"positional": True, "metavar": "FOLDER"})
    ]
    out: Annotated[Path, msgspec.Meta(extra={"metavar": "FOLDER"})] = Path("runs/detector")
    config: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    resume: bool = False
    yunet: Annotated[tuple[Path, ...], msgspec.Meta(extra={"metavar": "FILE"})]
    faces: Annotated[Path | None, msgspec.Meta(extra={"metavar": "DATASET"})] = None
    material: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FOLDER"})] = None
    workers: int = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_run(parser, Place, (Judgement, DetectorSettings), DetectorModelSettings)


def run(args: argparse.Namespace) -> int:
    """Train, telling of each epoch; the result is the bundle in the run folder."""
    try:
        from mien.training.detector.gather import make_material
        from mien.training.detector.run import train_detector
        from mien.training.run_folder import BUNDLE, curves_file
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien train-detector", "train") from error
    chosen, machine = read(args, Place), read(args, Machine)
    options = put_over(args, RECIPE)
    options.setdefault("name", chosen.out.name)
    facts = {"command": this_command(), "recipe": RECIPE.write(options)}
    settings, judgement = made_of(DetectorSettings, options), made_of(Judgement, options)
    model = made_of(DetectorModelSettings, options | facts)

    def tell(row: dict[str, float]) -> None:
        err.print(
            f"epoch {row['epoch']:3.0f}  loss {row['train_loss']:.3f} → validation "
            f"{row['validation_loss']:.3f}  recall {row['validation_recall']:.1%}  "
            f"{row['scenes_per_second']:,.0f} scenes/s"
        )

    with progress() as on_progress:
        place = chosen.material or chosen.out / "material"
        material = make_material(place, _request(chosen, judgement, settings), on_progress)
        result = train_detector(
            material,
            chosen.out,
            settings,
            model,
            machine,
            workers=chosen.workers,
            resume=chosen.resume,
            on_epoch=tell,
            on_progress=on_progress,
        )
    best = result.best
    out.print(
        f"kept epoch {best['epoch']:.0f} of {len(result.history)}: {best['validation_recall']:.1%} "
        "of the faces in validation scenes found, at one false box in 100 scenes"
    )
    out.print(f"bundle: {chosen.out / BUNDLE}\ncurves: {chosen.out / curves_file(machine.plots)}")
    return 0


def _request(chosen: Place, judgement: Judgement, settings: DetectorSettings) -> "Request":
    from mien.datasets.dataset import load_dataset
    from mien.registry import make_detector
    from mien.training.detector.request import Request
    from mien.training.detector.teachers import Teacher

    teachers = {
        f"yunet-{number}": Teacher(make_detector("yunet", model=path), SCALES)
        for number, path in enumerate(chosen.yunet, 1)
    }
    teachers["mtcnn"] = Teacher(make_detector("mtcnn"))
    judge, pattern = judgement.judge, judgement.group_pattern or NO_GROUP
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise SettingsError(f"--group-pattern {pattern!r}: {error}") from error
    if not groups:
        raise SettingsError(
            f"--group-pattern {pattern!r}: put the part that names the person in parentheses"
        )
    check_threads("--workers", chosen.workers, 0)
    return Request(
        folders=chosen.folders,
        faces=None if chosen.faces is None else load_dataset(chosen.faces),
        group_pattern=pattern,
        teachers=teachers,
        judge=None if judge == "none" else make_detector(judge),
        channels=settings.channels,
        seed=settings.seed,
    )
