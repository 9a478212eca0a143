"""A whole run: data set → run folder → bundle.

A run folder holds settings.json, checkpoint.safetensors, history.csv, the curves and, at the end,
bundle/; or bundle.unchecked/, where the graph differs from PyTorch. Killed at any moment, it can be
resumed and ends with the same weights.
"""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mien.datasets.dataset import Dataset
from mien.datasets.records import INFO
from mien.errors import TrainingError
from mien.models.bundle import Bundle, load_bundle
from mien.training.checkpoint import FACES_SHA256, Checkpoint
from mien.training.device import Compute
from mien.training.expression.bundling import Made, write
from mien.training.expression.calibrate import (
    Validated,
)
from mien.training.expression.distill import distillation_set
from mien.training.expression.faces import FaceStore, open_store, weigh
from mien.training.expression.loop import learn, start
from mien.training.expression.pretrained import fingerprint, read_graph_model
from mien.training.expression.settings import ModelSettings, TrainSettings
from mien.training.expression.verdict import verdict
from mien.training.expression.warm_start import SHOWN, warm_start
from mien.training.fit import Row, best_row, unfinished
from mien.training.run_folder import BUNDLE, DECODED, opened_run
from mien.training.settings import Machine
from mien.types import FloatArray, InputSpec, OnProgress, PixelArray, ignore_progress

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
    machine: Machine,
    *,
    pretrained: Path | None = None,
    origin: Path | None = None,
    teachers: Sequence[Path] = (),
    rivals: Sequence[Path] = (),
    resume: bool = False,
    on_epoch: Callable[[Row], None] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> TrainResult:
    """Train a model on a data set and write its bundle.

    Args:
        dataset: Its "train" and "validation" splits are used, never its "test".
        out: The run folder.
        settings: What decides the weights.
        model: What goes into the bundle beside them.
        machine: Device, precision and threads.
        pretrained: Weights that the network starts from, which `mobilenet` needs.
        origin: A bundle of the same network, whose weights it starts from.
        teachers: Bundles to learn from, beside the labels.
        rivals: Bundles of which the result tells where one reads the validation faces better; the
            one that has the most classes in common is asked, the first of several.
        resume: Go on where a run in `out` was stopped.
        on_epoch: Called with each finished epoch.
        on_progress: Called with each step.

    Raises:
        TrainingError: The folder is taken, the settings differ or do not fit together, the loss
            diverged (the bundle is of the best epoch before, where there is one), or the export is
            not exact (its bundle is kept as `UNCHECKED` then).
        BundleError: A teacher is no bundle.
        InUseError: Another process trains into the folder.
    """
    compute = Compute.choose(machine)
    LOG.info("training on %s", compute.describe())
    reads = _reads(dataset, model)
    _check_sources(dataset, settings, model)
    loaded = [load_bundle(path) for path in teachers]
    begun = None if origin is None else load_bundle(origin)
    spec, checkpoint = _begin(dataset, settings, model, compute, pretrained, begun)
    record = _record(dataset, settings, pretrained, loaded, begun)
    names = [teacher.info.name for teacher in loaded]
    made = Made(dataset, settings, model, reads, spec, checkpoint, names)
    title = f"{model.name}: {settings.arch}"
    opened = opened_run(
        out,
        record,
        checkpoint,
        title=title,
        plots=machine.plots,
        resume=resume,
        on_epoch=on_epoch,
    )
    with opened as finished:
        stores = _stores(dataset, settings, spec, out / DECODED, on_progress)
        if begun is not None and not checkpoint.history:
            _start_from(begun, checkpoint, dataset.classes, stores["train"], compute)
        learnt = [stores["train"]]
        if loaded and unfinished(checkpoint, settings.epochs, settings.patience):
            learnt = distillation_set(
                stores["train"],
                _as_taught(dataset, stores["train"], loaded, spec, out / DECODED, on_progress),
                dataset.classes,
                loaded,
                settings,
                out / DECODED,
                compute,
                on_progress,
            )

        problem = learn(
            checkpoint,
            learnt,
            stores["validation"],
            settings,
            compute,
            on_epoch=finished,
            on_progress=on_progress,
        )
        bundle, validated, said = write(out / BUNDLE, made, stores, compute)

        def faces(wanted: InputSpec) -> PixelArray:
            if wanted == spec:
                return stores["validation"].images
            # In a folder of its own: those of another size would take the place of the run's.
            place = out / DECODED / "rival"
            return open_store(dataset, "validation", wanted, place, on_progress).images

        labels, truth = bundle.info.labels, made.truth(stores)
        found = verdict(labels, truth, said, rivals, faces, begun=begun is not None)
        shutil.rmtree(out / DECODED, ignore_errors=True)
    if problem:
        raise TrainingError(f"{out}: {problem}")
    return TrainResult(bundle, checkpoint.history, best_row(checkpoint.history), validated, found)


def _begin(
    dataset: Dataset,
    settings: TrainSettings,
    model: ModelSettings,
    compute: Compute,
    pretrained: Path | None,
    origin: Bundle | None,
) -> tuple[InputSpec, Checkpoint]:
    """Return what the network sees, and the network as it is before the first epoch."""
    weights = _weights(settings, pretrained, origin)
    try:
        spec = InputSpec(settings.size, settings.channels, model.crop_scale, model.alignment)
        checkpoint = start(settings, len(dataset.classes), compute, weights)
    except KeyError as error:
        raise TrainingError(f"{pretrained}: no array {error} in this file") from error
    except ValueError as error:
        given = f"--size {settings.size}, --crop-scale {model.crop_scale:g}"
        raise TrainingError(f"{given}: {error}") from error
    return spec, checkpoint


def _stores(
    dataset: Dataset,
    settings: TrainSettings,
    spec: InputSpec,
    folder: Path,
    on_progress: OnProgress,
) -> dict[str, FaceStore]:
    """Open the faces to learn from and to judge by, each as its source counts."""
    train, validation = (
        open_store(dataset, split, spec, folder, on_progress) for split in ("train", "validation")
    )
    return {
        "train": weigh(train, settings.source_weight, settings.source_smoothing),
        "validation": weigh(validation, settings.source_weight, {}),
    }


def _as_taught(
    dataset: Dataset,
    store: FaceStore,
    teachers: Sequence[Bundle],
    spec: InputSpec,
    folder: Path,
    on_progress: OnProgress,
) -> FaceStore:
    """Return the faces to learn from at the size of the teacher that takes the largest."""
    size = max(spec.size, *(teacher.info.input.size for teacher in teachers))
    if size == spec.size:
        return store
    # In a folder of its own, as those of a rival.
    return open_store(dataset, "train", replace(spec, size=size), folder / "taught", on_progress)


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


def _weights(
    settings: TrainSettings, pretrained: Path | None, origin: Bundle | None
) -> dict[str, FloatArray] | None:
    starts = settings.arch.startswith("mobilenet")
    if not starts and pretrained is not None:
        raise TrainingError(
            f"--pretrained: the {settings.arch} network starts from nothing; leave it out or take "
            "--arch mobilenet"
        )
    if starts and pretrained is None and origin is None:
        raise TrainingError(
            f"--arch {settings.arch} starts from a face recogniser; name its weights with "
            "--pretrained (faceres-deep.json, see docs/experiments.md), or a bundle with --from"
        )
    return None if pretrained is None else read_graph_model(pretrained)


def _start_from(
    bundle: Bundle,
    checkpoint: Checkpoint,
    classes: Sequence[str],
    store: FaceStore,
    compute: Compute,
) -> None:
    chosen = np.sort(np.random.default_rng(0).permutation(len(store))[:SHOWN])
    warm_start(checkpoint.network, bundle, classes, compute.pictures(store.images[chosen]))
    checkpoint.average.module.load_state_dict(checkpoint.network.state_dict())


def _record(
    dataset: Dataset,
    settings: TrainSettings,
    pretrained: Path | None,
    teachers: list[Bundle],
    origin: Bundle | None,
) -> dict[str, Any]:
    """What must be the same for a run to be resumed: the settings and all that is learnt from."""
    return {
        "dataset_sha256": sha256((dataset.path / INFO).read_bytes()).hexdigest(),
        FACES_SHA256: dataset.digest,
        "pretrained_sha256": None if pretrained is None else fingerprint(pretrained),
        "origin_sha256": None if origin is None else origin.info.sha256,
        "teachers_sha256": [teacher.info.sha256 for teacher in teachers],
        **msgspec.to_builtins(settings),
    }
