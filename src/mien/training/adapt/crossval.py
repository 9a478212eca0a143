"""Judges what would be learnt by faces that are left out, and chooses the strength by them.

The folds are nested: within the faces that a fold learns from, the strength is chosen by folds of
their own (Varma and Simon 2006, "Bias in error estimation when using cross-validation for model
selection"). So no face that is judged had a say in anything that reads it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mien.datasets.preparation.splits import assign_splits
from mien.training.adapt.head import Basis, Head, Lesson, fit_heads, softmax
from mien.types import FloatArray, IntArray, OnProgress, RealArray, ignore_progress

# From next to no change to nearly what the pictures alone say.
STRENGTHS = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
INNER_FOLDS = 4
# Of classes that are not of one size: how much the rare ones gain, as in training.
CLASS_BALANCE = 1.0
# Faces that are rehearsed in one fit: more take time and teach little.
MOST_REHEARSED = 300
STAGE = "learning and judging"


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """The faces that are learnt from.

    Attributes:
        features: float32 [N,D].
        truth: int64 [N], the row of the head that each shows.
        units: int64 [N], what stays in one fold: a person, or a photo.
    """

    features: FloatArray
    truth: IntArray
    units: IntArray

    def __len__(self) -> int:
        return len(self.truth)

    def part(self, chosen: IntArray) -> "Own":
        """Return some of the faces."""
        return Own(self.features[chosen], self.truth[chosen], self.units[chosen])

    def lesson(self, classes: int) -> Lesson:
        """Return them to fit to; those of rare classes count more, all together as many as are."""
        counts = np.bincount(self.truth, minlength=classes)[self.truth].astype(np.float64)
        weights = counts**-CLASS_BALANCE
        targets = np.eye(classes)[self.truth]
        return Lesson(self.features, targets, weights * len(self) / weights.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsed:
    """Faces that the model knew before, whose features are kept beside it.

    Attributes:
        features: float32 [M,D]; M may be 0.
        targets: float64 [M,C], what each shows, as far as that is known.
        weight: Of those of a class together, over that of a class that is learnt from.
    """

    features: FloatArray
    targets: RealArray
    weight: float

    def __len__(self) -> int:
        return len(self.targets)

    def lesson(self, of_class: float, without: IntArray) -> Lesson:
        """Return those to fit to beside so many of each class; some are left out to judge by."""
        rows = np.setdiff1d(np.arange(len(self)), without)
        rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_REHEARSED)).astype(int)]
        targets = self.targets[rows]
        counts = np.bincount(targets.argmax(axis=1))[targets.argmax(axis=1)].astype(np.float64)
        weights = self.weight * of_class * counts**-CLASS_BALANCE
        return Lesson(self.features[rows], targets, weights)


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """What learns: from where, with which faces beside one's own, how strongly pulled.

    Attributes:
        start: Where the head comes from; logits with its temperature in them.
        known: Faces that are rehearsed.
        basis: How features are measured.
        strengths: Those that are chosen from.
        seed: Of the folds.
        new: Classes of which nothing is known.
    """

    start: Head
    known: Rehearsed
    basis: Basis
    strengths: Sequence[float] = STRENGTHS
    seed: int = 0
    new: Sequence[int] = ()

    def fit(
        self, own: Own, strengths: Sequence[float], without: IntArray | None = None
    ) -> list[Head]:
        """Fit a head for each strength."""
        left_out = np.empty(0, np.int64) if without is None else without
        lesson = own.lesson(len(self.start))
        if len(self.known) and self.known.weight > 0:
            lesson = lesson.beside(
                self.known.lesson(len(own) / len(np.unique(own.truth)), left_out)
            )
        return fit_heads(self.start, lesson, self.basis, strengths, self.new)

    def losses(self, own: Own, folds: int) -> RealArray:
        """Return the log loss of each face, left out, for each strength, float64 [S,N]."""
        found = np.zeros((len(self.strengths), len(own)))
        for learnt, judged in dealt(own, folds, self.seed):
            heads = self.fit(own.part(learnt), self.strengths)
            left = own.part(judged)
            found[:, judged] = [_losses(head, left) for head in heads]
        return found

    def choose(self, own: Own, folds: int) -> float:
        """Return the strongest pull that is no worse on left-out faces than chance explains.

        The rule of one standard error (Breiman et al. 1984, "Classification and regression trees",
        section 3.4.3), of differences from the lowest loss: ten pictures have a lowest loss, too.
        """
        if len(self.strengths) == 1:
            return self.strengths[0]
        losses = self.losses(own, folds)
        apart = losses - losses[losses.mean(axis=1).argmin()]
        near = apart.mean(axis=1) <= apart.std(axis=1) / np.sqrt(len(own))
        return max(pull for pull, good in zip(self.strengths, near, strict=True) if good)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is said of faces by heads that did not learn from them.

    Attributes:
        logits: float64 [N,C], of one's own.
        known: float64 [M,C], of those that the model knew.
        strengths: What each fold chose.
    """

    logits: RealArray
    known: RealArray
    strengths: tuple[float, ...]


def judge(
    learner: Learner, own: Own, folds: int, on_progress: OnProgress = ignore_progress
) -> Judged:
    """Learn in folds, and read in each what was left out.

    Args:
        learner: What learns.
        own: The faces.
        folds: How many parts at most; fewer where there are fewer units.
        on_progress: Called with the folds done.
    """
    logits = np.zeros((len(own), len(learner.start)))
    known = learner.start.logits(learner.known.features)
    parts = list(dealt(own, folds, learner.seed))
    left = np.arange(len(known)) % len(parts)
    chosen = []
    for number, (learnt, judged) in enumerate(parts):
        some, rows = own.part(learnt), np.flatnonzero(left == number)
        chosen.append(learner.choose(some, INNER_FOLDS))
        (head,) = learner.fit(some, chosen[-1:], rows)
        logits[judged] = head.logits(own.features[judged])
        known[rows] = head.logits(learner.known.features[rows])
        on_progress(STAGE, number + 1, len(parts))
    return Judged(logits, known, tuple(chosen))


def dealt(own: Own, folds: int, seed: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Deal faces to folds, as `prepare` deals them to splits: by class, units kept together.

    Yields:
        The rows that are learnt from, and those that are judged; of folds with neither empty.
    """
    count = min(folds, len(np.unique(own.units)))
    fold = assign_splits(own.truth, own.units, [1 / count] * count, seed=seed)
    for number in range(count):
        inside = fold == number
        if inside.any() and not inside.all():
            yield np.flatnonzero(~inside), np.flatnonzero(inside)


def _losses(head: Head, own: Own) -> RealArray:
    probabilities = softmax(head.logits(own.features))[np.arange(len(own)), own.truth]
    return np.asarray(-np.log(np.maximum(probabilities, 1e-12)))
