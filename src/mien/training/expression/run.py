"""A whole run: data set → run folder → bundle.

A run folder holds settings.json, checkpoint.safetensors, history.csv, the curves and, at the end,
bundle/; or bundle.unchecked/, where the graph differs from PyTorch. Killed at any moment, it can be
resumed and ends with the same weights.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.datasets.arrays import Pictures
from mien.datasets.dataset import Dataset
from mien.errors import TrainingError
from mien.evaluation.pictures.inputs import is_cross_validation
from mien.models.bundle import Bundle
from mien.training.expression.bundling import Made, write
from mien.training.expression.calibrate import (
    Validated,
)
from mien.training.expression.course import Course
from mien.training.expression.settings import ModelSettings, TrainMachine, TrainSettings
from mien.training.expression.verdict import verdict
from mien.training.fit import Row, best_row
from mien.training.run_folder import BUNDLE, DECODED, opened_run
from mien.training.spread import ALONE, Spread
from mien.types import InputSpec, OnProgress, ignore_progress

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run gives.

    Attributes:
        bundle: The bundle that was written.
        history: One row of figures per epoch.
        best: The row of the epoch whose weights were kept.
        validated: What the bundle says of the validation faces.
        remarks: What a person must know of it: that it is no good, or that a better one is here.
    """

    bundle: Bundle
    history: list[Row]
    best: Row
    validated: Validated
    remarks: tuple[str, ...] = ()


def train(
    dataset: Dataset,
    out: Path,
    settings: TrainSettings,
    model: ModelSettings,
    machine: TrainMachine,
    *,
    pretrained: Path | None = None,
    origin: Path | None = None,
    teachers: Sequence[Path] = (),
    rivals: Sequence[Path] = (),
    resume: bool = False,
    on_epoch: Callable[[Row], None] | None = None,
    on_progress: OnProgress = ignore_progress,
    spread: Spread = ALONE,
) -> TrainResult:
    """Train a model on a data set and write its bundle.

    Args:
        dataset: Its "train" and "validation" splits are used, never its "test".
        out: The run folder.
        settings: What decides the weights.
        model: What goes into the bundle beside them.
        machine: Device, precision and threads, and where decoded faces are kept.
        pretrained: Weights that the network starts from, which `mobilenet` needs.
        origin: A bundle of the same network, whose weights it starts from.
        teachers: Bundles to learn from, beside the labels.
        rivals: Bundles of which the result tells where one reads the validation faces better; the
            one that has the most classes in common is asked, the first of several.
        resume: Go on where a run in `out` was stopped.
        on_epoch: Called with each finished epoch.
        on_progress: Called with each step.
        spread: Who shares the run, of whom this process is the first; the others call `assist`.

    Raises:
        TrainingError: The folder is taken, the settings differ or do not fit together, the loss
            diverged (the bundle is of the best epoch before, where there is one), or the export is
            not exact (its bundle is kept as `UNCHECKED` then).
        BundleError: A teacher is no bundle.
        InUseError: Another process trains into the folder.
    """
    if is_cross_validation(out):
        raise TrainingError(f"{out}: a cross-validation is here already; name another --out")
    run = Course(dataset, out, settings, machine, spread, on_progress)
    LOG.info("training on %s", run.compute.describe())
    reads = _reads(dataset, model)
    _check_sources(dataset, settings, model)
    run.begin(model, pretrained, origin, teachers)
    record = run.record()
    names = [teacher.info.name for teacher in run.teachers]
    made = Made(dataset, settings, model, reads, run.spec, run.checkpoint, names)
    opened = opened_run(
        out,
        record,
        run.checkpoint,
        title=f"{model.name}: {settings.arch}",
        plots=machine.plots,
        resume=resume,
        on_epoch=on_epoch,
    )
    with opened as kept, run.feeding():
        problem = run.learn(kept)
        stores = run.stores
        bundle, validated, said = write(out / BUNDLE, made, stores, run.compute)

        def faces(wanted: InputSpec) -> Pictures:
            if wanted == run.spec:
                return stores["validation"].images
            # In a folder of its own: those of another size would take the place of the run's.
            return run.open("validation", wanted, out / DECODED / "rival").images

        labels, truth = bundle.info.labels, made.truth(stores)
        found = verdict(labels, truth, said, rivals, faces, begun=origin is not None)
        run.forget()
    if problem:
        raise TrainingError(f"{out}: {problem}")
    checkpoint = run.checkpoint
    return TrainResult(bundle, checkpoint.history, best_row(checkpoint.history), validated, found)


def assist(
    dataset: Dataset,
    out: Path,
    settings: TrainSettings,
    model: ModelSettings,
    machine: TrainMachine,
    *,
    pretrained: Path | None = None,
    origin: Path | None = None,
    teachers: Sequence[Path] = (),
    spread: Spread,
) -> None:
    """Take part in a run that the first of several processes leads; see `train` and `Spread`.

    Raises:
        TrainingError: Settings do not fit, this process has other faces than the first one, or the
            first one is gone.
    """
    run = Course(dataset, out, settings, machine, spread, ignore_progress)
    run.begin(model, pretrained, origin, teachers)
    with run.feeding():
        run.learn(None)
        run.forget()


def _reads(dataset: Dataset, model: ModelSettings) -> list[int]:
    """Return which of the data set's classes the bundle reads, in its order."""
    strange = [name for name in model.classes if name not in dataset.classes]
    if strange:
        raise TrainingError(
            f"--classes: {dataset.path} has no class {strange[0]!r}; choose from "
            f"{', '.join(dataset.classes)}"
        )
    if len(set(model.classes)) != len(model.classes) or len(model.classes) == 1:
        raise TrainingError("--classes: name two or more that differ")
    return [dataset.classes.index(name) for name in model.classes or dataset.classes]


def _check_sources(dataset: Dataset, settings: TrainSettings, model: ModelSettings) -> None:
    known = dataset.info.sources
    named = {
        "source_weight": settings.source_weight,
        "source_smoothing": settings.source_smoothing,
        "features_of": model.features_of,
    }
    for name, sources in named.items():
        strange = [source for source in sources if source not in known]
        if strange:
            raise TrainingError(
                f"--{name.replace('_', '-')}: {dataset.path} has no source {strange[0]!r}; choose "
                f"from {', '.join(known) or 'none, since it was made of one (mien prepare --mix)'}"
            )
