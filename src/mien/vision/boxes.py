"""Arithmetic on boxes. Arrays of boxes are float [N,4] as (x1, y1, x2, y2) in pixels."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.types import Box, Face

BoxArray = npt.NDArray[np.floating]
# How far from the middle of a face, 1 being its outline, the middle of a box may be for the box to
# be a part of that face. Of somebody behind, no more is seen than what is beyond the outline.
PART = 0.9


def to_array(boxes: Sequence[Box]) -> npt.NDArray[np.float64]:
    """Return the boxes as float64 [N,4]."""
    return np.array([box.to_tuple() for box in boxes], dtype=np.float64).reshape(-1, 4)


def main_face(faces: Sequence[Face]) -> Face | None:
    """Return the face that a picture's label speaks of, large and sure; None without any."""
    return max(faces, key=lambda face: face.box.side * face.score, default=None)


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
    max_inside: float = 1.0,
) -> npt.NDArray[np.intp]:
    """Keep the best of each group of overlapping boxes.

    Args:
        boxes: [N,4].
        scores: [N].
        threshold: Boxes that overlap a better one by more than this are dropped.
        use_minimum: Measure overlap over the smaller area instead of the union, so that a box
            inside another counts as the same face.
        max_inside: Of two boxes one of which has more than this part of its area in the other, and
            its middle well inside the oval that this one frames, the less sure is dropped: half a
            face is not another person.

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
        free = overlap <= threshold * base
        if max_inside < 1:
            inside = free & (overlap > max_inside * np.minimum(areas[best], areas[rest]))
            if inside.any():
                free &= ~(inside & _is_part(boxes[best], boxes[rest]))
        order = rest[free]
    return np.array(kept, dtype=np.intp)


def _is_part(box: BoxArray, others: BoxArray) -> npt.NDArray[np.bool_]:
    """Whether, of a box [4] and each other one [N,4], the smaller is about the larger's middle."""
    sides, other_sides = box[2:] - box[:2], others[:, 2:] - others[:, :2]
    larger = np.where((sides.prod() >= other_sides.prod(axis=1))[:, None], sides, other_sides)
    apart = (others[:, :2] + others[:, 2:] - box[:2] - box[2:]) / 2
    halves = np.maximum(larger, 1e-6) / 2
    return np.asarray(np.hypot(*(apart / halves).T) < PART)


def _intersection(a: BoxArray, b: BoxArray) -> npt.NDArray[np.float64]:
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(high - low, 0, None).astype(np.float64)
    return np.asarray(sides[..., 0] * sides[..., 1])


def _area(boxes: BoxArray) -> npt.NDArray[np.float64]:
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).astype(np.float64)
    return np.asarray(sides[:, 0] * sides[:, 1])
