"""The epochs: train, validate, keep the best, stop when it no longer gets better.

All randomness of an epoch is seeded by (seed, epoch), so a run that was killed and resumed ends
with the same weights as one that was not.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim.swa_utils import AveragedModel

from mien.errors import TrainingError, one_line
from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression.augment import augment, mirror
from mien.training.expression.faces import FaceStore
from mien.training.expression.mobilenet import FaceMobileNet
from mien.training.expression.network import ARCHITECTURES
from mien.training.schedule import learning_rate, moving_average
from mien.training.settings import TrainSettings
from mien.types import FloatArray, OnProgress

CALM = 1 / 3  # of the pictures that are otherwise made worse, in calm epochs
Row = dict[str, float]


def start(
    settings: TrainSettings,
    classes: int,
    compute: Compute,
    pretrained: dict[str, FloatArray] | None = None,
) -> Checkpoint:
    """Make the network and its optimiser as they are before the first epoch.

    Args:
        settings: The run's settings.
        classes: Classes of the data set.
        compute: Device and precision.
        pretrained: Weights that a `FaceMobileNet` starts from, by name.

    Raises:
        ValueError: The pictures are too small for the network.
        KeyError: A weight is missing.
        TrainingError: A weight has another shape.
    """
    torch.manual_seed(settings.seed)
    network = ARCHITECTURES[settings.arch](classes, settings.channels, settings.size)
    if isinstance(network, FaceMobileNet) and pretrained is not None:
        _load_pretrained(network, pretrained)
    network = network.to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = network.rates() if isinstance(network, FaceMobileNet) else None
    optimizer = torch.optim.AdamW(
        [{"params": p, "rate": rate} for p, rate in groups or [(network.parameters(), 1.0)]],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    average = AveragedModel(
        network, avg_fn=moving_average(settings.average_decay), use_buffers=True
    )
    return Checkpoint(network, average, optimizer, best={}, history=[])


def _load_pretrained(network: FaceMobileNet, weights: dict[str, FloatArray]) -> None:
    try:
        network.load_pretrained(weights)
    except (ValueError, IndexError) as error:
        raise TrainingError(
            f"--pretrained: not the weights of the face recogniser ({one_line(error)}); name "
            "faceres-deep.json, see docs/experiments.md"
        ) from error


def fit(
    checkpoint: Checkpoint,
    train: Sequence[FaceStore],
    validation: FaceStore,
    settings: TrainSettings,
    compute: Compute,
    *,
    on_epoch: Callable[[Row], None],
    on_progress: OnProgress,
) -> str:
    """Train until the validation loss has not fallen for `patience` epochs, or to the last epoch.

    A run that diverges ends before that: `checkpoint.best` and the history are of the epochs
    before, and `on_epoch` is not told of the one that was lost.

    Args:
        checkpoint: What changes; starts fresh or loaded.
        train: Faces to learn from; epochs take several stores in turn.
        validation: Faces to judge by.
        settings: The run's settings.
        compute: Device and precision.
        on_epoch: Told of each finished epoch, when `checkpoint` is up to date.
        on_progress: Told of each step.

    Returns:
        What went wrong, as `divergence` says it; "" where nothing did.

    Raises:
        TrainingError: It diverged before there was an epoch to keep.
    """
    weights = class_weights(train[0], settings.class_balance).to(compute.device)
    while unfinished(checkpoint, settings):
        begun = time.perf_counter()
        store = train[len(checkpoint.history) % len(train)]
        row = _train_epoch(checkpoint, store, settings, compute, weights, on_progress)
        row["images_per_second"] = len(store) / (time.perf_counter() - begun)
        row |= validate(checkpoint.average, validation, compute)
        if problem := divergence(checkpoint, row, settings.learning_rate):
            return problem
        if row["validation_loss"] < best_loss(checkpoint.history):
            checkpoint.keep_best()
        checkpoint.history.append({"epoch": len(checkpoint.history) + 1.0, **row})
        on_epoch(checkpoint.history[-1])
    return ""


def divergence(checkpoint: Checkpoint, row: Row, rate: float) -> str:
    """Say that an epoch's losses are no numbers any more, and what is kept; "" where they are.

    Args:
        checkpoint: As it was before the epoch was added.
        row: The epoch's figures.
        rate: The highest learning rate.

    Raises:
        TrainingError: They are none, and there was no epoch before.
    """
    losses = [row["train_loss"], row["validation_loss"]]
    if all(map(math.isfinite, losses)):
        return ""
    lost = next(loss for loss in losses if not math.isfinite(loss))
    problem = (
        f"the loss became {lost} in epoch {len(checkpoint.history) + 1}: the run diverged; take a "
        f"lower --learning-rate (it was {rate:g}) and another --out"
    )
    if not checkpoint.best:
        raise TrainingError(f"{problem}; no epoch could be kept")
    return f"{problem}; the bundle is of epoch {best_row(checkpoint)['epoch']:.0f}, the best before"


def best_row(checkpoint: Checkpoint) -> Row:
    """Return the row of the epoch whose weights are kept."""
    return min(checkpoint.history, key=lambda row: row["validation_loss"])


def unfinished(checkpoint: Checkpoint, settings: TrainSettings) -> bool:
    """Whether there are epochs to come."""
    return len(checkpoint.history) < settings.epochs and not exhausted(checkpoint, settings)


def exhausted(checkpoint: Checkpoint, settings: TrainSettings) -> bool:
    """Whether patience has run out."""
    losses = [row["validation_loss"] for row in checkpoint.history]
    return bool(losses) and len(losses) - 1 - int(np.argmin(losses)) >= settings.patience


def best_loss(history: list[Row]) -> float:
    """Lowest validation loss so far; infinite before the first epoch."""
    return min((row["validation_loss"] for row in history), default=math.inf)


def class_weights(store: FaceStore, balance: float) -> Tensor:
    """Weight per class, float32 [K]: rare classes count more, by the power `balance`."""
    share = store.shares()
    weights = (1.0 / np.maximum(share, 1e-6)) ** balance
    return torch.tensor(weights / (weights * share).sum(), dtype=torch.float32)


def soft_cross_entropy(logits: Tensor, soft: Tensor, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy against label distributions [N,K], weighted by class [K].

    The sum of a row of `soft` is how much that face counts.
    """
    share = soft if weights is None else soft * weights
    return -(share * F.log_softmax(logits.float(), dim=1)).sum() / share.sum()


def batches(count: int, size: int, seed: int, epoch: int) -> Iterator[npt.NDArray[np.intp]]:
    """Yield index arrays that pass over the rows in an order set by seed and epoch.

    Rows that do not fill a last batch are left for another epoch, because batch normalisation
    needs more than a few faces; where there are fewer rows than a batch, all are one batch.
    """
    order = np.random.default_rng((seed, epoch)).permutation(count)
    for begin in range(0, max(count - size, 0) + 1, size):
        # Sorted, because neighbours in a memory-mapped file are read together.
        yield np.sort(order[begin : begin + size])


@torch.no_grad()
def predict_logits(network: nn.Module, store: FaceStore, compute: Compute) -> Tensor:
    """Return float32 logits [N,K] of a whole split, on the CPU."""
    network.eval()
    parts = []
    for begin in range(0, len(store), 512):
        pictures = compute.pictures(store.images[begin : begin + 512])
        with compute.autocast():
            parts.append(network(pictures).float().cpu())
    return torch.cat(parts)


def validate(network: nn.Module, store: FaceStore, compute: Compute) -> Row:
    """Return loss, accuracy and balanced accuracy on a split."""
    logits = predict_logits(network, store, compute)
    hit = (logits.argmax(1).numpy() == store.labels).astype(np.float64)
    recalls = [hit[store.labels == label].mean() for label in np.unique(store.labels)]
    counted = torch.from_numpy(store.soft * store.weights[:, None])
    return {
        "validation_loss": float(soft_cross_entropy(logits, counted)),
        "validation_accuracy": float(hit.mean()),
        "validation_balanced_accuracy": float(np.mean(recalls)),
        **{
            f"validation_accuracy_{name}": float(hit[store.source == number].mean())
            for number, name in enumerate(store.sources)
            if name and (store.source == number).any()
        },
    }


def train_step(
    checkpoint: Checkpoint, pictures: Tensor, soft: Tensor, weights: Tensor, compute: Compute
) -> tuple[Tensor, Tensor]:
    """Learn from one batch.

    Args:
        checkpoint: What changes.
        pictures: float [N,C,S,S] in 0..1.
        soft: float32 [N,K]; the sum of a row is how much that face counts.
        weights: float32 [K].
        compute: Device and precision.

    Returns:
        The loss and the number of faces read rightly, both without gradient.
    """
    with compute.autocast():
        logits = checkpoint.network(pictures)
    loss = soft_cross_entropy(logits, soft, weights)
    checkpoint.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    checkpoint.optimizer.step()
    checkpoint.average.update_parameters(checkpoint.network)
    return loss.detach(), (logits.detach().argmax(1) == soft.argmax(1)).sum()


def _train_epoch(
    checkpoint: Checkpoint,
    store: FaceStore,
    settings: TrainSettings,
    compute: Compute,
    weights: Tensor,
    on_progress: OnProgress,
) -> Row:
    epoch = len(checkpoint.history)
    generator = _seed(settings.seed, epoch, compute)
    checkpoint.network.train()
    steps = max(1, len(store) // settings.batch_size)
    total, correct = torch.zeros((2,), device=compute.device)
    seen, rate = 0, 0.0
    for step, chosen in enumerate(batches(len(store), settings.batch_size, settings.seed, epoch)):
        # In the middle of a step: where an epoch is one step, none runs at the lowest rate alone.
        done = epoch + (step + 0.5) / steps
        rate = learning_rate(settings.learning_rate, settings.epochs, done)
        for group in checkpoint.optimizer.param_groups:
            group["lr"] = rate * group["rate"]
        pictures = compute.pictures(store.images[chosen])
        if settings.augment and store.changed:
            pictures = mirror(pictures, generator)
        elif settings.augment:
            calm = epoch >= settings.epochs - settings.calm_epochs
            pictures = augment(pictures, generator, CALM if calm else 1.0)
        counted = store.soft[chosen] * store.weights[chosen, None]
        soft = torch.from_numpy(counted).to(compute.device)
        loss, hits = train_step(checkpoint, pictures, soft, weights, compute)
        total, correct, seen = total + loss * len(chosen), correct + hits, seen + len(chosen)
        on_progress(f"epoch {epoch + 1}/{settings.epochs}", seen, len(store))
    return {
        "learning_rate": rate,
        "train_loss": float(total) / seen,
        "train_accuracy": float(correct) / seen,
    }


def _seed(seed: int, epoch: int, compute: Compute) -> torch.Generator:
    """Seed what dropout draws from, and return the generator that augmentation draws from."""
    dropout, augmentation = np.random.SeedSequence((seed, epoch)).generate_state(2, np.uint32)
    torch.manual_seed(int(dropout))
    return torch.Generator(compute.device).manual_seed(int(augmentation))
