"""How learning rates fall and weights are averaged over a run."""

import math
from collections.abc import Callable

from torch import Tensor

WARM_UP = 1.0  # epochs over which the learning rate rises


def learning_rate(highest: float, epochs: int, done: float) -> float:
    """Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter 2017).

    Args:
        highest: The highest rate.
        epochs: Epochs of the whole run.
        done: Epochs done, with a fraction.
    """
    if done < WARM_UP:
        return highest * done / WARM_UP
    span = max(epochs - WARM_UP, 1e-9)
    return highest * 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / span))


def moving_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Return how the average takes up new weights, for PyTorch's `AveragedModel`.

    It follows closely at first: with the full decay from the start, the random first weights would
    weigh on the average for epochs, and early stopping would judge them.

    Args:
        decay: Per step, once many steps are done.
    """

    def update(average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        now = min(decay, (1 + int(steps)) / (10 + int(steps)))
        return average + (current - average) * (1 - now)

    return update
