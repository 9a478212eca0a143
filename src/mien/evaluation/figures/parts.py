"""Figures of the parts of a cross-validation, folds or persons: each, their mean, their spread."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import bootstrap
from mien.evaluation.figures.summary import Estimate
from mien.evaluation.predictions import Evaluation
from mien.types import IntArray, OnProgress, RealArray, ignore_progress

FIGURES = ("accuracy", "balanced_accuracy", "nll", "ece")
# Of a person's few faces the calibration error would be noise alone.
OF_PERSONS = FIGURES[:3]


@dataclass(frozen=True, slots=True)
class Part:
    """The faces of a fold, or of a person.

    Attributes:
        name: The person, or the fold's number.
        fold: The fold that they were left out in.
        persons: How many persons, or photos of nobody knows whom.
        faces: How many faces.
        classes: How many classes they show; the balanced accuracy is the mean over these.
        accuracy: Share of right answers.
        balanced_accuracy: Mean recall.
        nll: Negative log likelihood.
        ece: Expected calibration error; nan of a person.
    """

    name: str
    fold: int
    persons: int
    faces: int
    classes: int
    accuracy: float
    balanced_accuracy: float
    nll: float
    ece: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several parts, each counted alike.

    Attributes:
        mean: With its interval, where persons were drawn anew.
        deviation: Standard deviation between the parts; nan of one.
    """

    mean: Estimate
    deviation: float


def part_of(evaluation: Evaluation, rows: IntArray, name: str, *, ece: bool = True) -> Part:
    """Make the figures of some rows, int64 [n]: a fold's, or a person's."""
    answers = evaluation.answers
    truth, probabilities = answers.truth[rows], answers.probabilities[rows]
    said = probabilities.argmax(axis=1).astype(np.int64)
    matrix = metrics.confusion_matrix(truth, said, probabilities.shape[1])
    error = math.nan
    if ece:
        error = metrics.reliability(said == truth, probabilities.max(axis=1)).expected_error
    return Part(
        name=name,
        fold=int(evaluation.folds[rows[0]]),
        persons=len({answers.groups[row] for row in rows.tolist()}),
        faces=len(rows),
        classes=len(np.unique(truth)),
        accuracy=metrics.accuracy(matrix),
        balanced_accuracy=metrics.balanced_accuracy(matrix),
        nll=metrics.negative_log_likelihood(truth, probabilities),
        ece=error,
    )


def spread(parts: Sequence[Part], names: Sequence[str]) -> Mapping[str, Spread]:
    """Return mean and spread of figures over parts, without intervals."""
    return {
        name: Spread(alone(float(np.mean(values))), _deviation(values))
        for name, values in _columns(parts, names).items()
    }


def spread_drawn(
    parts: Sequence[Part],
    names: Sequence[str],
    *,
    resamples: int,
    seed: int,
    stage: str,
    on_progress: OnProgress = ignore_progress,
) -> Mapping[str, Spread]:
    """Return mean and spread of figures over parts, with intervals that draw parts anew."""
    columns = _columns(parts, names)
    table = np.stack([*columns.values()], axis=1)

    def statistic(chosen: IntArray) -> RealArray:
        return np.asarray(table[chosen].mean(axis=0), dtype=np.float64)

    everyone = np.arange(len(parts), dtype=np.int64)
    low, high = bootstrap(
        statistic, everyone, resamples=resamples, seed=seed, stage=stage, on_progress=on_progress
    )
    return {
        name: Spread(Estimate(float(values.mean()), float(start), float(end)), _deviation(values))
        for (name, values), start, end in zip(columns.items(), low, high, strict=True)
    }


def _columns(parts: Sequence[Part], names: Sequence[str]) -> dict[str, RealArray]:
    return {name: np.array([getattr(part, name) for part in parts]) for name in names}


def _deviation(values: RealArray) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else math.nan


def alone(value: float) -> Estimate:
    """Return a figure without an interval."""
    return Estimate(value, math.nan, math.nan)
