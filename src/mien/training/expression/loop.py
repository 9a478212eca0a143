"""How a network learns to read faces, epoch by epoch, and is judged."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mien.errors import TrainingError, one_line
from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression.augment import augment, mirror
from mien.training.expression.faces import FaceStore
from mien.training.expression.mobilenet import FaceMobileNet
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import TrainSettings
from mien.training.fit import RATE, STAGE, OnEpoch, Row, fit, fresh_checkpoint, set_rate, step
from mien.types import FloatArray, OnProgress

CALM = 1 / 3  # of the pictures that are otherwise degraded, in calm epochs


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
    groups = [([*network.parameters()], 1.0)]
    if isinstance(network, FaceMobileNet):
        groups = network.rates()
    return fresh_checkpoint(
        network,
        [{"params": parameters, RATE: rate} for parameters, rate in groups],
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        average_decay=settings.average_decay,
    )


def _load_pretrained(network: FaceMobileNet, weights: dict[str, FloatArray]) -> None:
    try:
        network.load_pretrained(weights)
    except (ValueError, IndexError) as error:
        raise TrainingError(
            f"--pretrained: not the weights of the face recogniser ({one_line(error)}); name "
            "faceres-deep.json, see docs/experiments.md"
        ) from error


def learn(
    checkpoint: Checkpoint,
    train: Sequence[FaceStore],
    validation: FaceStore,
    settings: TrainSettings,
    compute: Compute,
    *,
    on_epoch: OnEpoch,
    on_progress: OnProgress,
) -> str:
    """Train on faces until there is nothing more to gain; see `mien.training.fit.fit`.

    Args:
        checkpoint: What changes; starts fresh or loaded.
        train: Faces to learn from; epochs take several stores in turn.
        validation: Faces to judge by.
        settings: The run's settings.
        compute: Device and precision.
        on_epoch: Called with each finished epoch.
        on_progress: Called after each step.

    Returns:
        What went wrong; "" where nothing did.

    Raises:
        TrainingError: It diverged before there was an epoch to keep.
    """
    weights = class_weights(train[0], settings.class_balance).to(compute.device)

    def train_epoch(epoch: int) -> Row:
        begun, store = time.perf_counter(), train[epoch % len(train)]
        row = _train_epoch(checkpoint, store, settings, compute, weights, on_progress)
        return row | {"images_per_second": len(store) / (time.perf_counter() - begun)}

    problem = fit(
        checkpoint,
        epochs=settings.epochs,
        patience=settings.patience,
        highest_rate=settings.learning_rate,
        train_epoch=train_epoch,
        validate=lambda network: validate(network, validation, compute),
        on_epoch=on_epoch,
    )
    # Where it ended early, the bar is full all the same.
    done = len(checkpoint.history) * steps_of(train[0], settings)
    on_progress(STAGE, done, done)
    return problem


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
        The loss and the number of correct faces, both without gradient.
    """
    with compute.autocast():
        logits = checkpoint.network(pictures)
    loss = soft_cross_entropy(logits, soft, weights)
    step(checkpoint, loss)
    return loss.detach(), (logits.detach().argmax(1) == soft.argmax(1)).sum()


def steps_of(store: FaceStore, settings: TrainSettings) -> int:
    """Return how many batches `batches` gives."""
    return max(1, len(store) // settings.batch_size)


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
    steps = steps_of(store, settings)
    total, correct = torch.zeros((2,), device=compute.device)
    seen, rate = 0, 0.0
    for number, chosen in enumerate(batches(len(store), settings.batch_size, settings.seed, epoch)):
        # In the middle of a step: where an epoch is one step, none runs at the lowest rate alone.
        done = epoch + (number + 0.5) / steps
        rate = set_rate(checkpoint, settings.learning_rate, settings.epochs, done)
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
        on_progress(STAGE, epoch * steps + number + 1, settings.epochs * steps)
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
