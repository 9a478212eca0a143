"""Finds pictures that are the same photo: cropped otherwise, scaled, mirrored, with a watermark.

Faces of one class resemble each other more than two crops of one photo resemble each other when
compared pixel by pixel, so that shifts have to be tried. Two steps: small views of every picture
(windows of several sizes and places, and their mirror images) are compared with the middle of
every other by matrix products; pairs that pass are compared again in finer steps at full
thumbnail resolution. Time grows with the square of the number of pictures, memory does not.
"""

from collections.abc import Iterator
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
# Sides to which the middle part is shrunk when it is looked for.
CORE_SIDES = (24, 23, 22, 20, 19, 18, 17, 16, 15)
COARSE = 12
# Details finer than this many pixels of the thumbnail count, shading does not.
DETAIL_SIGMA = 3.0
NOISE_VARIANCE = 25.0
FLAT = 0.05
# Low, so that no twin is lost here: the second comparison is the one that decides.
COARSE_THRESHOLD = 0.88
BLOCK = 2048
PairArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class View:
    """A window of a thumbnail, in pixels of it, perhaps mirrored."""

    x: float
    y: float
    side: float
    mirrored: bool


def make_views() -> tuple[View, ...]:
    """Return the windows that are compared with the middle of other pictures."""
    views = []
    for scale, step in ((1.0, 2.7), (0.8, 2.2), (0.64, 1.8)):
        side = CORE * scale
        start = (THUMB - side) / 2
        for x, y, mirrored in product((-step, 0, step), (-step, 0, step), (False, True)):
            views.append(View(start + x, start + y, side, mirrored))
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


def descriptors(thumbs: PixelArray, view: View) -> FloatArray:
    """Shrink one window of each thumbnail, with zero mean and unit norm.

    The product of two such vectors is the correlation of the two windows.

    Args:
        thumbs: uint8 [N,THUMB,THUMB].
        view: The window.

    Returns:
        float32 [N,COARSE*COARSE]; zeros where the window is flat.
    """
    rows = _window_weights(view.y, view.side)
    columns = _window_weights(view.x, view.side)
    if view.mirrored:
        columns = columns[::-1]
    values = (rows @ thumbs.astype(np.float32) @ columns.T).reshape(len(thumbs), -1)
    values -= values.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    # Below one gray level of contrast there is nothing to compare.
    return np.asarray(np.divide(values, norms, out=np.zeros_like(values), where=norms > COARSE))


def candidate_pairs(
    thumbs: PixelArray, start: int, stop: int, threshold: float
) -> Iterator[PairArray]:
    """Compare all views of some pictures with the middle of all.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map, of which one block is read at a time.
        start: First picture whose views are taken.
        stop: The picture after the last one.
        threshold: Correlation from which a pair is a candidate.

    Yields:
        For each block of pictures, int64 [P,3] of (smaller index, larger index, mirrored); the
        same pair may come again.
    """
    middle = View((THUMB - CORE) / 2, (THUMB - CORE) / 2, CORE, mirrored=False)
    views = make_views()
    ours = [descriptors(thumbs[start:stop], view) for view in views]
    for other in range(0, len(thumbs), BLOCK):
        theirs = descriptors(thumbs[other : other + BLOCK], middle)
        found = []
        for view, mine in zip(views, ours, strict=True):
            hits = np.flatnonzero(mine @ theirs.T >= threshold)
            a, b = np.divmod(hits, len(theirs))
            a, b = a + start, b + other
            pair = np.stack([np.minimum(a, b), np.maximum(a, b), np.full_like(a, view.mirrored)], 1)
            found.append(pair[a != b])
        yield np.unique(np.concatenate(found), axis=0).astype(np.int64)


def normalise_contrast(thumb: PixelArray) -> FloatArray:
    """Take away slow shading and make contrast even, so that details alone are compared.

    Without this a face lit from one side resembles every other face lit from that side.

    Args:
        thumb: uint8 [THUMB,THUMB].

    Returns:
        float32 [THUMB,THUMB].
    """
    values = thumb.astype(np.float32)
    details = values - cv2.GaussianBlur(values, (0, 0), DETAIL_SIGMA)
    variance = cv2.GaussianBlur(details * details, (0, 0), DETAIL_SIGMA)
    return np.asarray(details / np.sqrt(variance + NOISE_VARIANCE), dtype=np.float32)


def similarity(a: FloatArray, b: FloatArray, *, mirrored: bool) -> float:
    """Correlation of two thumbnails where they fit best.

    The middle of each is looked for in the other, at several sizes and at every place.

    Args:
        a: float32 [THUMB,THUMB] from `normalise_contrast`.
        b: The same of the other picture.
        mirrored: Whether to mirror `b` first.

    Returns:
        -1 to 1; 0 where a picture is flat.
    """
    other = np.ascontiguousarray(b[:, ::-1]) if mirrored else b
    return max(_best_fit(a, other), _best_fit(other, a))


def near_pairs(thumbs: PixelArray, start: int, stop: int, threshold: float) -> PairArray:
    """Find the pictures that are the same photo as one of a block.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map.
        start: First picture of the block.
        stop: The picture after its last one.
        threshold: `similarity` from which two pictures are the same photo.

    Returns:
        int64 [P,2] of (smaller index, larger index), each pair once.
    """
    found = []
    for candidates in candidate_pairs(thumbs, start, stop, COARSE_THRESHOLD):
        needed = np.unique(candidates[:, :2])
        details = {int(i): normalise_contrast(np.asarray(thumbs[i])) for i in needed}
        found += [
            (a, b)
            for a, b, mirrored in candidates.tolist()
            if similarity(details[a], details[b], mirrored=bool(mirrored)) >= threshold
        ]
    return np.array(sorted(set(found)), dtype=np.int64).reshape(-1, 2)


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


def _best_fit(picture: FloatArray, template: FloatArray) -> float:
    edge = (THUMB - CORE) // 2
    core = template[edge : edge + CORE, edge : edge + CORE]
    if core.std() < FLAT or picture.std() < FLAT:
        return 0.0
    best = -1.0
    for side in CORE_SIDES:
        scaled = cv2.resize(core, (side, side), interpolation=cv2.INTER_AREA)
        scores = cv2.matchTemplate(picture, scaled, cv2.TM_CCOEFF_NORMED)
        best = max(best, float(scores[np.isfinite(scores)].max(initial=-1.0)))
    return best
