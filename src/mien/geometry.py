"""Arithmetic on boxes. Arrays of boxes are float [N,4] as (x1, y1, x2, y2) in pixels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.types import Box

BoxArray = npt.NDArray[np.floating]


def to_array(boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
    """Return the boxes as float64 [N,4]."""
    return np.array([box.to_tuple() for box in boxes], dtype=np.float64).reshape(-1, 4)


def iou_matrix(a: BoxArray, b: BoxArray) -> npt.NDArray[np.float64]:
    """Intersection over union of every box of `a` with every box of `b`.

    Args:
        a: [N,4].
        b: [M,4].

    Returns:
        float64 [N,M] in 0..1.
    """
    overlap = _intersection(a, b)
    union = _area(a)[:, None] + _area(b)[None, :] - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def non_maximum_suppression(
    boxes: BoxArray,
    scores: npt.NDArray[np.floating],
    threshold: float,
    *,
    use_minimum: bool = False,
) -> npt.NDArray[np.intp]:
    """Keep the best of each group of overlapping boxes.

    Args:
        boxes: [N,4].
        scores: [N].
        threshold: Boxes that overlap a better one by more than this are dropped.
        use_minimum: Measure overlap over the smaller area instead of the union, so that a box
            inside another counts as the same face.

    Returns:
        Indices of the kept boxes, best first.
    """
    areas = _area(boxes)
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        overlap = _intersection(boxes[best : best + 1], boxes[rest])[0]
        if use_minimum:
            base = np.minimum(areas[best], areas[rest])
        else:
            base = areas[best] + areas[rest] - overlap
        order = rest[overlap <= threshold * base]
    return np.array(kept, dtype=np.intp)


def _intersection(a: BoxArray, b: BoxArray) -> npt.NDArray[np.float64]:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(high - low, 0, None).astype(np.float64)
    return np.asarray(sides[..., 0] * sides[..., 1])


def _area(boxes: BoxArray) -> npt.NDArray[np.float64]:
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).astype(np.float64)
    return np.asarray(sides[:, 0] * sides[:, 1])
