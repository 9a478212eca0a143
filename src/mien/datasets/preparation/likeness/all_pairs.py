"""The first comparison of all pairs, by matrix products: time grows by the square of their number.

It is what `index` is measured by.
"""

from collections.abc import Sequence

import numpy as np

from mien.datasets.preparation.likeness.thumbnails import COARSE_SIGMA, normalise_contrast
from mien.datasets.preparation.likeness.views import CORE, descriptors, make_views, middles
from mien.types import FloatArray, IntArray, PixelArray

# Of the pairs of FER2013 that the second comparison accepts the first finds nine tenths. Twelve
# cells at 0.75 find as many in twice the time; views of two sizes and 3x3 shifts only six tenths.
COARSE_THRESHOLD = 0.8
BLOCK = 2048


class AllPairs:
    """Finds candidates by comparing every picture with every other.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map, of which one block is read at a time.
    """

    name = "all pairs"

    def __init__(self, thumbs: PixelArray) -> None:
        self._thumbs = thumbs

    def of(self, start: int, stop: int) -> IntArray:
        """Compare views of some pictures with the middle of all; see `Candidates.of`."""
        views = make_views()
        details = normalise_contrast(self._thumbs[start:stop], COARSE_SIGMA)
        ours = [descriptors(details, view) for view in views]
        found = [np.empty((0, 3), dtype=np.int64)]
        for other in range(0, len(self._thumbs), BLOCK):
            theirs = middles(self._thumbs[other : other + BLOCK])
            # A near-duplicate of the same size is seen from either picture: once is enough.
            tried = [k for k, view in enumerate(views) if view.side < CORE or other + BLOCK > start]
            hits, best = _best_views([ours[k] for k in tried], theirs)
            a, b = hits // len(theirs) + start, hits % len(theirs) + other
            found.append(np.stack([a, b, np.array(tried)[best]], axis=1)[a != b])
        return np.concatenate(found)


def _best_views(ours: Sequence[FloatArray], theirs: FloatArray) -> tuple[IntArray, IntArray]:
    """Return flat indices [P] of the pairs that resemble each other, and their best views [P]."""
    found = []
    for number, mine in enumerate(ours):
        products = (mine @ theirs.T).ravel()
        hits = np.flatnonzero(products >= COARSE_THRESHOLD)
        found.append((hits, products[hits], np.full(len(hits), number)))
    hits, values, views = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((-values, hits))
    unique, first = np.unique(hits[order], return_index=True)
    return unique, views[order][first]
