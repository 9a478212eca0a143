"""From what a network says of a canvas to faces in the picture that was put on it."""

import numpy as np
import numpy.typing as npt

from mien.geometry import non_maximum_suppression
from mien.types import Box, Face, FloatArray


def to_faces(
    scores: FloatArray,
    boxes: FloatArray,
    landmarks: FloatArray,
    *,
    max_overlap: float,
    ratio: npt.NDArray[np.float32],
) -> tuple[Face, ...]:
    """Keep the surest of overlapping boxes, in pixels of the picture.

    Args:
        scores: [n] in 0..1.
        boxes: [n,4] as (x1, y1, x2, y2), in pixels of the canvas.
        landmarks: [n,5,2], likewise.
        max_overlap: Boxes that overlap a surer one by more are dropped.
        ratio: (width, height) of the picture over that on the canvas.

    Returns:
        The faces, the surest first.
    """
    kept = non_maximum_suppression(boxes, scores, max_overlap)
    back = np.tile(ratio, 2)
    return tuple(
        Face(Box(*map(float, boxes[n] * back)), float(scores[n]), landmarks[n] * ratio)
        for n in kept
    )
