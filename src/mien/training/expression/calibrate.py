"""What makes a confidence honest: a temperature, and the confidence below which to say "not sure".

Both are fitted on validation faces, never on those that were learnt from or that are reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.models.decision import certainty, is_sure, split
from mien.types import FloatArray, ProbabilityArray

MIN_COVERAGE = 0.8
# In the place of a label, for a face whose class is not read.
NOT_READ = -1


@dataclass(frozen=True, slots=True)
class Validated:
    """What a calibrated model says of the validation faces.

    Attributes:
        accuracy: Share of the faces of classes that are read whose most probable label is right.
        answered: Share of these that get a word.
        others: Share of the faces of other classes that get a word; None where there are none.
    """

    accuracy: float
    answered: float
    others: float | None


def fit_temperature(logits: FloatArray, labels: npt.NDArray[np.int64]) -> float:
    """Find the temperature with the lowest negative log likelihood (Guo et al. 2017).

    Args:
        logits: float32 [N,K].
        labels: int64 [N].

    Returns:
        What to divide logits by; between 0.05 and 20.
    """
    # The likelihood has one minimum in the temperature, so narrowing a grid finds it.
    low, high = np.log(0.05), np.log(20.0)
    for _ in range(4):
        grid = np.linspace(low, high, 41)
        losses = [cross_entropy(logits / np.float32(np.exp(t)), labels) for t in grid]
        best, step = grid[int(np.argmin(losses))], grid[1] - grid[0]
        low, high = best - step, best + step
    return float(np.exp(best))


def cross_entropy(logits: FloatArray, labels: npt.NDArray[np.int64]) -> float:
    """Return the mean negative log likelihood of labels, int64 [N], under logits, [N,K]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - chosen))


def choose_threshold(
    outcomes: ProbabilityArray,
    labels: npt.NDArray[np.int64],
    target: float,
    *,
    other: bool = False,
) -> float:
    """Find the probability of being right below which to say "not sure".

    It is the lowest with a selective accuracy of at least `target`
    (selective classification, Geifman and El-Yaniv 2017); but at least 80 % of the faces of classes
    that are read are answered, since a tool that mostly says "not sure" helps nobody. Faces of
    other classes count among the answers, all of which are wrong for them; those that are taken for
    something else get none, whatever the threshold is (`mien.models.decision`).

    Args:
        outcomes: Calibrated, float32 [N,K], or [N,K+1] with something else last.
        labels: int64 [N]; `NOT_READ` for a face of another class.
        target: Wanted share of right answers, 0 to 1.
        other: Whether there is that last column.

    Returns:
        A probability in 0..1; 1 where every face is taken for something else.
    """
    probabilities, rest = split(outcomes, other=other)
    scores, may = certainty(probabilities, rest), is_sure(probabilities, rest, 0)
    order = np.argsort(-scores, kind="stable")
    order = order[may[order]]
    if not order.size:
        return 1.0
    hits = (probabilities.argmax(axis=1) == labels)[order]
    accuracy = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    read = labels != NOT_READ
    # Where too few may be answered at all, all of them are.
    enough = min(MIN_COVERAGE * read.sum(), read[order].sum())
    wide_enough = np.cumsum(read[order]) >= enough
    good = np.flatnonzero(wide_enough & (accuracy >= target))
    answered = int(good[-1]) if len(good) else int(np.flatnonzero(wide_enough)[0])
    return round(float(scores[order][answered]), 4)


def validate(
    outcomes: ProbabilityArray,
    labels: npt.NDArray[np.int64],
    *,
    other: bool,
    not_sure_below: float,
) -> Validated:
    """Say how the validation faces are read.

    Args:
        outcomes: What the bundle's graph says, float32 [N,K], or [N,K+1] with something else last.
        labels: int64 [N]; `NOT_READ` for a face of another class.
        other: Whether there is that last column.
        not_sure_below: The bundle's.
    """
    probabilities, rest = split(outcomes, other=other)
    read, said = labels != NOT_READ, is_sure(probabilities, rest, not_sure_below)
    right = probabilities.argmax(axis=1) == labels
    return Validated(
        accuracy=float(right[read].mean()),
        answered=float(said[read].mean()),
        others=None if read.all() else float(said[~read].mean()),
    )


def as_read(labels: npt.NDArray[np.int64], reads: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return the numbers of classes in the order in which they are read; else `NOT_READ`.

    Args:
        labels: int64 [N], numbers of classes of the data set.
        reads: Numbers of the classes that are read, in the order of the bundle.
    """
    places = {label: place for place, label in enumerate(reads)}
    return np.array([places.get(label, NOT_READ) for label in labels.tolist()], dtype=np.int64)
