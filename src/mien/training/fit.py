"""The epochs of any run: train, validate, keep the best, stop when it no longer gets better.

What an epoch learns from and is judged by is the caller's. All randomness of a step is to be
seeded by (seed, epoch, step), so that a run which was killed and resumed ends with the same
weights as one that was not.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.training.checkpoint import Checkpoint, Part
from mien.training.schedule import MovingAverage, learning_rate
from mien.training.spread import ALONE, Spread

Row = dict[str, float]
OnEpoch = Callable[[Row], None]
# Of a group of parameters: its learning rate over that of the run.
RATE = "rate"
# What the bar of a run is called: one for all its epochs, so that the time left is that of the run.
STAGE = "training"


def fresh_checkpoint(
    network: nn.Module,
    groups: Sequence[dict[str, Any]],
    *,
    learning_rate: float,
    weight_decay: float,
    average_decay: float,
) -> Checkpoint:
    """Return a network with its optimiser, as they are before the first epoch.

    Args:
        network: On its device.
        groups: Its parameters as AdamW takes them (Loshchilov and Hutter 2019), each group perhaps
            with a "rate": its learning rate over that of the run.
        learning_rate: The highest one.
        weight_decay: Of groups that name none.
        average_decay: Decay per step of the moving average of the weights.
    """
    optimizer = torch.optim.AdamW(
        [{RATE: 1.0, **group} for group in groups], lr=learning_rate, weight_decay=weight_decay
    )
    average = MovingAverage(network, average_decay)
    return Checkpoint(network, average, optimizer, best={}, history=[])


def fit(
    checkpoint: Checkpoint,
    *,
    epochs: int,
    patience: int | None,
    highest_rate: float,
    train_epoch: Callable[[int], Row],
    validate: Callable[[nn.Module], Row],
    on_epoch: OnEpoch,
) -> str:
    """Train until the validation loss has not fallen for `patience` epochs, or to the last epoch.

    A run that diverges ends before that: `checkpoint.best` and the history are of the epochs
    before, and `on_epoch` is not called with the one that was lost.

    Args:
        checkpoint: What changes; starts fresh or loaded.
        epochs: The last one.
        patience: Epochs without a better validation loss; None to go on to the last one.
        highest_rate: Highest learning rate, for what is said of a run that diverged.
        train_epoch: Learns for one epoch, given its number from 0, or for what `checkpoint.part`
            leaves of it; returns `train_loss` and more.
        validate: Judges the average of the weights; returns `validation_loss` and more.
        on_epoch: Called with each finished epoch, when `checkpoint` is up to date.

    Returns:
        What went wrong, as `divergence` says it; "" where nothing did.

    Raises:
        TrainingError: It diverged before there was an epoch to keep.
    """
    while unfinished(checkpoint, epochs, patience):
        row = train_epoch(len(checkpoint.history)) | validate(checkpoint.average)
        if problem := divergence(checkpoint, row, highest_rate):
            return problem
        if row["validation_loss"] < best_loss(checkpoint.history):
            checkpoint.keep_best()
        checkpoint.history.append({"epoch": len(checkpoint.history) + 1.0, **row})
        checkpoint.part = Part()
        on_epoch(checkpoint.history[-1])
    return ""


def set_rate(checkpoint: Checkpoint, highest: float, epochs: int, done: float) -> float:
    """Set the learning rate of a step, and return it.

    Args:
        checkpoint: Its optimiser is set.
        highest: The highest rate.
        epochs: Epochs of the whole run.
        done: Epochs done, with a fraction.
    """
    rate = learning_rate(highest, epochs, done)
    for group in checkpoint.optimizer.param_groups:
        group["lr"] = rate * group[RATE]
    return rate


def step(
    checkpoint: Checkpoint, loss: Tensor, *, largest: float | None = None, spread: Spread = ALONE
) -> None:
    """Learn from the loss of one batch, and let the average follow.

    Args:
        checkpoint: What changes.
        loss: A scalar with its gradient.
        largest: Norm to which gradients are cut; None to leave them.
        spread: Who shares the batch.
    """
    checkpoint.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if largest is not None:
        torch.nn.utils.clip_grad_norm_(checkpoint.network.parameters(), largest)
    checkpoint.optimizer.step()
    spread.level(checkpoint.network)
    checkpoint.average.update_parameters(checkpoint.network)


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
    kept = best_row(checkpoint.history)["epoch"]
    return f"{problem}; the bundle is of epoch {kept:.0f}, the best before"


def best_row(history: Sequence[Row]) -> Row:
    """Return the row of the epoch whose weights are kept."""
    return min(history, key=lambda row: row["validation_loss"])


def best_loss(history: Sequence[Row]) -> float:
    """Lowest validation loss so far; infinite before the first epoch."""
    return min((row["validation_loss"] for row in history), default=math.inf)


def unfinished(checkpoint: Checkpoint, epochs: int, patience: int | None) -> bool:
    """Whether there are epochs to come."""
    return len(checkpoint.history) < epochs and not exhausted(checkpoint, patience)


def exhausted(checkpoint: Checkpoint, patience: int | None) -> bool:
    """Whether patience has run out."""
    losses = [row["validation_loss"] for row in checkpoint.history]
    return (
        patience is not None
        and bool(losses)
        and len(losses) - 1 - int(np.argmin(losses)) >= patience
    )
