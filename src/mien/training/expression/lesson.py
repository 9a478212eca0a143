"""One epoch of learning: batches, random changes, loss, steps."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mien.training.checkpoint import Checkpoint, Part
from mien.training.device import Compute
from mien.training.expression.augment import augment, mirror
from mien.training.expression.faces import FaceStore, Rows
from mien.training.expression.feeding.ahead import ahead
from mien.training.expression.feeding.order import MEGABYTE
from mien.training.expression.settings import TrainSettings
from mien.training.fit import STAGE, Row, set_rate, step
from mien.training.randomness import Draws, key_of
from mien.training.spread import ALONE, Spread
from mien.types import OnProgress

CALM = 1 / 3  # of the pictures that are otherwise degraded, in calm epochs
READY = 2  # batches that lie ready for a GPU
CHANGE, DROP = 0, 1  # kinds of randomness
OnStep = Callable[[Callable[[], None]], None]


def class_weights(store: FaceStore, balance: float) -> Tensor:
    """Weight per class, float32 [K]: rare classes count more, by the power `balance`."""
    share = store.shares()
    weights = (1.0 / np.maximum(share, 1e-6)) ** balance
    return torch.tensor(weights / (weights * share).sum(), dtype=torch.float32)


def soft_cross_entropy(
    logits: Tensor, soft: Tensor, weights: Tensor | None = None, total: float | None = None
) -> Tensor:
    """Cross-entropy against label distributions [N,K], weighted by class [K].

    The sum of a row of `soft` is how much that face counts; `total`, of all of them, which are the
    rows of this batch unless others have a share of it.
    """
    share = soft if weights is None else soft * weights
    return -(share * F.log_softmax(logits.float(), dim=1)).sum() / (total or share.sum())


def train_step(
    checkpoint: Checkpoint,
    pictures: Tensor,
    soft: Tensor,
    weights: Tensor,
    compute: Compute,
    *,
    learner: nn.Module | None = None,
    total: float | None = None,
    spread: Spread = ALONE,
) -> tuple[Tensor, Tensor]:
    """Learn from one batch, or from a share of it.

    Args:
        checkpoint: What changes.
        pictures: float [N,C,S,S] in 0..1.
        soft: float32 [N,K]; the sum of a row is how much that face counts.
        weights: float32 [K].
        compute: Device and precision.
        learner: What is called for the network, where that is wrapped.
        total: How much the faces of the whole batch count, over the number of ranks; those of
            this share unless given.
        spread: Who shares the batch.

    Returns:
        The loss and the number of correct faces, both without gradient.
    """
    with compute.autocast():
        logits = (checkpoint.network if learner is None else learner)(pictures)
    loss = soft_cross_entropy(logits, soft, weights, total)
    step(checkpoint, loss, spread=spread)
    return loss.detach(), (logits.detach().argmax(1) == soft.argmax(1)).sum()


def steps_of(store: FaceStore, settings: TrainSettings) -> int:
    """Return how many batches an epoch has."""
    return max(1, len(store) // settings.batch_size)


class Lesson:
    """What a run learns from, and by which means."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        stores: Sequence[FaceStore],
        settings: TrainSettings,
        compute: Compute,
        spread: Spread,
    ) -> None:
        self.checkpoint, self.settings, self.compute = checkpoint, settings, compute
        self.stores, self.spread = stores, spread
        weights = class_weights(stores[0], settings.class_balance)
        self._counts = weights.numpy()
        self._weights = weights.to(compute.device)
        self._learner = spread.learner(compute.compiled(checkpoint.network))

    def store(self, epoch: int) -> FaceStore:
        """Return the faces of an epoch."""
        return self.stores[epoch % len(self.stores)]

    def batches(self, epoch: int) -> Iterator[tuple[Rows, Rows, Any]]:
        """Yield what is left of an epoch: rows, those of this process, and their pictures."""
        settings, skip = self.settings, self.checkpoint.part.steps
        buffer = settings.shuffle_buffer * MEGABYTE
        share = self.spread.share
        fed = self.store(epoch).epoch(
            settings.batch_size, settings.seed, epoch, buffer, share, skip
        )
        return ahead(fed, READY) if self.compute.device.type == "cuda" else fed

    def step(self, epoch: int, number: int, rows: Rows, own: Rows, faces: Any) -> Tensor:
        """Learn from a batch; return the sum of its loss over the faces, and how many were right.

        Both over all processes, float32 [2].
        """
        store, spread = self.store(epoch), self.spread
        torch.manual_seed(key_of(self.settings.seed, epoch, DROP, number, spread.rank))
        pictures = self._changed(self.compute.pictures(faces), own, epoch)
        soft = torch.from_numpy(store.soft[own] * store.weights[own, None])
        counted = store.soft[rows] * store.weights[rows, None] * self._counts
        loss, hits = train_step(
            self.checkpoint,
            pictures,
            self.compute.moved(soft),
            self._weights,
            self.compute,
            learner=self._learner,
            total=float(counted.sum()) / spread.ranks,
            spread=spread,
        )
        return spread.sum(torch.stack([loss * (len(rows) / spread.ranks), hits.to(loss.dtype)]))

    def _changed(self, pictures: Tensor, rows: Rows, epoch: int) -> Tensor:
        if not self.settings.augment:
            return pictures
        draws = Draws(rows, self.settings.seed, epoch, CHANGE, device=pictures.device)
        if self.store(epoch).changed:
            return mirror(pictures, draws)
        calm = epoch >= self.settings.epochs - self.settings.calm_epochs
        return augment(pictures, draws, CALM if calm else 1.0)


def train_epoch(lesson: Lesson, epoch: int, on_progress: OnProgress, on_step: OnStep) -> Row:
    """Learn for one epoch, or for what the checkpoint's `part` leaves of it.

    Args:
        lesson: What is learnt from.
        epoch: Its number.
        on_progress: Called after each step.
        on_step: Called after each step but the last, with what brings the checkpoint up to date.

    Returns:
        The epoch's learning rate at its end, loss and accuracy.
    """
    checkpoint, settings = lesson.checkpoint, lesson.settings
    checkpoint.network.train()
    steps = steps_of(lesson.store(epoch), settings)
    part, rate = checkpoint.part, 0.0
    seen, number = part.seen, part.steps
    sums = torch.tensor([part.loss, part.hits], device=lesson.compute.device)

    def update() -> None:
        loss, hits = sums.tolist()
        checkpoint.part = Part(number, loss, hits, seen)

    for rows, own, faces in lesson.batches(epoch):
        # In the middle of a step: where an epoch is one step, none runs at the lowest rate alone.
        done = epoch + (number + 0.5) / steps
        rate = set_rate(checkpoint, settings.learning_rate, settings.epochs, done)
        sums += lesson.step(epoch, number, rows, own, faces)
        seen, number = seen + len(rows), number + 1
        on_progress(STAGE, epoch * steps + number, settings.epochs * steps)
        if number < steps:
            on_step(update)
    update()
    return {
        "learning_rate": rate,
        "train_loss": checkpoint.part.loss / seen,
        "train_accuracy": checkpoint.part.hits / seen,
    }
