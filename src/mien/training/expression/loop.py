"""How a network learns to read faces, epoch by epoch, and is judged."""

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mien.errors import TrainingError, one_line
from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression.faces import FaceStore
from mien.training.expression.feeding.decoders import workers_lost
from mien.training.expression.lesson import (
    Lesson,
    OnStep,
    soft_cross_entropy,
    steps_of,
    train_epoch,
)
from mien.training.expression.mobilenet import FaceMobileNet
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import TrainSettings
from mien.training.fit import RATE, STAGE, OnEpoch, Row, fit, fresh_checkpoint
from mien.training.spread import ALONE, Spread
from mien.types import FloatArray, OnProgress

JUDGED = 512  # faces that are judged at a time


def start(
    settings: TrainSettings,
    classes: int,
    compute: Compute,
    pretrained: dict[str, FloatArray] | None = None,
    *,
    spread: Spread = ALONE,
) -> Checkpoint:
    """Make the network and its optimiser as they are before the first epoch.

    Args:
        settings: The run's settings.
        classes: Classes of the data set.
        compute: Device and precision.
        pretrained: Weights that a `FaceMobileNet` starts from, by name.
        spread: Who shares the run.

    Raises:
        ValueError: The pictures are too small for the network.
        KeyError: A weight is missing.
        TrainingError: A weight has another shape.
    """
    torch.manual_seed(settings.seed)
    network = ARCHITECTURES[settings.arch](classes, settings.channels, settings.size)
    if isinstance(network, FaceMobileNet) and pretrained is not None:
        _load_pretrained(network, pretrained)
    groups = [([*network.parameters()], 1.0)]
    if isinstance(network, FaceMobileNet):
        groups = network.rates()
    network = spread.joined(network).to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
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
    on_step: OnStep = lambda _: None,
    spread: Spread = ALONE,
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
        on_step: Called after each step, as `run_folder.Kept.midway`.
        spread: Who shares the run.

    Returns:
        What went wrong; "" where nothing did.

    Raises:
        TrainingError: It diverged before there was an epoch to keep.
    """
    lesson = Lesson(checkpoint, train, settings, compute, spread)

    def one_epoch(epoch: int) -> Row:
        begun, seen = time.perf_counter(), checkpoint.part.seen
        row = train_epoch(lesson, epoch, on_progress, on_step)
        seconds = time.perf_counter() - begun
        return row | {"images_per_second": (checkpoint.part.seen - seen) / seconds}

    with workers_lost():
        problem = fit(
            checkpoint,
            epochs=settings.epochs,
            patience=settings.patience,
            highest_rate=settings.learning_rate,
            train_epoch=one_epoch,
            validate=lambda network: spread.told(lambda: validate(network, validation, compute)),
            on_epoch=on_epoch,
        )
    # Where it ended early, the bar is full all the same.
    done = len(checkpoint.history) * steps_of(train[0], settings)
    on_progress(STAGE, done, done)
    return problem


@torch.no_grad()
def predict_logits(network: nn.Module, store: FaceStore, compute: Compute) -> Tensor:
    """Return float32 logits [N,K] of a whole split, on the CPU."""
    network.eval()
    parts = []
    for faces in store.pictures(JUDGED):
        pictures = compute.pictures(faces)
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
