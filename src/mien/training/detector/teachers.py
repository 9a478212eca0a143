"""Asks face detectors about pictures, at several sizes: each finds faces of some sizes best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mien.geometry import non_maximum_suppression, to_array
from mien.protocols import Detector
from mien.training.detector.consensus import Labels, agree
from mien.types import Box, Face, PixelArray

OVERLAP = 0.4  # of one detector's boxes at several sizes that mean the same face
SMALLEST = 48  # a picture is not shrunk below this side


@dataclass(frozen=True, slots=True)
class Teacher:
    """A detector and the sizes at which it is asked.

    Attributes:
        detector: The detector.
        scales: Factors of the picture's size.
    """

    detector: Detector
    scales: Sequence[float] = (1.0,)

    def find(self, image: PixelArray) -> tuple[Face, ...]:
        """Find faces at all sizes.

        Args:
            image: BGR uint8 [H,W,3]; not changed.

        Returns:
            The faces in pixels of the picture, the surest first; each once.
        """
        faces = [face for scale in self.scales for face in self._find_at(image, scale)]
        scores = np.array([face.score for face in faces])
        kept = non_maximum_suppression(to_array([face.box for face in faces]), scores, OVERLAP)
        return tuple(faces[index] for index in kept)

    def _find_at(self, image: PixelArray, scale: float) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if scale < 1 and min(size) < SMALLEST:
            return ()
        if size == (width, height):
            return self.detector(image)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)
        ratio = np.array([width / size[0], height / size[1]])
        return tuple(_scaled(face, ratio) for face in self.detector(resized))


def label(image: PixelArray, teachers: Mapping[str, Teacher], people: Sequence[Box] = ()) -> Labels:
    """Return what the teachers agree on; see `agree`.

    Args:
        image: BGR uint8 [H,W,3]; not changed.
        teachers: By name; the first one's framing is the one that is learnt.
        people: Boxes that people drew.
    """
    return agree({name: teacher.find(image) for name, teacher in teachers.items()}, people)


def _scaled(face: Face, ratio: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Face:
    box = Box(*(np.array(face.box.to_tuple()) * np.tile(ratio, 2)).tolist())
    points = None if face.landmarks is None else (face.landmarks * ratio).astype(np.float32)
    return Face(box, face.score, points)
