"""A picture with what is known of the faces in it, and how both move together."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien.evaluation.detection import Labels
from mien.types import FloatArray, PixelArray

Matrix = npt.NDArray[np.float64]

MIRRORED = [1, 0, 2, 4, 3]  # landmarks after mirroring: left and right change places
# A face is learnt when at least so much of it is inside and its side is so many pixels; less of it
# is neither face nor background.
VISIBLE, SMALLEST, LARGEST = 0.5, 9.0, 300.0
# A picture is drawn from the half, quarter … of it that then has to be scaled by this at least.
LEAST_SCALE = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """A picture and its faces.

    Attributes:
        image: uint8 [H,W], gray, or [H,W,3], BGR.
        boxes: float32 [F,4] as (x1, y1, x2, y2) in pixels.
        landmarks: float32 [F,5,2], as in `mien.types.Face`.
        unknown: float32 [U,4]: regions that may hold a face or not.
        halves: The image at half its size, at a quarter, and so on, as far as there are such: what
            is small in a scene is drawn from these, so that no pixel is skipped.
    """

    image: PixelArray
    boxes: FloatArray
    landmarks: FloatArray
    unknown: FloatArray
    halves: tuple[PixelArray, ...] = ()

    @classmethod
    def of(
        cls, image: PixelArray, labels: Labels, halves: tuple[PixelArray, ...] = ()
    ) -> "Annotated":
        """Make one of a picture and its labels; a face without landmarks is unknown."""
        known = [face for face in labels.faces if face.landmarks is not None]
        rest = [face.box for face in labels.faces if face.landmarks is None]
        return cls(
            image,
            _array([face.box.to_tuple() for face in known], 4),
            np.array([face.landmarks for face in known], np.float32).reshape(-1, 5, 2),
            _array([box.to_tuple() for box in (*labels.unknown, *rest)], 4),
            halves,
        )

    @property
    def sides(self) -> FloatArray:
        """Sides of the squares of the boxes' areas, float32 [F]."""
        return np.asarray(np.sqrt(np.prod(self.boxes[:, 2:] - self.boxes[:, :2], axis=1)))


def similarity(
    source: npt.ArrayLike, target: npt.ArrayLike, scale: float, angle: float, *, mirror: bool
) -> Matrix:
    """Return the float64 [2,3] matrix that turns, scales and mirrors, and brings source to target.

    Args:
        source: A point (x, y).
        target: Where it goes.
        scale: Factor.
        angle: Radians.
        mirror: Left becomes right.
    """
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    turn = np.array([[-cos, -sin], [-sin, cos]]) if mirror else np.array([[cos, -sin], [sin, cos]])
    shift = np.asarray(target, dtype=np.float64) - turn @ np.asarray(source, dtype=np.float64)
    return np.concatenate([turn, shift[:, None]], axis=1)


def move(
    picture: Annotated,
    matrix: Matrix,
    size: int,
    *,
    border: int = cv2.BORDER_REPLICATE,
    fill: int = 0,
    around: PixelArray | None = None,
) -> Annotated:
    """Resample a picture into a square, with all that is known of it.

    Args:
        picture: The picture.
        matrix: A similarity, from its pixels to those of the square.
        size: Side of the square in pixels.
        border: OpenCV's border mode: what is outside the picture.
        fill: Gray level outside, for a constant border.
        around: What is outside, instead: a square of that size, not changed.

    Returns:
        The square; faces of which too little is left, and too small or large ones, are unknown.
    """
    if around is None:
        square, mode = np.empty((size, size, *picture.image.shape[2:]), np.uint8), border
    else:
        square, mode = around.copy(), cv2.BORDER_TRANSPARENT
    image = _resample((picture.image, *picture.halves), matrix, square, mode, fill)
    turn, shift = matrix[:, :2], matrix[:, 2]
    boxes = _turned(picture.boxes, matrix)
    landmarks = (picture.landmarks @ turn.T + shift).astype(np.float32)
    if np.linalg.det(turn) < 0:
        landmarks = landmarks[:, MIRRORED]
    inside = _part_inside(boxes, size)
    sides = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    learnt = (inside >= VISIBLE) & (sides >= SMALLEST) & (sides <= LARGEST)
    unclear = ~learnt & (inside > 0)
    unknown = np.concatenate([boxes[unclear], _around(picture.unknown, matrix)])
    return Annotated(image, boxes[learnt], landmarks[learnt], unknown.astype(np.float32))


def _resample(
    levels: tuple[PixelArray, ...], matrix: Matrix, square: PixelArray, border: int, fill: int
) -> PixelArray:
    """Warp the smallest of the levels that does not have to be shrunk by much, into a square."""
    scale, level = math.hypot(matrix[0, 0], matrix[1, 0]), 0
    while level + 1 < len(levels) and scale * 2 ** (level + 1) < 2 * LEAST_SCALE:
        level += 1
    image = levels[level]
    ratio = np.array(levels[0].shape[1::-1]) / np.array(image.shape[1::-1])
    drawn = matrix.copy()
    # Pixel i covers i..i+1, so its middle is at i + 0.5 at every size.
    drawn[:, :2] *= ratio
    drawn[:, 2] += drawn[:, :2] @ (0.5, 0.5) - 0.5
    warped = cv2.warpAffine(
        image,
        drawn,
        square.shape[1::-1],
        dst=square,
        flags=cv2.INTER_LINEAR,
        borderMode=border,
        borderValue=(fill, fill, fill),
    )
    return np.asarray(warped, dtype=np.uint8)


def _turned(boxes: FloatArray, matrix: Matrix) -> FloatArray:
    """Return upright boxes around turned faces: as wide as an ellipse in the box would be."""
    cos, sin = np.abs(matrix[0, 0]), np.abs(matrix[1, 0])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    widths, heights = (boxes[:, 2:] - boxes[:, :2]).T
    halves = np.stack(
        [np.hypot(widths * cos, heights * sin), np.hypot(widths * sin, heights * cos)], axis=1
    )
    return np.concatenate([middles - halves / 2, middles + halves / 2], axis=1).astype(np.float32)


def _around(boxes: FloatArray, matrix: Matrix) -> FloatArray:
    """Return upright boxes around the turned corners of boxes."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32)


def _part_inside(boxes: FloatArray, size: int) -> npt.NDArray[np.float64]:
    """Return the share of each box's area that is inside the square, float64 [N]."""
    cut = np.clip(boxes, 0, size)
    areas = [np.prod(np.maximum(part[:, 2:] - part[:, :2], 0), axis=1) for part in (cut, boxes)]
    return np.asarray(areas[0] / np.maximum(areas[1], 1e-6), dtype=np.float64)


def _array(rows: list[tuple[float, ...]], width: int) -> FloatArray:
    return np.array(rows, dtype=np.float32).reshape(-1, width)
