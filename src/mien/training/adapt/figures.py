"""How good an adapted model is beside the one that it began from, and what it has forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures.intervals import RESAMPLES, bootstrap
from mien.evaluation.figures.summary import Estimate
from mien.types import BoolArray, IntArray, RealArray


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How the faces of one class are read.

    Attributes:
        label: The class.
        faces: How many there are.
        before: Share that the starting model reads rightly; None where it does not read the class.
        after: Share that the adapted one does.
    """

    label: str
    faces: int
    before: float | None
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same faces.

    Attributes:
        faces: How many.
        groups: How many persons, photos or faces were drawn anew for the intervals.
        before: Balanced accuracy of the starting model: each class counts alike, since how many
            pictures of each were collected says nothing of how often it is seen.
        after: Of the adapted one.
        gain: What the second has more.
        classes: The same of each class.
    """

    faces: int
    groups: int
    before: Estimate
    after: Estimate
    gain: Estimate
    classes: tuple[ClassFigures, ...]

    @property
    def is_better(self) -> bool:
        """Whether the adapted model reads more faces rightly."""
        return self.gain.value > 0

    @property
    def is_sure(self) -> bool:
        """Whether that is unlikely to be chance: the interval of the gain is above 0."""
        return self.gain.low > 0


def compare(
    truth: IntArray,
    before: IntArray,
    after: IntArray,
    groups: IntArray,
    labels: Sequence[str],
    *,
    read_before: int,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare the answers of two models.

    Args:
        truth: int64 [N], number of the label that each face shows.
        before: int64 [N], what the starting model says.
        after: int64 [N], what the adapted one says.
        groups: int64 [N], what is drawn together, numbered from 0 without gaps.
        labels: What the adapted model reads.
        read_before: How many of these the starting one reads; they come first.
        seed: Of the draws.
        resamples: How many draws.
    """
    right = np.stack([before == truth, after == truth]).astype(np.float64)

    def shares(rows: IntArray) -> RealArray:
        one, other = _balanced(truth[rows], right[:, rows])
        return np.array([one, other, other - one])

    count = int(groups.max(initial=-1)) + 1
    values = shares(np.arange(len(truth)))
    low, high = bootstrap(
        shares, groups, seed=seed, resamples=resamples, counts=np.array([count, count, 0])
    )
    was, now, gain = (
        Estimate(float(a), float(b), float(c)) for a, b, c in zip(values, low, high, strict=True)
    )
    classes = tuple(_of_classes(truth, right, labels, read_before))
    return Comparison(len(truth), count, was, now, gain, classes)


def _balanced(truth: IntArray, right: RealArray) -> RealArray:
    """Return the mean recall of each model, [M], of what is right, float64 [M,N]."""
    counts = np.bincount(truth)
    there = counts > 0
    sums = [np.bincount(truth, weights=one)[there] for one in right]
    return np.array([(one / counts[there]).mean() for one in sums])


def _of_classes(
    truth: IntArray, right: RealArray, labels: Sequence[str], read_before: int
) -> list[ClassFigures]:
    rows: list[ClassFigures] = []
    for number, label in enumerate(labels):
        chosen: BoolArray = truth == number
        if chosen.any():
            before, after = right[:, chosen].mean(axis=1).tolist()
            known = before if number < read_before else None
            rows.append(ClassFigures(label, int(chosen.sum()), known, after))
    return rows
