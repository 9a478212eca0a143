"""`mien train --folds`: data set → a run folder per fold → one report of who was left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.cli.console import err, progress
from mien.cli.evaluate import write
from mien.cli.evaluate_show import show
from mien.cli.train import tell
from mien.evaluation.report.words import count
from mien.training.expression.settings import ModelSettings, TrainMachine, TrainSettings

if TYPE_CHECKING:
    from mien.datasets.folds import Fold


def run_folds(
    folds: "Sequence[Fold]",
    folder: Path,
    settings: TrainSettings,
    model: ModelSettings,
    machine: TrainMachine,
    resume: bool,
    beginnings: dict[str, Any],
) -> None:
    """Train each fold, telling of each epoch, and report on all; see `cross_validate`."""
    from mien.training.expression.folds import Beginnings, cross_validate

    if any(beginnings.values()):
        err.print(
            "note: if what the folds begin with, or their teachers, had seen these persons, the "
            "figures are too good"
        )

    def on_fold(fold: "Fold", done: bool) -> None:
        faces, left = fold.count("train") + fold.count("validation"), fold.count("test")
        state = "is finished already" if done else f"learns from {count(faces, 'face')}"
        err.print(
            f"fold {fold.number} of {len(folds)} {state}; left out: {count(left, 'face')} of "
            f"{count(len(fold.groups), 'group')}",
            style="bold",
        )

    with progress() as on_progress:
        found = cross_validate(
            folds,
            folder,
            settings,
            model,
            machine,
            beginnings=Beginnings(**beginnings),
            resume=resume,
            on_fold=on_fold,
            on_epoch=tell,
            on_progress=on_progress,
        )
    show(found)
    write(found, folder, machine.plots, model.command)
