"""Heads that lie on their side or are upside down: any detector, shown the picture turned, too."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mien.protocols import Detector
from mien.types import Box, Face, PixelArray
from mien.vision.boxes import non_maximum_suppression, to_array

# Boxes that overlap by more are of one face, which detectors frame otherwise once it is turned.
SAME = 0.35
# How much surer a detector must be of a head that lies than of the same head upright: a head that
# is tilted by half a quarter turn is seen both ways, and stays what it would be without all this.
MARGIN = 0.1
F = TypeVar("F", np.float32, np.float64)


class AnyAngleDetector:
    """A `Detector` that asks another one about the picture turned by all quarters.

    It takes four times as long. Threads may share it where they may share the other one.
    """

    def __init__(self, detector: Detector) -> None:
        """Take the detector that is asked.

        Args:
            detector: Finds upright heads.
        """
        self._detector = detector
        self.name, self.face_side = detector.name, detector.face_side

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces; see `mien.protocols.Detector`.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces, the surest first, each with the turns that make it upright.
        """
        height, width = image.shape[:2]
        faces = list(self._detector(image))
        for turns in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(image, turns))
            faces += [turn_back(face, turns, (width, height)) for face in self._detector(turned)]
        return _once(faces)


def _once(faces: Sequence[Face]) -> tuple[Face, ...]:
    """Keep of each face the turn in which it is seen best."""
    ranks = np.array([face.score + MARGIN * (face.turns == 0) for face in faces])
    kept = non_maximum_suppression(to_array([face.box for face in faces]), ranks, SAME)
    return tuple(sorted((faces[n] for n in kept), key=lambda face: -face.score))


def turn_back(face: Face, turns: int, size: tuple[int, int]) -> Face:
    """Return a face of a turned picture in pixels of the picture as it is.

    Args:
        face: In pixels of the picture after `turns` quarter turns against the clock.
        turns: 1 to 3.
        size: Width and height of the picture as it is.
    """
    width, height = size
    corners = np.array(face.box.to_tuple(), np.float64).reshape(2, 2)
    points = face.landmarks
    for turn in reversed(range(turns)):
        # Undone one by one: before the turn, the picture was as wide as it is high after it.
        across = width if turn % 2 == 0 else height
        corners = _unturned(corners, across)
        points = None if points is None else _unturned(points, across)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return replace(face, box=Box(*map(float, (*low, *high))), landmarks=points, turns=turns)


def _unturned(points: npt.NDArray[F], width: int) -> npt.NDArray[F]:
    """Undo a quarter turn against the clock of a picture that was `width` pixels wide before."""
    return np.stack([points.dtype.type(width) - points[:, 1], points[:, 0]], axis=1)
