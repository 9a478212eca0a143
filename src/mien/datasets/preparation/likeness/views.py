"""Small views of pictures: windows of several sizes and places, and their mirror images."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from mien.datasets.preparation.likeness.thumbnails import COARSE_SIGMA, THUMB, normalise_contrast
from mien.types import FloatArray, PixelArray

# Side of the middle part that is looked for in the other picture, in pixels of the thumbnail.
# Watermarks and frames lie at the edges, and this leaves room for shifts.
CORE = 24
FLAT = 0.05
COARSE = 8


@dataclass(frozen=True, slots=True)
class View:
    """A window of a thumbnail, in pixels of it, perhaps mirrored."""

    x: float
    y: float
    side: float
    mirrored: bool


# Scale of the windows, the shifts that are tried in both directions, and whether they are mirrored.
# Mirrored and much enlarged near-duplicates are rare: they get fewer shifts.
_WINDOWS: tuple[tuple[float, tuple[float, ...], bool], ...] = (
    (1.0, (-4, -2, 0, 2, 4), False),
    (0.8, (-4.4, -2.2, 0, 2.2, 4.4), False),
    (0.64, (-1.8, 0, 1.8), False),
    (1.0, (-2.7, 0, 2.7), True),
    (0.8, (-2.2, 0, 2.2), True),
)


def make_views() -> tuple[View, ...]:
    """Return the windows that are compared with the middle of other pictures."""
    views = []
    for scale, shifts, mirrored in _WINDOWS:
        start = (THUMB - CORE * scale) / 2
        views += [
            View(start + x, start + y, CORE * scale, mirrored)
            for x, y in product(shifts, shifts)
            # Twins that are shifted far in both directions were hardly ever seen.
            if len(shifts) < 5 or min(abs(x), abs(y)) < max(shifts)
        ]
    return tuple(views)


MIDDLE = View((THUMB - CORE) / 2, (THUMB - CORE) / 2, CORE, mirrored=False)


def descriptors(details: FloatArray, view: View) -> FloatArray:
    """Shrink one window of each picture, with zero mean and unit norm.

    The product of two such vectors is the correlation of the two windows.

    Args:
        details: float32 [N,THUMB,THUMB] from `normalise_contrast`.
        view: The window.

    Returns:
        float32 [N,COARSE*COARSE]; zeros where the window is flat.
    """
    rows = _window_weights(view.y, view.side)
    columns = _window_weights(view.x, view.side)
    if view.mirrored:
        columns = columns[::-1]
    values = (rows @ details @ columns.T).reshape(len(details), -1)
    values -= values.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    empty = np.zeros_like(values)
    return np.asarray(np.divide(values, norms, out=empty, where=norms > FLAT * COARSE))


def middles(thumbs: PixelArray) -> FloatArray:
    """Return what views are compared with: the descriptors of the middles of some thumbnails."""
    return descriptors(normalise_contrast(thumbs, COARSE_SIGMA), MIDDLE)


def _window_weights(start: float, side: float) -> FloatArray:
    """Area weights [COARSE,THUMB] that average the pixels under each cell of a window."""
    edges = start + side * np.arange(COARSE + 1) / COARSE
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(THUMB)[None]
    covered = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), dtype=np.float32)
