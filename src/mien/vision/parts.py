"""Where brows, eyes and mouth of a face are in the picture, from its landmarks."""

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np

from mien.types import Face, FloatArray

PartName = Literal["brows", "eyes", "mouth"]
PARTS: tuple[PartName, ...] = get_args(PartName)

# Where the parts begin and end: along the line of the eyes, and across it, from the middle between
# the eyes (brows, eyes) or between the corners of the mouth; in distances between the eyes.
_EXTENTS: dict[PartName, tuple[float, float, float, float]] = {
    "brows": (-0.95, -0.62, 0.95, -0.16),
    "eyes": (-0.95, -0.16, 0.95, 0.28),
    "mouth": (-0.7, -0.35, 0.7, 0.45),
}
# Where a detector gives no landmarks: those of an average face, in sides of its box.
_AVERAGE = np.array([[0.31, 0.39], [0.69, 0.39], [0.5, 0.58], [0.34, 0.76], [0.66, 0.76]])
# The eyes of a face in profile are close together, or in one place: no part then has a size.
_LEAST = 0.25


def landmarks_of(face: Face) -> FloatArray:
    """Return a face's landmarks, float32 [5,2]; without any, where an average face has them."""
    if face.landmarks is not None:
        return face.landmarks
    box = face.box
    size = np.array([box.width, box.height])
    places = _AVERAGE - 0.5
    for _ in range(face.turns):
        places = np.stack([-places[:, 1], places[:, 0]], axis=1)
    return np.asarray(np.array(box.center) + places * size, dtype=np.float32)


def part_regions(face: Face) -> dict[PartName, FloatArray]:
    """Return where each part is: float32 [4,2], the corners in the order of a line around it."""
    return dict(_regions(face))


def _regions(face: Face) -> Iterator[tuple[PartName, FloatArray]]:
    points = landmarks_of(face)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    along, down = _axes(face, points)
    for part, (left, top, right, bottom) in _EXTENTS.items():
        middle = mouth if part == "mouth" else eyes
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        yield part, np.array([middle + x * along + y * down for x, y in corners], dtype=np.float32)


def _axes(face: Face, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return one distance between the eyes along their line, and across it towards the mouth."""
    along = points[1] - points[0]
    least = _LEAST * face.box.side
    length = float(np.hypot(*along))
    along = along * (least / length) if 0 < length < least else along
    along = along if length > 0 else np.array([least, 0], dtype=np.float32)
    return along, np.array([-along[1], along[0]], dtype=np.float32)
