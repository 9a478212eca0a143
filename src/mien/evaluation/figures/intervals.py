"""Intervals by resampling: the percentile bootstrap, over groups where rows depend on each other.

Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13.

A figure that grows by being resampled, as the expected calibration error does (it counts the noise
of every bin as a gap, and a draw adds noise: Roelofs et al., "Mitigating Bias in Calibration Error
Estimation", AISTATS 2022), needs another interval: the percentile one may lie above its value, and
so the basic and the bias-corrected one below it. It gets the basic interval (Davison and Hinkley,
"Bootstrap Methods and their Application", 1997, section 5.2) of what it comes to on average over as
many rows: the draws differ from their own mean as the value differs from that average.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mien.types import BoolArray, IntArray, OnProgress, RealArray, ignore_progress

RESAMPLES = 1000
LEVEL = 0.95
STAGE = "intervals"

Statistic = Callable[[IntArray], RealArray]


def group_numbers(groups: Sequence[str]) -> IntArray:
    """Number the groups from 0, int64 [n]. A row whose group is "" is a group of its own."""
    known: dict[str, int] = {}
    alone = len(groups)
    # Names and lone rows are numbered apart, so that no name can meet a lone row's number.
    keys = [
        known.setdefault(group, len(known)) if group else alone + row
        for row, group in enumerate(groups)
    ]
    _, numbers = np.unique(np.array(keys, dtype=np.int64), return_inverse=True)
    return numbers.astype(np.int64)


def bootstrap(
    statistic: Statistic,
    groups: IntArray,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = LEVEL,
    biased: BoolArray | None = None,
    counts: IntArray | None = None,
    stage: str = STAGE,
    on_progress: OnProgress = ignore_progress,
) -> tuple[RealArray, RealArray]:
    """Find the interval in which each figure lies when the groups are drawn anew.

    A person's pictures are not independent: drawing pictures instead of persons gives intervals
    that are too narrow. Draws in which a figure is nan are left out of its interval.

    Args:
        statistic: Takes row numbers, int64 (with repeats), gives M figures, float64 [M].
        groups: int64 [n], the group of each row, numbered from 0 without gaps.
        resamples: Number of draws.
        seed: Seed of the draws.
        level: Share of the draws that lie inside.
        biased: bool [M], which figures grow or shrink by being resampled; none unless given.
        counts: int64 [M], of how many groups each figure is that is a share, 0 for others: where no
            draw changes a share, its interval is that of `exact_where_fixed`.
        stage: What to call the draws.
        on_progress: Called with the draws done.

    Returns:
        Lower and upper ends, float64 [M] each; nan where there are fewer than two groups or draws.
    """
    rows = np.arange(groups.size, dtype=np.int64)
    count = int(groups.max(initial=-1)) + 1
    if count < 2 or resamples < 2:
        nothing = np.full(statistic(rows).shape, np.nan)
        return nothing, nothing
    random = np.random.default_rng(seed)
    draws = []
    for done in range(resamples):
        times = np.bincount(random.integers(0, count, count), minlength=count)
        draws.append(statistic(np.repeat(rows, times[groups])))
        on_progress(stage, done + 1, resamples)
    low, high = _percentiles(np.stack(draws), level)
    if counts is not None:
        low, high = exact_where_fixed(statistic(rows), (low, high), counts, level=level)
    if biased is None or not biased.any():
        return low, high
    middle = statistic(rows) + _means(np.stack(draws))
    return np.where(biased, middle - high, low), np.where(biased, middle - low, high)


def exact_where_fixed(
    shares: RealArray,
    ends: tuple[RealArray, RealArray],
    counts: IntArray,
    *,
    level: float = LEVEL,
) -> tuple[RealArray, RealArray]:
    """Give shares of 0 and 1 the width that drawing anew cannot: each draw gives them again.

    None of 14 found does not mean that none is ever found. Such a share gets the exact interval of
    as many independent cases as it has groups (Clopper and Pearson, Biometrika 1934).

    Args:
        shares: float64 [M].
        ends: Of `bootstrap`, float64 [M] each.
        counts: int64 [M], number of groups that each share is of.
        level: As of `bootstrap`.

    Returns:
        Lower and upper ends, float64 [M] each.
    """
    low, high = ends
    fixed = (low == shares) & (high == shares) & (counts > 0)
    reach = 1 - ((1 - level) / 2) ** (1 / np.maximum(counts, 1))
    return (
        np.where(fixed & (shares == 1), 1 - reach, low),
        np.where(fixed & (shares == 0), reach, high),
    )


def groups_of(groups: IntArray, chosen: BoolArray) -> int:
    """Return how many groups some rows are of.

    Args:
        groups: int64 [n], from `group_numbers`.
        chosen: bool [n].
    """
    return int(np.unique(groups[chosen]).size)


def _means(draws: RealArray) -> RealArray:
    known = ~np.isnan(draws)
    counts = known.sum(axis=0)
    sums = np.where(known, draws, 0).sum(axis=0)
    return np.asarray(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0))


def _percentiles(draws: RealArray, level: float) -> tuple[RealArray, RealArray]:
    tails = [100 * (1 - level) / 2, 100 * (1 + level) / 2]
    ends = np.full((2, draws.shape[1]), np.nan)
    for column, values in enumerate(draws.T):
        known = values[~np.isnan(values)]
        if known.size:
            ends[:, column] = np.percentile(known, tails)
    return ends[0], ends[1]
