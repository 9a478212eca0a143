"""Numbers in the place of texts: the same text has the same code."""

import numpy as np

from mien.types import IntArray

# The code of a text that says nothing.
NO_CODE = -1


def first_of_same(codes: IntArray) -> IntArray:
    """Return for every row the first one of the same code; itself where it has NO_CODE.

    Args:
        codes: int64 [N], from NO_CODE on.

    Returns:
        int64 [N].
    """
    result = np.arange(len(codes))
    known = np.flatnonzero(codes != NO_CODE)
    first = np.empty(int(codes.max(initial=NO_CODE)) + 1, dtype=np.int64)
    # Of several values for one place the last one is kept.
    first[codes[known[::-1]]] = known[::-1]
    result[known] = first[codes[known]]
    return result
