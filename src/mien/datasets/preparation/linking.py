"""Which rows belong together, of pairs that do: connected parts without a loop over rows."""

import numpy as np

from mien.datasets.preparation.codes import first_of_same
from mien.types import IntArray


def clusters(pairs: IntArray, count: int) -> IntArray:
    """Join pairs to clusters.

    Every root that is not the smallest of its neighbours is hung below the smallest of them, paths
    are shortened until each row knows its root, and so on among the roots until no pair is left
    between two of them (Shiloach and Vishkin 1982, "An O(log n) parallel connectivity algorithm").

    Args:
        pairs: int64 [P,2] of indices that belong together.
        count: Number of rows.

    Returns:
        int64 [count]: for each row the smallest index of its cluster.
    """
    parent = np.arange(count)
    low, high = pairs.min(axis=1, initial=count), pairs.max(axis=1, initial=-1)
    while len(low := low[(apart := low != high)]):
        high = high[apart]
        np.minimum.at(parent, high, low)
        while not np.array_equal(above := parent[parent], parent):
            parent = above
        one, other = parent[low], parent[high]
        low, high = np.minimum(one, other), np.maximum(one, other)
    return parent


def pairs_of_same(codes: IntArray) -> IntArray:
    """Pair every row with the first one of the same code, as int64 [P,2]; NO_CODE has no pairs."""
    return pairs_with(first_of_same(codes))


def pairs_with(first: IntArray) -> IntArray:
    """Pair every row with the one that is named for it, unless that is itself: int64 [P,2]."""
    later = np.flatnonzero(first != np.arange(len(first)))
    return np.stack([first[later], later], axis=1)
