"""What makes a confidence honest: a temperature, and the confidence below which to say "not sure".

Both are fitted on validation faces, never on those that were learnt from or that are reported.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mien.types import ProbabilityArray

MIN_COVERAGE = 0.8


def fit_temperature(logits: Tensor, labels: npt.NDArray[np.int64]) -> float:
    """Find the temperature with the lowest negative log likelihood (Guo et al. 2017).

    Args:
        logits: float32 [N,K].
        labels: int64 [N].

    Returns:
        What to divide logits by; between 0.05 and 20.
    """
    targets = torch.from_numpy(labels)
    # The likelihood has one minimum in the temperature, so narrowing a grid finds it.
    low, high = np.log(0.05), np.log(20.0)
    for _ in range(4):
        grid = np.linspace(low, high, 41)
        losses = [
            float(torch.nn.functional.cross_entropy(logits / float(np.exp(t)), targets))
            for t in grid
        ]
        best, step = grid[int(np.argmin(losses))], grid[1] - grid[0]
        low, high = best - step, best + step
    return float(np.exp(best))


def choose_threshold(
    probabilities: ProbabilityArray, labels: npt.NDArray[np.int64], target: float
) -> float:
    """Find the confidence below which to say "not sure".

    It is the lowest confidence such that what is answered is right with at least `target`
    (selective classification, Geifman and El-Yaniv 2017); but at least 80 % of the faces are
    answered, since a tool that mostly says "not sure" helps nobody.

    Args:
        probabilities: Calibrated, float32 [N,K].
        labels: int64 [N].
        target: Wanted share of right answers, 0 to 1.

    Returns:
        A confidence in 0..1.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    hits = (probabilities.argmax(axis=1) == labels)[order]
    accuracy = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    wide_enough = np.arange(1, len(hits) + 1) >= MIN_COVERAGE * len(hits)
    good = np.flatnonzero(wide_enough & (accuracy >= target))
    answered = int(good[-1]) if len(good) else int(np.flatnonzero(wide_enough)[0])
    return round(float(confidence[order][answered]), 4)
