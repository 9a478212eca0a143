"""Which of the pairs that resemble each other are one photo: look-alikes of a studio are none.

Pictures of one studio (the same light, background, pose and shirt) resemble each other across
people as much as two crops of one photo do. What tells them apart is the company: near-duplicates
stand alone, while people of a studio have many neighbours that are nearly as similar. Looked
through by eye, of the pairs across groups with a similarity of 0.86 or more all 23 of stock and web
photos are one photo, and all 116 of KDEF (80 after a detector's crop), two of JAFFE and one of CK+
are two people. The rule below keeps the 23 and none of the others.
"""

import numpy as np

from mien.datasets.preparation.codes import NO_CODE
from mien.types import FloatArray, IntArray

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
    pairs: IntArray, values: FloatArray, near: float, groups: IntArray, sources: IntArray
) -> IntArray:
    """Choose the pairs that show one photo.

    Where a picture has no group, or they are of two sources, a pair is one photo from `near` on.
    Within a group it must be the very same picture. Across groups of one source it is one photo
    where it is more similar than any two people, or where the two groups do not have more pairs
    with others just below `near` than above it.

    Args:
        pairs: int64 [P,2], pictures that resemble each other.
        values: float32 [P], how much; all from `lowest(near)` on, so that look-alikes are seen.
        near: Similarity from which two pictures may be the same photo.
        groups: int64 [N], what each picture belongs to, such as a person; NO_CODE where nothing is
            said.
        sources: int64 [N], which input each came from.

    Returns:
        int64 [Q,2], some of the pairs.
    """
    # As Python's numbers are compared, so that the limits are those that are written.
    similar = values.astype(np.float64)
    both = groups[pairs]
    is_near = similar >= near
    known = (both != NO_CODE).all(axis=1) & (sources[pairs[:, 0]] == sources[pairs[:, 1]])
    within = known & (both[:, 0] == both[:, 1])
    across = known & ~within
    count = int(groups.max(initial=NO_CODE)) + 1
    duplicates = np.bincount(both[across & is_near].ravel(), minlength=count)
    alike = np.bincount(both[across & ~is_near].ravel(), minlength=count)
    surplus = np.append(duplicates - alike, 0)  # of NO_CODE, which is the last
    alone = surplus[both].sum(axis=1) >= 0
    one_photo = np.where(across, (similar >= SURE) | alone, ~within | (similar >= SAME_PICTURE))
    return np.asarray(pairs[is_near & one_photo])
