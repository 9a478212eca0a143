"""Asks face detectors about pictures, at several sizes: each finds faces of some sizes best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien.evaluation.detection import Labels
from mien.protocols import Detector
from mien.training.detector.consensus import SAME, agree
from mien.types import Box, Face, FloatArray, PixelArray
from mien.vision.boxes import iou_matrix, non_maximum_suppression, to_array

OVERLAP = 0.4  # of one detector's boxes at several sizes that mean the same face
SMALLEST = 48  # a picture is not shrunk below this side
# A judge is shown what is around a doubtful face, this many sides of it, at this many pixels.
AROUND, SHOWN = 2.4, 240


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
            The faces in pixels of the picture, the surest first; each once, as the mean of what was
            seen of it at all sizes, weighted by score: a detector's errors at two sizes differ.
        """
        faces = [face for scale in self.scales for face in self._find_at(image, scale)]
        scores = np.array([face.score for face in faces])
        boxes = to_array([face.box for face in faces])
        kept = non_maximum_suppression(boxes, scores, OVERLAP)
        if not len(kept):
            return ()
        owner = iou_matrix(boxes[kept], boxes)
        owner = np.where(owner.max(axis=0) > OVERLAP, owner.argmax(axis=0), -1)
        return tuple(
            _fused([faces[index] for index in np.flatnonzero(owner == number)])
            for number in range(len(kept))
        )

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
        return tuple(_moved(face, ratio) for face in self.detector(resized))


def label(
    image: PixelArray,
    teachers: Mapping[str, Teacher],
    people: Sequence[Box] = (),
    judge: Detector | None = None,
) -> Labels:
    """Return what the teachers agree on; see `agree`.

    Args:
        image: BGR uint8 [H,W,3]; not changed.
        teachers: By name; the first one's framing is the one that is learnt.
        people: Boxes that people drew.
        judge: A detector that is too slow to be asked about whole pictures: it is shown only what
            one teacher alone sees, so that it may be the second.
    """
    found: dict[str, Sequence[Face]] = {
        name: teacher.find(image) for name, teacher in teachers.items()
    }
    labels = agree(found, people)
    if judge is None or not labels.unknown:
        return labels
    # Only what some teacher saw becomes a face by another's word: others have no landmarks.
    seen = [face.box for faces in found.values() for face in faces]
    doubtful = [box for box in labels.unknown if box in seen]
    found["judge"] = [face for box in doubtful for face in _confirm(image, box, judge)]
    return agree(found, people) if found["judge"] else labels


def _confirm(image: PixelArray, box: Box, judge: Detector) -> list[Face]:
    """Show the judge the surroundings of a box, enlarged; return the box if it sees that face."""
    side = AROUND * max(box.width, box.height)
    scale = SHOWN / side
    x, y = box.center
    shift = np.array([[scale, 0, SHOWN / 2 - x * scale], [0, scale, SHOWN / 2 - y * scale]])
    view = cv2.warpAffine(image, shift, (SHOWN, SHOWN), borderMode=cv2.BORDER_REPLICATE)
    back = np.array([1 / scale, 1 / scale])
    corner = np.array([x - side / 2, y - side / 2])
    faces = [_moved(face, back, corner) for face in judge(np.asarray(view, dtype=np.uint8))]
    overlaps = iou_matrix(to_array([box]), to_array([face.box for face in faces]))
    return [Face(box, faces[int(overlaps.argmax())].score, None)] if (overlaps > SAME).any() else []


def _fused(faces: Sequence[Face]) -> Face:
    """Return the mean of a face's sightings, with the highest score."""
    weights = np.array([face.score for face in faces])
    box = np.average(to_array([face.box for face in faces]), axis=0, weights=weights)
    points: FloatArray | None = None
    if all(face.landmarks is not None for face in faces):
        stacked = np.stack([face.landmarks for face in faces if face.landmarks is not None])
        points = np.average(stacked, axis=0, weights=weights).astype(np.float32)
    return Face(Box(*map(float, box)), float(weights.max()), points)


def _moved(
    face: Face,
    ratio: npt.NDArray[np.float64],
    corner: npt.NDArray[np.float64] | tuple[float, float] = (0.0, 0.0),
) -> Face:
    shift = np.asarray(corner)
    box = np.array(face.box.to_tuple()) * np.tile(ratio, 2) + np.tile(shift, 2)
    points = face.landmarks
    moved = None if points is None else (points * ratio + shift).astype(np.float32)
    return Face(Box(*box.tolist()), face.score, moved)
