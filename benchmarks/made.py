"""Made pictures by the hundred thousand, some of which show the one before them otherwise."""

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks import faces
from mien.datasets.preparation.likeness.thumbnails import THUMB
from mien.types import FloatArray, IntArray, PixelArray

# Side of a picture, of which a thumbnail is made.
SIDE = 2 * THUMB
KNOTS = 14
# One in ten shows the one before it.
EVERY = 10
BLOCK = 400 * EVERY
MARK = "stock"


def thumbnails(count: int, *, seed: int = 0) -> tuple[PixelArray, IntArray]:
    """Make thumbnails of pictures: the portrait under a soft pattern of each one's own.

    Args:
        count: Pictures.
        seed: Of the patterns.

    Returns:
        uint8 [count,THUMB,THUMB], and int64 [P,2], the pairs that show one photo: cropped, scaled,
        mirrored, with a watermark or shifted, by turns.
    """
    rng = np.random.default_rng(seed)
    result = np.empty((count, THUMB, THUMB), dtype=np.uint8)
    for start in range(0, count, BLOCK):
        block = _pictures(min(BLOCK, count - start), rng)
        for row in range(1, len(block), EVERY):
            change = CHANGES[(start + row) // EVERY % len(CHANGES)]
            block[row] = change(block[row - 1], rng)
        halves = block.reshape(len(block), THUMB, 2, THUMB, 2).astype(np.float32)
        result[start : start + len(block)] = halves.mean(axis=(2, 4)).round()
    return result, twins(count)


def twins(count: int) -> IntArray:
    """Return the pairs of `thumbnails` that show one photo."""
    second = np.arange(1, count, EVERY)
    return np.stack([second - 1, second], axis=1)


def _pictures(count: int, rng: np.random.Generator) -> PixelArray:
    knots = rng.normal(0, 1, (count, KNOTS, KNOTS)).astype(np.float32)
    pattern = WEIGHTS @ knots @ WEIGHTS.T
    gray = cv2.cvtColor(faces.portrait(), cv2.COLOR_BGR2GRAY)
    face = cv2.resize(gray[50:190, 90:230], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(0.5 * face + 64 + 40 * pattern, 0, 255), dtype=np.uint8)


def _window(picture: PixelArray, side: int, x: int, y: int) -> PixelArray:
    part = np.ascontiguousarray(picture[y : y + side, x : x + side])
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def _cropped(picture: PixelArray, rng: np.random.Generator) -> PixelArray:
    side = int(rng.integers(SIDE * 7 // 8, SIDE))
    x, y = (int(value) for value in rng.integers(0, SIDE - side + 1, 2))
    return _window(picture, side, x, y)


def _scaled(picture: PixelArray, rng: np.random.Generator) -> PixelArray:
    side = int(rng.integers(SIDE * 3 // 4, SIDE * 7 // 8))
    edge = (SIDE - side) // 2
    return _window(picture, side, edge, edge)


def _mirrored(picture: PixelArray, _: np.random.Generator) -> PixelArray:
    return np.ascontiguousarray(picture[:, ::-1])


def _marked(picture: PixelArray, _: np.random.Generator) -> PixelArray:
    marked = picture.copy()
    cv2.putText(marked, MARK, (3, SIDE - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    return marked


def _shifted(picture: PixelArray, rng: np.random.Generator) -> PixelArray:
    x, y = (int(value) for value in rng.integers(-5, 6, 2))
    move = np.array([[1, 0, x], [0, 1, y]], dtype=np.float32)
    mode = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(picture, move, (SIDE, SIDE), borderMode=mode))


CHANGES: tuple[Callable[[PixelArray, np.random.Generator], PixelArray], ...] = (
    *(_cropped, _scaled, _mirrored, _marked, _shifted),
)
WEIGHTS: FloatArray = cv2.resize(
    np.eye(KNOTS, dtype=np.float32), (KNOTS, SIDE), interpolation=cv2.INTER_CUBIC
)
