"""Accuracy and recalls of many sets of answers at once, with intervals over the same draws.

A set of answers is a row of cells, one per face: `truth * K + predicted`, or `ABSENT` where the
face is not in the set. All sets are resampled together, which makes differences between them
paired, and quick.
"""

from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures.intervals import bootstrap, groups_of
from mien.evaluation.figures.summary import Estimate
from mien.types import IntArray, OnProgress, ProbabilityArray, RealArray, ignore_progress

ABSENT = -1


@dataclass(frozen=True, slots=True)
class TableEstimates:
    """What one set of answers is worth.

    Attributes:
        accuracy: Share of right answers.
        balanced_accuracy: Mean recall over the classes that the set holds.
        recalls: Share of each class that is read as such; nan where the set holds none of it.
    """

    accuracy: Estimate
    balanced_accuracy: Estimate
    recalls: tuple[Estimate, ...]


def cells(truth: IntArray, probabilities: ProbabilityArray) -> IntArray:
    """Return the cell of every answer, int64 [n].

    Args:
        truth: int64 [n].
        probabilities: float32 [n,K] without nan.
    """
    return np.asarray(truth * probabilities.shape[1] + probabilities.argmax(axis=1), dtype=np.int64)


def table_figures(sets: IntArray, classes: int) -> RealArray:
    """Return accuracy, balanced accuracy and recalls of every set.

    Args:
        sets: int64 [T,n], cells.
        classes: K.

    Returns:
        float64 [T,2+K]; nan for what a set cannot give.
    """
    count, size = len(sets), classes * classes + 1
    # One place more in each table takes the faces that are not in it.
    places = sets + 1 + size * np.arange(count)[:, None]
    counts = np.bincount(places.ravel(), minlength=count * size).reshape(count, size)
    tables = counts[:, 1:].reshape(count, classes, classes)
    right, all_of = np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=2)
    recalls = _divide(right, all_of)
    known = ~np.isnan(recalls)
    balanced = _divide(np.where(known, recalls, 0).sum(axis=1), known.sum(axis=1))
    accuracy = _divide(right.sum(axis=1), all_of.sum(axis=1))
    return np.column_stack([accuracy, balanced, recalls])


def estimate_tables(
    sets: IntArray,
    classes: int,
    groups: IntArray,
    *,
    resamples: int,
    seed: int,
    stage: str,
    on_progress: OnProgress = ignore_progress,
) -> tuple[TableEstimates, ...]:
    """Estimate the figures of every set, with 95% intervals over groups.

    Args:
        sets: int64 [T,n], cells.
        classes: K.
        groups: int64 [n], from `group_numbers`.
        resamples: Draws for the intervals; 0 for none.
        seed: Seed of the draws.
        stage: What to call the draws.
        on_progress: Called with the draws done.
    """

    def statistic(rows: IntArray) -> RealArray:
        return table_figures(sets[:, rows], classes).ravel()

    values = table_figures(sets, classes)
    ends = bootstrap(
        statistic,
        groups,
        resamples=resamples,
        seed=seed,
        counts=_counts(sets, classes, groups).ravel(),
        stage=stage,
        on_progress=on_progress,
    )
    low, high = (end.reshape(values.shape) for end in ends)
    return tuple(
        _estimates(*(part[number].tolist() for part in (values, low, high)))
        for number in range(len(values))
    )


def _counts(sets: IntArray, classes: int, groups: IntArray) -> IntArray:
    """Return of how many groups each figure of `table_figures` is, 0 where it is no share."""
    rows = []
    for cells_of in sets:
        there, truth = cells_of != ABSENT, cells_of // classes
        of = [groups_of(groups, there & (truth == number)) for number in range(classes)]
        rows.append([groups_of(groups, there), 0, *of])
    return np.array(rows, dtype=np.int64)


def _estimates(values: list[float], low: list[float], high: list[float]) -> TableEstimates:
    accuracy, balanced, *recalls = map(Estimate, values, low, high)
    return TableEstimates(accuracy, balanced, tuple(recalls))


def _divide(part: np.ndarray, whole: np.ndarray) -> RealArray:
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
