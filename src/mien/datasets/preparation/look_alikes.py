"""Which of the pairs that resemble each other are one photo: look-alikes of a studio are none.

Pictures of one studio (the same light, background, pose and shirt) resemble each other across
people as much as two crops of one photo do. What tells them apart is the company: near-duplicates
stand alone, while people of a studio have many neighbours that are nearly as similar. Looked
through by eye, of the pairs across groups with a similarity of 0.86 or more all 23 of stock and web
photos are one photo, and all 116 of KDEF (80 after a detector's crop), two of JAFFE and one of CK+
are two people. The rule below keeps the 23 and none of the others.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mien.datasets.preparation.duplicates import PairArray
from mien.types import FloatArray

# How far below the threshold a pair still tells that pictures of a source look alike.
MARGIN = 0.06
# The most similar pictures of two people reached 0.913.
SURE = 0.93
# Two expressions of one person in one sitting reach 0.96. Pictures of one group stay together
# anyway, so that only what is the very same picture is one photo there.
SAME_PICTURE = 0.96


def lowest(near: float) -> float:
    """Return the similarity from which `same_photo` wants to see pairs."""
    return max(near - MARGIN, 0.01)


def same_photo(
    pairs: PairArray,
    values: FloatArray,
    near: float,
    groups: Sequence[str],
    sources: Sequence[str] = (),
) -> PairArray:
    """Choose the pairs that show one photo.

    Where a picture has no group, or they are of two sources, a pair is one photo from `near` on.
    Within a group it must be the very same picture. Across groups of one source it is one photo
    where it is more similar than any two people, or where the two groups do not have more pairs
    with others just below `near` than above it.

    Args:
        pairs: int64 [P,2], pictures that resemble each other.
        values: float32 [P], how much; all from `lowest(near)` on, so that look-alikes are seen.
        near: Similarity from which two pictures may be the same photo.
        groups: What each picture belongs to, such as a person; "" where nothing is said.
        sources: Which input each came from; empty where there is one.

    Returns:
        int64 [Q,2], some of the pairs.
    """
    duplicates, alike = Counter[str](), Counter[str]()
    listed = list(zip(pairs.tolist(), values.tolist(), strict=True))

    def known(a: int, b: int) -> bool:
        return bool(groups[a] and groups[b]) and (not sources or sources[a] == sources[b])

    for (a, b), value in listed:
        if known(a, b) and groups[a] != groups[b]:
            (duplicates if value >= near else alike).update((groups[a], groups[b]))

    def one_photo(a: int, b: int, value: float) -> bool:
        if value < near or not known(a, b):
            return value >= near
        if groups[a] == groups[b]:
            return value >= SAME_PICTURE
        both = groups[a], groups[b]
        return value >= SURE or sum(alike[g] for g in both) <= sum(duplicates[g] for g in both)

    chosen = [one_photo(a, b, value) for (a, b), value in listed]
    return pairs[np.array(chosen, dtype=np.bool_)]
