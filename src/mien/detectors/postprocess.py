"""From what a network says of many places to faces, each once."""

from mien.types import Box, Face, FloatArray
from mien.vision.boxes import non_maximum_suppression


def to_faces(
    scores: FloatArray,
    boxes: FloatArray,
    landmarks: FloatArray,
    *,
    max_overlap: float,
    max_inside: float = 1.0,
) -> tuple[Face, ...]:
    """Keep the surest of overlapping boxes.

    Args:
        scores: [n] in 0..1.
        boxes: [n,4] as (x1, y1, x2, y2), in pixels.
        landmarks: [n,5,2], likewise.
        max_overlap: Boxes that overlap a surer one by more are dropped.
        max_inside: So are those that are a part of a surer one, or the other way round; see
            `non_maximum_suppression`.

    Returns:
        The faces, the surest first.
    """
    kept = non_maximum_suppression(boxes, scores, max_overlap, max_inside=max_inside)
    return tuple(
        Face(Box(*map(float, boxes[n])), min(float(scores[n]), 1.0), landmarks[n]) for n in kept
    )
