"""A whole run: material → run folder → a detector's bundle.

A run folder holds settings.json, checkpoint.safetensors, history.csv, the curves and, at the end,
bundle/. Killed at any moment, it can be resumed and ends with the same weights.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from mien.detectors.single_shot import SingleShotDetector
from mien.errors import TrainingError
from mien.evaluation.detection import Tally
from mien.models.bundle import AnyBundle, DetectorBundle, write_bundle
from mien.models.info import FORMAT, DetectorInfo
from mien.training.checkpoint import Checkpoint
from mien.training.detector.annotated import LARGEST
from mien.training.detector.card import write_detector_card
from mien.training.detector.export import export_detector
from mien.training.detector.feed import SIDE, pieces, validation_batches
from mien.training.detector.loop import MAX_INSIDE, MAX_OVERLAP, SURE_SIDE, learn, start
from mien.training.detector.material import INFO, Material
from mien.training.detector.network import STRIDES, DetectorNetwork
from mien.training.detector.scenes import Scenes
from mien.training.detector.settings import DetectorModelSettings, DetectorSettings
from mien.training.device import Compute
from mien.training.fit import Row, best_row
from mien.training.run_folder import BUNDLE, opened_run
from mien.training.settings import Machine
from mien.types import OnProgress, PixelArray, ignore_progress

LEAST_SCORE = 0.05  # of a box that thresholds are chosen among
SHOWN = 160  # training scenes that show the ranges of numbers for 8 bits
RANGES_SEED = 2


LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """What a run gives.

    Attributes:
        bundle: The bundle that was written.
        history: One row of figures per epoch.
        best: The row of the epoch whose weights were kept.
    """

    bundle: DetectorBundle
    history: list[Row]
    best: Row


def train_detector(
    material: Material,
    out: Path,
    settings: DetectorSettings,
    model: DetectorModelSettings,
    machine: Machine,
    *,
    workers: int = 1,
    resume: bool = False,
    on_epoch: Callable[[Row], None] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> DetectorResult:
    """Train a face detector and write its bundle.

    Args:
        material: Its "train" and "validation" splits are used, never its "test".
        out: The run folder.
        settings: What decides the weights.
        model: What goes into the bundle beside them.
        machine: Device, precision and threads.
        workers: Processes that make scenes.
        resume: Go on where a run in `out` was stopped.
        on_epoch: Called with each finished epoch.
        on_progress: Called with each step.

    Raises:
        TrainingError: The folder is taken, the settings differ, there is nothing to learn from, the
            loss diverged (the bundle is of the best epoch before, where there is one), or the
            export is not exact.
        InUseError: Another process trains into the folder.
    """
    compute = Compute.choose(machine)
    LOG.info("training on %s", compute.describe())
    checkpoint = start(settings, compute)
    record = _record(material, settings)
    opened = opened_run(
        out,
        record,
        checkpoint,
        title=model.name,
        measure="recall",
        plots=machine.plots,
        resume=resume,
        on_epoch=on_epoch,
    )
    with opened as kept:
        validation = validation_batches(material, settings.seed, settings.batch_size)

        problem = learn(
            checkpoint,
            material,
            validation,
            settings,
            compute,
            workers=workers,
            on_epoch=kept.finished,
            on_progress=on_progress,
        )
        bundle = _write(out / BUNDLE, material, checkpoint, settings, model, compute)
    if problem:
        raise TrainingError(f"{out}: {problem}")
    return DetectorResult(bundle, checkpoint.history, best_row(checkpoint.history))


def _record(material: Material, settings: DetectorSettings) -> dict[str, Any]:
    """What must be the same for a run to be resumed."""
    digest = hashlib.sha256((material.folder / INFO).read_bytes()).hexdigest()
    return {"material_sha256": digest, **msgspec.to_builtins(settings)}


def _write(
    place: Path,
    material: Material,
    checkpoint: Checkpoint,
    settings: DetectorSettings,
    model: DetectorModelSettings,
    compute: Compute,
) -> DetectorBundle:
    network = DetectorNetwork(settings.channels)
    network.load_state_dict(checkpoint.best)
    sample = list(_scenes(material, settings)) if model.weights == "int8" else []
    graph = export_detector(network, sample)
    info = DetectorInfo(
        format=FORMAT,
        kind="detector",
        name=model.name,
        version=model.version,
        channels=settings.channels,
        multiple=STRIDES[-1],
        smallest=SURE_SIDE,
        largest=LARGEST,
        min_score=LEAST_SCORE,
        max_overlap=MAX_OVERLAP,
        max_inside=MAX_INSIDE,
        sha256="0" * 64,  # set by write_bundle
        terms=model.terms(),
        command=model.command,
        seed=settings.seed,
    )
    tally = judge(SingleShotDetector(AnyBundle(place, info, graph)), material, "validation")
    info = msgspec.structs.replace(info, min_score=round(tally.threshold(), 3))
    card = write_detector_card(
        info, settings, material, checkpoint, tally, size=len(graph), machine=compute.describe()
    )
    return write_bundle(place, info, graph, card, recipe=model.recipe)


def judge(detector: SingleShotDetector, material: Material, split: str) -> Tally:
    """Compare what a detector finds in a split's whole pictures with what its teachers found."""
    tally = Tally()
    pairs = zip(material.info.pictures, material.open(), strict=True)
    for picture, annotated in pairs:
        if picture.split == split and not picture.cropped:
            image = annotated.image
            if image.ndim == 2:
                image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
            tally.add(detector(image), picture.labels)
    return tally


def _scenes(material: Material, settings: DetectorSettings) -> Iterator[PixelArray]:
    maker = Scenes(pieces(material, "train"))
    rng = np.random.default_rng((settings.seed, RANGES_SEED))
    for _ in range(SHOWN):
        image = maker.make(SIDE, rng).image
        yield image.reshape(1, *image.shape[:2], settings.channels)
