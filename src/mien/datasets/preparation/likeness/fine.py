"""The second comparison, of pairs that passed the first: in finer steps, at full resolution."""

import math

import cv2
import numpy as np

from mien.datasets.preparation.likeness.thumbnails import FINE_SIGMA, THUMB, normalise_contrast
from mien.datasets.preparation.likeness.views import CORE, FLAT, View, make_views
from mien.types import FloatArray, IntArray, PixelArray

# Sides to which the middle part is shrunk when it is looked for in a window: those near to the
# window's own side.
CORE_SIDES = (24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14)
SIDE_RANGE = 3
SHIFT_RANGE = 3
# A pair this much below the threshold at the window's own side never reaches it at another.
FIRST_MARGIN = 0.25


# Candidates whose pictures are in memory at a time.
SLICE = 8192


def compare(
    thumbs: PixelArray, candidates: IntArray, threshold: float
) -> tuple[IntArray, FloatArray]:
    """Choose those of the candidates that are the same photo.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map.
        candidates: int64 [P,3]: the picture whose window it is, the picture whose middle is looked
            for there, and the number of the window in `make_views`.
        threshold: `similarity` from which two pictures are the same photo.

    Returns:
        int64 [Q,2] of (smaller index, larger index), each pair once, in order, and float32 [Q], how
        similar the two are.
    """
    views = make_views()
    values = np.full(len(candidates), -1, dtype=np.float32)
    for start in range(0, len(candidates), SLICE):
        part = candidates[start : start + SLICE]
        needed, places = np.unique(part[:, :2], return_inverse=True)
        details = normalise_contrast(thumbs[needed], FINE_SIGMA)
        pairs = zip(places.reshape(-1, 2).tolist(), part[:, 2].tolist(), strict=True)
        for row, ((a, b), number) in enumerate(pairs, start):
            values[row] = _likeness(details[a], details[b], views[number], threshold)
    near = values.astype(np.float64) >= threshold
    return merged(np.sort(candidates[near, :2], axis=1), values[near])


def merged(pairs: IntArray, values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return each pair once, in order, with the most that it was found to be alike."""
    order = np.lexsort((-values, pairs[:, 1], pairs[:, 0]))
    pairs, values = pairs[order], values[order]
    first = np.ones(len(pairs), dtype=np.bool_)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[first], values[first]


def similarity(picture: FloatArray, other: FloatArray, view: View) -> float:
    """Correlation of the middle of one picture with a window of another, where they fit best.

    Args:
        picture: float32 [THUMB,THUMB] from `normalise_contrast`.
        other: The same of the picture whose middle is looked for.
        view: The window of `picture` about which it is looked for.

    Returns:
        -1 to 1; 0 where a picture is flat.
    """
    return _likeness(picture, other, view, -1.0)


def _likeness(picture: FloatArray, other: FloatArray, view: View, threshold: float) -> float:
    """Return `similarity`, or less where it is sure to be below a threshold."""
    low_x, low_y = (max(0, round(v) - SHIFT_RANGE) for v in (view.x, view.y))
    high_x, high_y = (round(v + view.side) + SHIFT_RANGE for v in (view.x, view.y))
    room = picture[low_y:high_y, low_x:high_x]
    edge = (THUMB - CORE) // 2
    core = other[edge : edge + CORE, edge : edge + CORE]
    # Details vary about zero, so that their norm tells whether there are any.
    if cv2.norm(core) < FLAT * CORE or cv2.norm(room) < FLAT * CORE:
        return 0.0
    if view.mirrored:
        core = np.ascontiguousarray(core[:, ::-1])
    own = round(view.side)
    best = _fit(room, core, own)
    if best < threshold - FIRST_MARGIN:
        return best
    for side in CORE_SIDES:
        if side != own and abs(side - view.side) <= SIDE_RANGE:
            best = max(best, _fit(room, core, side))
    return best


def _fit(room: FloatArray, core: FloatArray, side: int) -> float:
    """Look for a part, shrunk to a side, in a room; -1 where it has none."""
    if side > min(room.shape):
        return -1.0
    scaled = cv2.resize(core, (side, side), interpolation=cv2.INTER_AREA)
    scores = cv2.matchTemplate(room, scaled, cv2.TM_CCOEFF_NORMED)
    best = float(scores.max())
    if not math.isfinite(best):  # where a part of the room is flat
        best = float(scores[np.isfinite(scores)].max(initial=-1.0))
    return max(best, -1.0)
