"""Finds pictures that are the same photo: cropped otherwise, scaled, mirrored, with a watermark.

Faces of one class resemble each other more than two crops of one photo resemble each other when
compared pixel by pixel, so that shifts have to be tried. Two steps: small views of every picture
(windows of several sizes and places, and their mirror images) are compared with the middle of
every other by matrix products; pairs that pass are compared again in finer steps at full
thumbnail resolution. Time grows with the square of the number of pictures, memory does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from mien.types import FloatArray, PixelArray

THUMB = 32
# Side of the middle part that is looked for in the other picture, in pixels of the thumbnail.
# Watermarks and frames lie at the edges, and this leaves room for shifts.
CORE = 24
# Sides to which the middle part is shrunk when it is looked for in a window: those near to the
# window's own side.
CORE_SIDES = (24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14)
SIDE_RANGE = 3
SHIFT_RANGE = 3
# A pair this much below the threshold at the window's own side never reaches it at another.
FIRST_MARGIN = 0.25
# Shading slower than this many pixels of the thumbnail is taken away. The first comparison tries
# shifts of two pixels, so that it must not look at finer details than that.
FINE_SIGMA, COARSE_SIGMA = 3.0, 6.0
NOISE_VARIANCE = 25.0
FLAT = 0.05
COARSE = 8
# Of the pairs of FER2013 that the second comparison accepts the first finds nine tenths. Twelve
# cells at 0.75 find as many in twice the time; views of two sizes and 3x3 shifts only six tenths.
COARSE_THRESHOLD = 0.8
BLOCK = 2048
PairArray = npt.NDArray[np.int64]


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


def thumbnail(pixels: PixelArray) -> PixelArray:
    """Shrink a face to what is compared.

    Args:
        pixels: uint8 [H,W,1] gray or [H,W,3] RGB.

    Returns:
        uint8 [THUMB,THUMB], gray.
    """
    gray = pixels[..., 0] if pixels.shape[2] == 1 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    method = cv2.INTER_AREA if min(gray.shape) >= THUMB else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, (THUMB, THUMB), interpolation=method), dtype=np.uint8)


def normalise_contrast(thumbs: PixelArray, sigma: float) -> FloatArray:
    """Take away slow shading and make contrast even, so that details alone are compared.

    Without this a face lit from one side resembles every other face lit from that side.

    Args:
        thumbs: uint8 [N,THUMB,THUMB].
        sigma: Shading slower than this many pixels goes.

    Returns:
        float32 [N,THUMB,THUMB].
    """
    blur = _blur_weights(sigma)
    values = np.asarray(thumbs, dtype=np.float32)
    details = values - blur @ values @ blur.T
    variance = blur @ (details * details) @ blur.T
    return np.asarray(details / np.sqrt(variance + NOISE_VARIANCE), dtype=np.float32)


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


def candidate_pairs(thumbs: PixelArray, start: int, stop: int) -> Iterator[PairArray]:
    """Compare all views of some pictures with the middle of all.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map, of which one block is read at a time.
        start: First picture whose views are taken.
        stop: The picture after the last one.

    Yields:
        For each block of pictures, int64 [P,3]: the picture whose window it is, the picture whose
        middle it resembles, and the number of the view that resembles it most.
    """
    middle = View((THUMB - CORE) / 2, (THUMB - CORE) / 2, CORE, mirrored=False)
    views = make_views()
    details = normalise_contrast(thumbs[start:stop], COARSE_SIGMA)
    ours = [descriptors(details, view) for view in views]
    for other in range(0, len(thumbs), BLOCK):
        details = normalise_contrast(thumbs[other : other + BLOCK], COARSE_SIGMA)
        theirs = descriptors(details, middle)
        # A near-duplicate of the same size is seen from either picture: once is enough.
        tried = [k for k, view in enumerate(views) if view.side < CORE or other + BLOCK > start]
        hits, best = _best_views([ours[k] for k in tried], theirs)
        a, b = hits // len(theirs) + start, hits % len(theirs) + other
        yield np.stack([a, b, np.array(tried)[best]], axis=1)[a != b]


def similarity(picture: FloatArray, other: FloatArray, view: View) -> float:
    """Correlation of the middle of one picture with a window of another, where they fit best.

    Args:
        picture: float32 [THUMB,THUMB] from `normalise_contrast`.
        other: The same of the picture whose middle is looked for.
        view: The window of `picture` about which it is looked for.

    Returns:
        -1 to 1; 0 where a picture is flat.
    """
    return _fit(picture, other, view, _near_sides(view))


def near_pairs(
    thumbs: PixelArray, start: int, stop: int, threshold: float
) -> tuple[PairArray, FloatArray]:
    """Find the pictures that are the same photo as one of a block.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map.
        start: First picture of the block.
        stop: The picture after its last one.
        threshold: `similarity` from which two pictures are the same photo.

    Returns:
        int64 [P,2] of (smaller index, larger index), each pair once, and float32 [P], how similar
        they are.
    """
    views, best = make_views(), dict[tuple[int, int], float]()
    for candidates in candidate_pairs(thumbs, start, stop):
        needed = np.unique(candidates[:, :2])
        fine = normalise_contrast(thumbs[needed], FINE_SIGMA)
        details = dict(zip(needed.tolist(), fine, strict=True))
        for a, b, number in candidates.tolist():
            view = views[number]
            first = _fit(details[a], details[b], view, (round(view.side),))
            if first < threshold - FIRST_MARGIN:
                continue
            value = similarity(details[a], details[b], view)
            if value >= threshold:
                pair = min(a, b), max(a, b)
                best[pair] = max(value, best.get(pair, value))
    pairs = sorted(best)
    values = np.array([best[pair] for pair in pairs], dtype=np.float32)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), values


def clusters(pairs: PairArray, count: int) -> npt.NDArray[np.int64]:
    """Join pairs to clusters.

    Args:
        pairs: int64 [P,2] of indices that belong together.
        count: Number of pictures.

    Returns:
        int64 [count]: for each picture the smallest index of its cluster.
    """
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(i) for i in range(count)], dtype=np.int64)


def _window_weights(start: float, side: float) -> FloatArray:
    """Area weights [COARSE,THUMB] that average the pixels under each cell of a window."""
    edges = start + side * np.arange(COARSE + 1) / COARSE
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(THUMB)[None]
    covered = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), dtype=np.float32)


def _blur_weights(sigma: float) -> FloatArray:
    """Gaussian weights [THUMB,THUMB]: applied from both sides they blur a picture."""
    place = np.arange(THUMB, dtype=np.float32)
    weights = np.exp(-((place[:, None] - place[None]) ** 2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _best_views(ours: Sequence[FloatArray], theirs: FloatArray) -> tuple[PairArray, PairArray]:
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


def _near_sides(view: View) -> tuple[int, ...]:
    return tuple(side for side in CORE_SIDES if abs(side - view.side) <= SIDE_RANGE)


def _fit(picture: FloatArray, other: FloatArray, view: View, sides: Sequence[int]) -> float:
    """Look for the middle of `other`, shrunk to these sides, in and around a window."""
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
    best = -1.0
    for side in (side for side in sides if side <= min(room.shape)):
        scaled = cv2.resize(core, (side, side), interpolation=cv2.INTER_AREA)
        scores = cv2.matchTemplate(room, scaled, cv2.TM_CCOEFF_NORMED)
        best = max(best, float(scores[np.isfinite(scores)].max(initial=-1.0)))
    return best
