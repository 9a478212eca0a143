"""Deals faces to splits: stratified by class, whole groups only, the same for the same seed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.types import IntArray


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
    names, members = np.unique(units, return_inverse=True)
    counts = np.zeros((len(names), int(labels.max(initial=0)) + 1))
    np.add.at(counts, (members, labels), 1)
    wish = _wishes(counts.sum(axis=0), np.asarray(fractions, dtype=np.float64))
    chance = np.random.default_rng(seed).permutation(len(names))
    order = np.lexsort((chance, -counts.sum(axis=1)))
    dealt = _deal(counts, order, wish)
    _fill_empty(dealt, counts, order, fractions)
    return dealt[members]


def balance(labels: IntArray, *, seed: int) -> npt.NDArray[np.bool_]:
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


def _wishes(
    totals: npt.NDArray[np.float64], fractions: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the wished number [splits,classes]; a small class still wants one face everywhere."""
    used = fractions > 0
    wish = fractions[:, None] * totals[None]
    enough = totals >= used.sum()
    wish = np.where(used[:, None] & enough[None], np.maximum(wish, 1.0), wish)
    largest = int(fractions.argmax())
    others = wish.sum(axis=0) - wish[largest]
    wish[largest] = totals - others
    return wish


def _deal(
    counts: npt.NDArray[np.float64], order: npt.NDArray[np.intp], wish: npt.NDArray[np.float64]
) -> IntArray:
    have = np.zeros_like(wish)
    weight = np.divide(1.0, wish, out=np.full_like(wish, np.inf), where=wish > 0)
    result = np.zeros(len(counts), dtype=np.int64)
    for unit in order:
        inside = counts[unit] > 0
        new = counts[unit, inside]
        cost = new * (2 * (have[:, inside] - wish[:, inside]) + new) * weight[:, inside]
        best = int(cost.sum(axis=1).argmin())
        have[best, inside] += new
        result[unit] = best
    return result


def _fill_empty(
    dealt: IntArray,
    counts: npt.NDArray[np.float64],
    order: npt.NDArray[np.intp],
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
        units = [unit for unit in reversed(order.tolist()) if dealt[unit] == giver]
        if len(units) < 2:
            return
        total = counts[units].sum(axis=0)

        def cost(unit: int, total: npt.NDArray[np.float64] = total) -> tuple[int, int, float]:
            lost = int(((total > 0) & (total == counts[unit])).sum())
            return lost, -int((counts[unit] > 0).sum()), float(counts[unit].sum())

        dealt[min(units, key=cost)] = split
