"""The epochs of a detector: learn from scenes that never repeat, validate, keep the best."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mien.detectors.postprocess import to_faces
from mien.evaluation.detection import Labels, Tally
from mien.training.checkpoint import Checkpoint
from mien.training.detector.feed import Batch, batches
from mien.training.detector.loss import Losses, Targets, losses
from mien.training.detector.material import Material
from mien.training.detector.network import DetectorNetwork, cells, decode
from mien.training.detector.settings import DetectorSettings
from mien.training.device import Compute
from mien.training.fit import STAGE, OnEpoch, Row, fit, fresh_checkpoint, set_rate, step
from mien.types import Box, Face, OnProgress

LARGEST_STEP = 10.0  # norm to which gradients are cut
LEAST_SCORE = 0.1  # of a box that recall and false boxes are counted with
MAX_OVERLAP = 0.4  # of two boxes that are two faces
# Part of a face that may be about the middle of another one. Of the pairs that teachers labelled in
# training and validation pictures, only those by which they labelled one face twice have more.
MAX_INSIDE = 0.7
SURE_SIDE = 24.0  # side of the smallest face that should be found reliably, in pixels


def start(settings: DetectorSettings, compute: Compute) -> Checkpoint:
    """Make the network and its optimiser as they are before the first epoch."""
    torch.manual_seed(settings.seed)
    network = DetectorNetwork(settings.channels).to(
        compute.device,
        memory_format=torch.channels_last,  # type: ignore[call-overload]
    )
    decayed = [p for p in network.parameters() if p.dim() > 1]
    rest = [p for p in network.parameters() if p.dim() <= 1]
    groups: list[dict[str, Any]] = [{"params": decayed}, {"params": rest, "weight_decay": 0.0}]
    return fresh_checkpoint(
        network,
        groups,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        average_decay=settings.average_decay,
    )


def learn(
    checkpoint: Checkpoint,
    material: Material,
    validation: Sequence[Batch],
    settings: DetectorSettings,
    compute: Compute,
    *,
    workers: int,
    on_epoch: OnEpoch,
    on_progress: OnProgress,
) -> str:
    """Train on scenes to the last epoch, or until the run diverges; see `mien.training.fit.fit`.

    Args:
        checkpoint: What changes; starts fresh or loaded.
        material: What scenes are made of.
        validation: Scenes to judge by.
        settings: The run's settings.
        compute: Device and precision.
        workers: Processes that make scenes.
        on_epoch: Called with each finished epoch.
        on_progress: Called after each step.

    Returns:
        What went wrong; "" where nothing did.

    Raises:
        TrainingError: It diverged before there was an epoch to keep.
    """
    first, last = (n * settings.steps for n in (len(checkpoint.history), settings.epochs))
    feed = batches(material, settings.batch_size, settings.seed, range(first, last), workers)

    def train_epoch(epoch: int) -> Row:
        begun = time.perf_counter()
        row = _train_epoch(checkpoint, feed, epoch, settings, compute, on_progress)
        return row | {"scenes_per_second": row["scenes"] / (time.perf_counter() - begun)}

    return fit(
        checkpoint,
        epochs=settings.epochs,
        patience=None,
        highest_rate=settings.learning_rate,
        train_epoch=train_epoch,
        validate=lambda network: validate(network, validation, compute),
        on_epoch=on_epoch,
    )


@torch.no_grad()
def validate(network: torch.nn.Module, scenes: Sequence[Batch], compute: Compute) -> Row:
    """Return the loss on scenes, and the recall of their faces at few false boxes."""
    network.eval()
    parts, tally = [], Tally()
    for batch in scenes:
        rows, grid = _look(network, batch, compute)
        loss = losses(rows, grid, batch.targets.to(compute.device))
        parts.append([float(v) for v in (loss.total(), loss.score, loss.box, loss.landmarks)])
        for number, answer in enumerate(rows):
            tally.add(_faces(answer, grid), _truth(batch.targets, number))
    names = ("loss", "score_loss", "box_loss", "landmark_loss")
    values = dict(zip(names, np.mean(parts, axis=0).tolist(), strict=True))
    values["recall"] = tally.recall(SURE_SIDE, tally.threshold())
    return {f"validation_{name}": value for name, value in values.items()}


def scene_loss(network: torch.nn.Module, batch: Batch, compute: Compute) -> Losses:
    """Return the loss on a batch."""
    rows, grid = _look(network, batch, compute)
    return losses(rows, grid, batch.targets.to(compute.device))


def _look(network: torch.nn.Module, batch: Batch, compute: Compute) -> tuple[Tensor, Tensor]:
    """Return what the network says, float [N,A,15], and of which cells."""
    pictures = batch.pictures.to(compute.device).float()
    with compute.autocast():
        rows = network(pictures.contiguous(memory_format=torch.channels_last))
    return rows.float(), cells(*pictures.shape[2:]).to(compute.device)


def _faces(rows: Tensor, grid: Tensor) -> tuple[Face, ...]:
    scores = torch.sigmoid(rows[:, 0])
    likely = scores >= LEAST_SCORE
    found = (scores[likely], *decode(rows[likely], grid[likely]))
    return to_faces(*(part.cpu().numpy() for part in found), max_overlap=MAX_OVERLAP)


def _truth(targets: Targets, number: int) -> Labels:
    faces = [
        Face(Box(*row[1:5].tolist()), 1.0, row[5:].reshape(5, 2).numpy())
        for row in targets.faces[number].cpu()
        if row[0] > 0
    ]
    # Rows that only fill up, and regions cut down to a line, have no area.
    unknown = [row.tolist() for row in targets.unknown[number].cpu() if (row[2:] > row[:2]).all()]
    return Labels(tuple(faces), tuple(Box(*row) for row in unknown))


def _train_epoch(
    checkpoint: Checkpoint,
    feed: Iterable[Batch],
    epoch: int,
    settings: DetectorSettings,
    compute: Compute,
    on_progress: OnProgress,
) -> Row:
    checkpoint.network.train()
    total, seen, rate = 0.0, 0, 0.0
    for number, batch in zip(range(settings.steps), feed, strict=False):
        done = epoch + number / settings.steps
        rate = set_rate(checkpoint, settings.learning_rate, settings.epochs, done)
        loss = scene_loss(checkpoint.network, batch, compute).total()
        step(checkpoint, loss, largest=LARGEST_STEP)
        total, seen = total + float(loss.detach()) * len(batch.pictures), seen + len(batch.pictures)
        on_progress(STAGE, epoch * settings.steps + number + 1, settings.epochs * settings.steps)
    return {"learning_rate": rate, "train_loss": total / max(seen, 1), "scenes": float(seen)}
