"""Where to look for faces in a stream: everywhere now and then, and in between where they were.

A face moves little from one frame to the next. A small window around the place where it is expected
holds it, at the size that the detector knows best, and the windows of all faces side by side are
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

# Side of a window over the side of its face: as far as a face may move is half of the difference.
WINDOW = 2.0
# Boxes that overlap by more are of one face.
SAME = 0.4
# Seconds from one search to the next: with the time until a new face is believed, who comes in is
# read within 0.3 seconds.
INTERVAL = 0.15


@dataclass(frozen=True, slots=True)
class _Window:
    """A square of the frame, and where it lies in the picture of all windows."""

    left: int
    top: int
    side: int
    column: int
    row: int


class Follower:
    """Finds the faces of one stream. Holds the stream's state.

    The whole frame is searched when `interval` seconds have passed, when a face that was followed
    is not in its window, when time jumps, and when windows would be larger than the frame. Then the
    windows still count: a face is gone when neither shows it.
    """

    def __init__(self, detector: Detector, *, interval: float = INTERVAL) -> None:
        """Take what finds faces.

        Args:
            detector: Finds them, in frames and in windows.
            interval: Seconds of stream time from one search to the next; 0 searches every frame,
                and looks into no window.
        """
        self._detector = detector
        self._interval = interval
        self._tile = 2 * round(WINDOW * detector.face_side / 2)
        self._searched: float | None = None

    def reset(self) -> None:
        """Forget everything, for a new source."""
        self._searched = None

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
        due, windows = self._is_due(timestamp), [*expected, *missing]
        follows = self._searched is not None and self._pays(len(windows), image)
        followed = self._look(image, windows) if follows else [None] * len(windows)
        known = [face for face in followed if face is not None]
        if not due and None not in followed[: len(expected)]:
            return tuple(known)
        self._searched = timestamp
        seen = to_array([face.box for face in known])
        new = [
            face
            for face in self._detector(image)
            if not (iou_matrix(to_array([face.box]), seen) > SAME).any()
        ]
        return tuple(known + new)

    def _pays(self, windows: int, image: PixelArray) -> bool:
        """Whether windows help: not where every frame is searched, nor in a crowd."""
        pixels = image.shape[0] * image.shape[1]
        return self._interval > 0 and windows * self._tile**2 < pixels

    def _is_due(self, timestamp: float) -> bool:
        if self._searched is None:
            return True
        passed = timestamp - self._searched
        # A little less, because the stamps of a steady stream are rounded.
        return passed < 0 or passed >= 0.99 * self._interval

    def _look(self, image: PixelArray, expected: Sequence[Box]) -> list[Face | None]:
        """Return the face in each window; None where there is none, or it is another window's."""
        if not expected:
            return []
        windows = _place(expected, image.shape[1], image.shape[0])
        found = self._detector(self._picture(image, windows))
        best = []
        for window, box in zip(windows, expected, strict=True):
            shown = [self._back(face, window) for face in found if self._is_in(face, window)]
            best.append(min(shown, key=partial(_distance, box), default=None))
        return _once(best, expected)

    def _picture(self, image: PixelArray, windows: Sequence[_Window]) -> PixelArray:
        tile = self._tile
        columns = max(window.column for window in windows) + 1
        rows = max(window.row for window in windows) + 1
        picture = np.zeros((rows * tile, columns * tile, 3), dtype=np.uint8)
        for window in windows:
            square = cut_square(image, window.left, window.top, window.side, cv2.BORDER_CONSTANT)
            y, x = window.row * tile, window.column * tile
            picture[y : y + tile, x : x + tile] = _resized(square, tile)
        return picture

    def _is_in(self, face: Face, window: _Window) -> bool:
        x, y = face.box.center
        return int(x // self._tile) == window.column and int(y // self._tile) == window.row

    def _back(self, face: Face, window: _Window) -> Face:
        """Return a face of the picture of windows in pixels of the frame."""
        scale = window.side / self._tile
        dx = window.left - window.column * window.side
        dy = window.top - window.row * window.side
        x1, y1, x2, y2 = (scale * value for value in face.box.to_tuple())
        points = face.landmarks
        if points is not None:
            points = points * np.float32(scale) + np.array([dx, dy], np.float32)
        box = Box(x1 + dx, y1 + dy, x2 + dx, y2 + dy)
        return replace(face, box=box, landmarks=points)


def _place(boxes: Sequence[Box], width: int, height: int) -> list[_Window]:
    """Lay the windows of boxes out in rows, as nearly square as it goes."""
    columns = math.ceil(math.sqrt(len(boxes)))
    windows = []
    for number, box in enumerate(boxes):
        side = max(2, round(WINDOW * box.side))
        x, y = box.center
        # Of a face that is about to leave, the part that is still in the frame is looked for.
        left, top = (
            round(min(max(x, 0), width) - side / 2),
            round(min(max(y, 0), height) - side / 2),
        )
        windows.append(_Window(left, top, side, number % columns, number // columns))
    return windows


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
    """Leave a face that two windows show to the one that it is nearer to."""
    result: list[Face | None] = [None] * len(faces)
    there = [(number, face) for number, face in enumerate(faces) if face is not None]
    for number, face in sorted(there, key=lambda pair: _distance(expected[pair[0]], pair[1])):
        taken = to_array([other.box for other in result if other is not None])
        if not (iou_matrix(to_array([face.box]), taken) > SAME).any():
            result[number] = face
    return result
