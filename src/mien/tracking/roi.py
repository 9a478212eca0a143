"""Detection by regions of interest (ROI): the full frame now and then, and ROIs in between.

A face moves little from one frame to the next. A small region around the place where it is expected
holds it, at the size that the detector knows best, and the regions of all faces side by side are
one small picture: a few percent of the pixels of the frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from mien.protocols import Detector
from mien.types import Box, Face, PixelArray
from mien.vision.boxes import iou_matrix, to_array
from mien.vision.crop import cut_square

# Side of a ROI over the side of its face: as far as a face may move is half of the difference.
ROI_SCALE = 2.0
# Boxes that overlap by more are of one face.
SAME = 0.4
# The full-frame detection interval in seconds: with the time until a new face is believed, who
# comes in is read within 0.3 seconds.
INTERVAL = 0.15


@dataclass(frozen=True, slots=True)
class _Roi:
    """A square of the frame, and where it lies in the picture of all ROIs."""

    left: int
    top: int
    side: int
    column: int
    row: int


class RoiDetector:
    """Finds the faces of one stream. Holds the stream's state.

    The full frame goes through the detector when `interval` seconds have passed, when a face that
    was tracked is not in its ROI, when time jumps, and when ROIs would be larger than the frame.
    Then the ROIs still count: a face is gone when neither shows it.
    """

    def __init__(self, detector: Detector, *, interval: float = INTERVAL) -> None:
        """Take what finds faces.

        Args:
            detector: Finds them, in frames and in ROIs.
            interval: The full-frame detection interval, in seconds of stream time; 0 for the full
                frame every time, without ROIs.
        """
        self._detector = detector
        self._interval = interval
        self._tile = 2 * round(ROI_SCALE * detector.face_side / 2)
        self._detected: float | None = None

    def reset(self) -> None:
        """Forget everything, for a new source."""
        self._detected = None

    def __call__(
        self,
        image: PixelArray,
        timestamp: float,
        expected: Sequence[Box],
        missing: Sequence[Box] = (),
    ) -> tuple[Face, ...]:
        """Find the faces of a frame.

        Args:
            image: BGR uint8 [H,W,3].
            timestamp: Seconds of stream time.
            expected: Where the faces of the frame before should be by now.
            missing: Where faces that were not in it may be back.

        Returns:
            The faces; those that were expected first.
        """
        due, places = self._is_due(timestamp), [*expected, *missing]
        tracks = self._detected is not None and self._pays(len(places), image)
        tracked = self._look(image, places) if tracks else [None] * len(places)
        known = [face for face in tracked if face is not None]
        if not due and None not in tracked[: len(expected)]:
            return tuple(known)
        self._detected = timestamp
        seen = to_array([face.box for face in known])
        new = [
            face
            for face in self._detector(image)
            if not (iou_matrix(to_array([face.box]), seen) > SAME).any()
        ]
        return tuple(known + new)

    def _pays(self, rois: int, image: PixelArray) -> bool:
        """Whether ROIs help: not where each full frame is looked at, nor in a crowd."""
        pixels = image.shape[0] * image.shape[1]
        return self._interval > 0 and rois * self._tile**2 < pixels

    def _is_due(self, timestamp: float) -> bool:
        if self._detected is None:
            return True
        passed = timestamp - self._detected
        # A little less, because the stamps of a steady stream are rounded.
        return passed < 0 or passed >= 0.99 * self._interval

    def _look(self, image: PixelArray, expected: Sequence[Box]) -> list[Face | None]:
        """Return the face in each ROI; None where there is none, or it is another ROI's."""
        if not expected:
            return []
        rois = _place(expected, image.shape[1], image.shape[0])
        found = self._detector(self._picture(image, rois))
        best = []
        for roi, box in zip(rois, expected, strict=True):
            shown = [self._back(face, roi) for face in found if self._is_in(face, roi)]
            best.append(min(shown, key=partial(_distance, box), default=None))
        return _once(best, expected)

    def _picture(self, image: PixelArray, rois: Sequence[_Roi]) -> PixelArray:
        tile = self._tile
        columns = max(roi.column for roi in rois) + 1
        rows = max(roi.row for roi in rois) + 1
        picture = np.zeros((rows * tile, columns * tile, 3), dtype=np.uint8)
        for roi in rois:
            square = cut_square(image, roi.left, roi.top, roi.side, cv2.BORDER_CONSTANT)
            y, x = roi.row * tile, roi.column * tile
            picture[y : y + tile, x : x + tile] = _resized(square, tile)
        return picture

    def _is_in(self, face: Face, roi: _Roi) -> bool:
        x, y = face.box.center
        return int(x // self._tile) == roi.column and int(y // self._tile) == roi.row

    def _back(self, face: Face, roi: _Roi) -> Face:
        """Return a face of the picture of ROIs in pixels of the frame."""
        scale = roi.side / self._tile
        dx = roi.left - roi.column * roi.side
        dy = roi.top - roi.row * roi.side
        x1, y1, x2, y2 = (scale * value for value in face.box.to_tuple())
        points = face.landmarks
        if points is not None:
            points = points * np.float32(scale) + np.array([dx, dy], np.float32)
        box = Box(x1 + dx, y1 + dy, x2 + dx, y2 + dy)
        return replace(face, box=box, landmarks=points)


def _place(boxes: Sequence[Box], width: int, height: int) -> list[_Roi]:
    """Lay the ROIs of boxes out in rows, as nearly square as it goes."""
    columns = math.ceil(math.sqrt(len(boxes)))
    rois = []
    for number, box in enumerate(boxes):
        side = max(2, round(ROI_SCALE * box.side))
        x, y = box.center
        # Of a face that is about to leave, the part that is still in the frame is looked for.
        left, top = (
            round(min(max(x, 0), width) - side / 2),
            round(min(max(y, 0), height) - side / 2),
        )
        rois.append(_Roi(left, top, side, number % columns, number // columns))
    return rois


def _resized(square: PixelArray, side: int) -> PixelArray:
    """Shrink or enlarge quickly: areas that end between pixels cost ten times as much."""
    if len(square) > 2 * side:
        square = np.asarray(cv2.resize(square, (2 * side, 2 * side)), dtype=np.uint8)
        return np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(square, (side, side)), dtype=np.uint8)


def _distance(expected: Box, face: Face) -> float:
    (x, y), (wanted_x, wanted_y) = face.box.center, expected.center
    return math.hypot(x - wanted_x, y - wanted_y)


def _once(faces: Sequence[Face | None], expected: Sequence[Box]) -> list[Face | None]:
    """Leave a face that two ROIs show to the one that it is nearer to."""
    result: list[Face | None] = [None] * len(faces)
    there = [(number, face) for number, face in enumerate(faces) if face is not None]
    for number, face in sorted(there, key=lambda pair: _distance(expected[pair[0]], pair[1])):
        taken = to_array([other.box for other in result if other is not None])
        if not (iou_matrix(to_array([face.box]), taken) > SAME).any():
            result[number] = face
    return result
