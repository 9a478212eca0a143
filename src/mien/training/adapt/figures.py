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
            pictures of each were collected says nothing of how often it is seen. Of a class that it
            never says, it counts as reading what guessing would, `chance`.
        after: Of the adapted one.
        gain: What the second has more.
        classes: The same of each class.
        chance: Share of the faces of a class that is read by guessing among all words.
        old: The gain over the classes that both read alone; None where all classes are of one kind.
        new: Mean recall of the classes that the starting model never says; None where it says all.
    """

    faces: int
    groups: int
    before: Estimate
    after: Estimate
    gain: Estimate
    classes: tuple[ClassFigures, ...]
    chance: float = 0.0
    old: Estimate | None = None
    new: Estimate | None = None

    @property
    def is_better(self) -> bool:
        """Whether the adapted model reads faces better: new classes, too, than guessing would.

        A model cannot be beaten in a word that it has not by saying that word always: what this
        costs the other classes is in the gain, of which guessing is the measure.
        """
        return self.gain.value > 0 and (self.new is None or self.new.value > self.chance)

    @property
    def is_sure(self) -> bool:
        """Whether that is unlikely to be chance: the intervals of both are above it."""
        return self.gain.low > 0 and (self.new is None or self.new.low > self.chance)


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
    never, chance = truth >= read_before, 1 / len(labels)
    right[0, never] = chance

    def shares(rows: IntArray) -> RealArray:
        one, other = _balanced(truth[rows], right[:, rows])
        old, new = (_balanced(truth[some], right[:, some]) for some in _apart(rows, never[rows]))
        return np.array([one, other, other - one, old[1] - old[0], new[1]])

    values = shares(np.arange(len(truth)))
    counts = np.array([_groups(groups), _groups(groups), 0, 0, _groups(groups[never])])
    ends = bootstrap(shares, groups, seed=seed, resamples=resamples, counts=counts)
    was, now, gain, old, new = (
        Estimate(*map(float, three)) for three in zip(values, *ends, strict=True)
    )
    return Comparison(
        faces=len(truth),
        groups=_groups(groups),
        before=was,
        after=now,
        gain=gain,
        classes=tuple(_of_classes(truth, right, labels, read_before)),
        chance=chance,
        old=old if never.any() and not never.all() else None,
        new=new if never.any() else None,
    )


def _apart(rows: IntArray, never: BoolArray) -> tuple[IntArray, IntArray]:
    return rows[~never], rows[never]


def _groups(groups: IntArray) -> int:
    return int(np.unique(groups).size)


def _balanced(truth: IntArray, right: RealArray) -> RealArray:
    """Return the mean recall of each model, [M], of what is right, [M,N]; nan of no face."""
    if not truth.size:
        return np.full(len(right), np.nan)
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
