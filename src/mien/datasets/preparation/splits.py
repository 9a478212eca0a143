"""Deals faces to splits: stratified by class, whole groups only, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.types import BoolArray, IntArray, RealArray

# Faces that are dealt in one step: each costs a few numbers for every split.
_AT_ONCE = 65536


def assign_splits(
    labels: IntArray, units: IntArray, fractions: Sequence[float], *, seed: int
) -> IntArray:
    """Give every face a split, so that each split has its fraction of every class.

    Units are dealt one by one, the largest first and ties by chance, each to the split where it
    lowers most the squared distance from the wished numbers over the wish (chi-square). The many
    small units come last and even out what the large ones left. Where few large units would all go
    to one split, as with four persons, each other split that wants faces gets one of them.

    Args:
        labels: int64 [N], index of each face's class.
        units: int64 [N], faces of the same number stay together.
        fractions: The wished part of each split; sums to one. A split of 0 gets nothing.
        seed: Decides among equals.

    Returns:
        int64 [N], index of each face's split.
    """
    names, members, sizes = np.unique(units, return_inverse=True, return_counts=True)
    totals = np.bincount(labels, minlength=int(labels.max(initial=0)) + 1)
    wish = _wishes(totals.astype(np.float64), np.asarray(fractions, dtype=np.float64))
    cells = _count_cells(labels, members)
    chance = np.random.default_rng(seed).permutation(len(names))
    order = np.lexsort((chance, -sizes))
    dealt = _deal(cells, sizes, order, wish)
    _fill_empty(dealt, cells, sizes, order, fractions)
    return dealt[members]


def balance(labels: IntArray, *, seed: int) -> BoolArray:
    """Say which faces to keep so that all classes are as small as the smallest.

    Args:
        labels: int64 [N], index of each face's class.
        seed: Decides which are kept.

    Returns:
        bool [N].
    """
    rng = np.random.default_rng(seed)
    keep = np.zeros(len(labels), dtype=np.bool_)
    values, counts = np.unique(labels, return_counts=True)
    for value in values:
        keep[rng.permutation(np.flatnonzero(labels == value))[: counts.min()]] = True
    return keep


def _wishes(totals: RealArray, fractions: RealArray) -> RealArray:
    """Return the wished number [splits,classes]; a small class still wants one face everywhere."""
    used = fractions > 0
    wish = fractions[:, None] * totals[None]
    enough = totals >= used.sum()
    wish = np.where(used[:, None] & enough[None], np.maximum(wish, 1.0), wish)
    largest = int(fractions.argmax())
    others = wish.sum(axis=0) - wish[largest]
    wish[largest] = totals - others
    return wish


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """How many faces of each class each unit has, without the many that are none.

    Attributes:
        units: int64 [C], in order.
        classes: int64 [C], those of a unit in order.
        counts: int64 [C], above 0.
    """

    units: IntArray
    classes: IntArray
    counts: IntArray


def _count_cells(labels: IntArray, members: IntArray) -> _Cells:
    classes = int(labels.max(initial=0)) + 1
    keys, counts = np.unique(members * classes + labels, return_counts=True)
    return _Cells(keys // classes, keys % classes, counts)


def _deal(cells: _Cells, sizes: IntArray, order: IntArray, wish: RealArray) -> IntArray:
    have = np.zeros_like(wish)
    weight = _weights(wish)
    result = np.zeros(len(sizes), dtype=np.int64)
    starts = np.searchsorted(cells.units, np.arange(len(sizes) + 1))
    several = int((sizes > 1).sum())
    for unit in order[:several].tolist():
        part = slice(starts[unit], starts[unit + 1])
        inside, new = cells.classes[part], cells.counts[part]
        cost = new * (2 * (have[:, inside] - wish[:, inside]) + new) * weight[:, inside]
        best = int(cost.sum(axis=1).argmin())
        have[best, inside] += new
        result[unit] = best
    _deal_single_faces(result, order[several:], cells.classes[starts[order[several:]]], have, wish)
    return result


def _deal_single_faces(
    result: IntArray, units: IntArray, labels: IntArray, have: RealArray, wish: RealArray
) -> None:
    """Deal units of one face, in their order: since they touch nothing but their class, by class.

    Args:
        result: Gets the split of each unit.
        units: int64 [M].
        labels: int64 [M], their class.
        have: float64 [splits,classes], what was dealt before.
        wish: float64 [splits,classes].
    """
    for label in np.unique(labels).tolist():
        same = units[labels == label]
        filled = have[:, label].copy()
        for start in range(0, len(same), _AT_ONCE):
            part = same[start : start + _AT_ONCE]
            result[part] = _deal_alike(len(part), filled, wish[:, label])
            filled += np.bincount(result[part], minlength=len(wish))


def _deal_alike(count: int, have: RealArray, wish: RealArray) -> IntArray:
    """Deal units of one face of one class, each to the split where it costs least.

    What the next face costs a split grows with each that it gets, so that the faces go to the
    `count` smallest of all costs, in their order, and of equal ones to the first split.
    """
    costs = (2 * (have[:, None] + np.arange(count) - wish[:, None]) + 1) * _weights(wish)[:, None]
    first = np.argsort(costs, axis=None, kind="stable")[:count]
    return np.asarray(first // count)


def _weights(wish: RealArray) -> RealArray:
    return np.divide(1.0, wish, out=np.full_like(wish, np.inf), where=wish > 0)


def _fill_empty(
    dealt: IntArray,
    cells: _Cells,
    sizes: IntArray,
    order: IntArray,
    fractions: Sequence[float],
) -> None:
    """Give every split that wants faces, and got none, a unit of the largest one.

    Where that has a single unit, one comes from the split that has most. The giver keeps a unit,
    and where that can be all of its classes. Of the units that it can spare the one with the most
    classes goes, and the smallest of these; the last dealt of equal ones.
    """
    largest = int(np.argmax(fractions))
    for split in np.flatnonzero(np.asarray(fractions) > 0).tolist():
        if (dealt == split).any():
            continue
        held = np.bincount(dealt, minlength=len(fractions))
        giver = largest if held[largest] > 1 else int(np.argmax(held))
        units = order[::-1][dealt[order[::-1]] == giver]
        if len(units) < 2:
            return
        theirs = dealt[cells.units] == giver
        totals = np.bincount(cells.classes[theirs], weights=cells.counts[theirs])
        whole = theirs.copy()
        whole[theirs] = cells.counts[theirs] == totals[cells.classes[theirs]]
        lost = np.bincount(cells.units[whole], minlength=len(sizes))[units]
        classes = np.bincount(cells.units, minlength=len(sizes))[units]
        dealt[units[np.lexsort((sizes[units], -classes, lost))[0]]] = split
