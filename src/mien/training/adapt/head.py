"""The last layer of a network, and how it is fitted to a few faces from where it is.

Multinomial logistic regression on pooled features, whose prior is the layer that is there: what is
penalised is the change, so that few pictures change little (a Gaussian prior on the weights whose
mean is what was learnt before; Chelba and Acero, "Adaptation of maximum entropy capitalizer: little
data can help a lot", EMNLP 2004). The likelihood is bounded by a quadratic that is the same in
every step (Böhning 1992, "Multinomial logistic regression algorithm"), so that a fit inverts one
matrix and needs no line search; the steps are accelerated, and begin anew where that overshoots
(Nesterov 1983; O'Donoghue and Candès 2015). It is convex, so that it does not matter where it
begins.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from mien.types import FloatArray, IntArray, RealArray

MOST_STEPS = 400
# Of a logit, from one step to the next: far below what changes a word.
SMALL_CHANGE = 1e-3
# The most by which rows are pulled of which nothing is known: there is nothing to keep.
PULL_OF_NEW = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear layer.

    Attributes:
        weight: float64 [C,D].
        bias: float64 [C].
    """

    weight: RealArray
    bias: RealArray

    def __len__(self) -> int:
        return len(self.bias)

    def logits(self, features: FloatArray) -> RealArray:
        """Map features [N,D] to logits, float64 [N,C]."""
        return np.asarray(features.astype(np.float64) @ self.weight.T + self.bias)

    def rows(self, chosen: IntArray) -> "Head":
        """Return some of the classes, in this order."""
        return Head(self.weight[chosen], self.bias[chosen])

    def with_new(self, count: int) -> "Head":
        """Return it with classes of which nothing is known: each begins as the mean of the others.

        A row of zeros would begin far from them, since what all classes share adds up in each row.
        """
        weight = np.repeat(self.weight.mean(axis=0)[None], count, axis=0)
        return Head(
            np.concatenate([self.weight, weight]),
            np.concatenate([self.bias, np.full(count, self.bias.mean())]),
        )

    def divided(self, temperature: float) -> "Head":
        """Return the layer whose logits are these over a temperature."""
        return Head(self.weight / temperature, self.bias / temperature)

    def rounded(self) -> "Head":
        """Return it with weights that 16 bits hold, and biases that 32 bits do."""
        weight = self.weight.astype(np.float16).astype(np.float64)
        return Head(weight, self.bias.astype(np.float32).astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """How features are measured: centred, and so scaled that a face is about one long.

    A penalty means the same then whatever network the features are of.

    Attributes:
        mean: float64 [D].
        scale: Of all features.
    """

    mean: RealArray
    scale: float

    @classmethod
    def of(cls, features: FloatArray) -> "Basis":
        """Return the basis of some faces, [N,D]."""
        values = features.astype(np.float64)
        mean = values.mean(axis=0)
        length = float(np.sqrt(np.mean(np.sum((values - mean) ** 2, axis=1))))
        return cls(mean, 1 / length if length > 0 else 1.0)

    def of_faces(self, features: FloatArray) -> RealArray:
        """Return faces as the fit sees them, with a one for the bias: float64 [N,D+1]."""
        values = (features.astype(np.float64) - self.mean) * self.scale
        return np.concatenate([values, np.ones((len(values), 1))], axis=1)

    def add(self, start: Head, change: RealArray) -> Head:
        """Return a layer with a change, float64 [C,D+1], that was found in this basis."""
        weight = change[:, :-1] * self.scale
        return Head(start.weight + weight, start.bias + change[:, -1] - weight @ self.mean)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Faces to fit to.

    Attributes:
        features: float32 [N,D].
        targets: float64 [N,C], what each shows; rows sum to one.
        weights: float64 [N], how much each counts.
    """

    features: FloatArray
    targets: RealArray
    weights: RealArray

    def part(self, chosen: IntArray) -> "Lesson":
        """Return some of the faces."""
        return Lesson(self.features[chosen], self.targets[chosen], self.weights[chosen])

    def beside(self, other: "Lesson") -> "Lesson":
        """Return these faces and others."""
        return Lesson(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
        )


def fit_heads(
    start: Head,
    lesson: Lesson,
    basis: Basis,
    strengths: Sequence[float],
    new: Collection[int] = (),
) -> list[Head]:
    """Fit a layer for each strength of the pull towards the one that is there.

    Args:
        start: Where it comes from, and what it is pulled towards.
        lesson: The faces.
        basis: How features are measured.
        strengths: What half the squared change is multiplied by; each above 0.
        new: Classes of which nothing is known; their rows are pulled by `PULL_OF_NEW` at most.

    Returns:
        A layer for each of them.
    """
    faces = basis.of_faces(lesson.features)
    offset = start.logits(lesson.features)
    order = sorted(range(len(strengths)), key=lambda number: -strengths[number])
    change, found = np.zeros((len(start), faces.shape[1])), {}
    for number in order:  # each begins where the stronger pull ended
        pulls = np.full(len(start), strengths[number])
        pulls[list(new)] = min(strengths[number], PULL_OF_NEW)
        change = _fit(faces, offset, lesson, pulls, change)
        found[number] = basis.add(start, change)
    return [found[number] for number in range(len(strengths))]


def _fit(
    faces: RealArray, offset: RealArray, lesson: Lesson, pulls: RealArray, change: RealArray
) -> RealArray:
    """Fit the change, float64 [C,D+1], from where it is; each class has a pull of its own, [C]."""
    weighed = faces * lesson.weights[:, None]
    bound, one = 0.5 * faces.T @ weighed, np.eye(faces.shape[1])
    kinds, which = np.unique(pulls, return_inverse=True)
    inverses = [np.linalg.inv(bound + pull * one) for pull in kinds]
    members = [np.flatnonzero(which == kind) for kind in range(len(kinds))]
    ahead, speed = change, 1.0
    for _ in range(MOST_STEPS):
        wrong = softmax(offset + faces @ ahead.T) - lesson.targets
        slope = wrong.T @ weighed + pulls[:, None] * ahead
        step = np.empty_like(slope)
        for rows, inverse in zip(members, inverses, strict=True):
            step[rows] = slope[rows] @ inverse
        new = ahead - step
        if float(np.abs(faces @ step.T).max()) < SMALL_CHANGE:
            return new
        if float(np.sum(step * (new - change))) > 0:  # it overshot
            ahead, speed = new, 1.0
        else:
            faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
            ahead, speed = new + (speed - 1) / faster * (new - change), faster
        change = new
    return change


def softmax(logits: RealArray) -> RealArray:
    """Return probabilities, float64 [N,C], of logits."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
