"""Hard cuts: where a picture, or a part of it, goes on as another one.

After a cut somebody else may be where a face was. Two frames of one scene are alike block by block,
once blocks may move a little and light may change; those of two scenes are not. So cameras may pan,
lamps flicker and people move, while another shot, or another pane of a split screen, is found. A
frame with hardly anything in it (a flash, black between two shots) says nothing: the next one is
compared with that before it. Dissolves, which take many frames, are no cuts here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien.types import Box, PixelArray

# A frame in gray cells, each the mean of 2x2 pixels; blocks of them, and how far blocks may move.
COLUMNS, ROWS, BLOCK, REACH = 96, 72, 8, 6
ACROSS, DOWN = COLUMNS // BLOCK, ROWS // BLOCK
# Deviation from which a block shows something: four levels, in sums of four pixels; as a vector.
SHOWS = 16.0 * BLOCK
# Chosen on pairs of pictures, of frames, and of shifted, turned and lit pictures (`python -m
# benchmarks.cuts`): the correlation from which a block is the same...
ALIKE = 0.87
# ...and the share of blocks below which nothing goes on.
GOES_ON = 0.25
# Blocks that must show something, of a frame and of what is around a face.
LEAST, LEAST_AROUND = 8, 4
# A face with what is around it, in sides of its box.
AROUND = 2.5
# A frame that says nothing is passed over for so many seconds: then nobody is tracked.
PASSED_OVER = 2.0

Cells = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cut:
    """What does not go on.

    Attributes:
        whole: Whether the frame is of another scene than the one before.
        faces: Of each place that was asked for, whether what is around it is.
    """

    whole: bool
    faces: tuple[bool, ...]

    def __bool__(self) -> bool:
        """Whether there is anything that does not go on."""
        return self.whole or any(self.faces)


class CutFinder:
    """Compares each frame of one stream with that before it. Holds the stream's state."""

    def __init__(self) -> None:
        """Start before the first frame."""
        self.reset()

    def reset(self) -> None:
        """Forget the last frame, for a new source."""
        self._before: _Seen | None = None
        self._time = 0.0

    def __call__(self, image: PixelArray, timestamp: float, faces: Sequence[Box]) -> Cut:
        """Compare a frame with the last one.

        Args:
            image: BGR uint8 [H,W,3].
            timestamp: Seconds of stream time.
            faces: Where faces were, in pixels; without any nothing is compared.
        """
        now, before = _Seen(shrunk(image)), self._before
        passed = timestamp - self._time
        compared = None if before is None else _Compared(before, now)
        if compared is not None and compared.says_nothing and 0 <= passed < PASSED_OVER:
            return Cut(False, (False,) * len(faces))
        self._before, self._time = now, timestamp
        if compared is None or not faces:
            return Cut(False, (False,) * len(faces))
        height, width = image.shape[:2]
        return compared.cut([_around(box, width, height) for box in faces])


def shrunk(image: PixelArray) -> Cells:
    """Return a frame in gray cells, float64 [ROWS,COLUMNS], each the sum of four pixels."""
    few = cv2.resize(image, (2 * COLUMNS, 2 * ROWS), interpolation=cv2.INTER_NEAREST)
    gray = cv2.cvtColor(few, cv2.COLOR_BGR2GRAY).astype(np.uint16)
    pairs = gray[::2] + gray[1::2]
    return np.asarray(pairs[:, ::2] + pairs[:, 1::2], np.float64)


class _Seen:
    """A frame, and its blocks as they are compared, which the next frame needs once more."""

    def __init__(self, cells: Cells) -> None:
        parts = cells.reshape(DOWN, BLOCK, ACROSS, BLOCK).transpose(0, 2, 1, 3)
        self.cells = cells
        self.blocks = _centred(parts.reshape(DOWN, ACROSS, BLOCK * BLOCK))
        self.lengths = _lengths(self.blocks)


class _Compared:
    """Two frames, block by block; what is not asked for is not worked out."""

    def __init__(self, before: _Seen, now: _Seen) -> None:
        self._before, self._now = before, now
        self._told = (before.lengths >= SHOWS) & (now.lengths >= SHOWS)
        product = (before.blocks * now.blocks).sum(axis=-1)
        self._alike = self._told & (product >= ALIKE * before.lengths * now.lengths)
        self._searched = self._alike | ~self._told

    @property
    def says_nothing(self) -> bool:
        """Whether too little is to be seen in both to tell."""
        return int(self._told.sum()) < LEAST

    def cut(self, places: Sequence[tuple[slice, slice]]) -> Cut:
        """Say what does not go on: of the whole, and of what is around each face."""
        everywhere = (slice(0, DOWN), slice(0, ACROSS))
        if self._ends(everywhere, LEAST):
            return Cut(True, (True,) * len(places))
        return Cut(False, tuple(self._ends(place, LEAST_AROUND) for place in places))

    def _ends(self, place: tuple[slice, slice], least: int) -> bool:
        told = int(self._told[place].sum())
        if told < least or self._alike[place].sum() >= GOES_ON * told:
            return False
        # What has moved a little is searched for only where little is as it was.
        for row, column in np.argwhere(~self._searched[place]):
            at = int(row) + place[0].start, int(column) + place[1].start
            self._alike[at] = self._moved(*at)
            self._searched[at] = True
            if self._alike[place].sum() >= GOES_ON * told:
                return False
        return True

    def _moved(self, row: int, column: int) -> bool:
        """Whether a block was somewhere near in the frame before."""
        top, left = BLOCK * row, BLOCK * column
        first_y, first_x = max(0, top - REACH), max(0, left - REACH)
        cells = self._before.cells
        near = cells[first_y : top + BLOCK + REACH, first_x : left + BLOCK + REACH]
        windows = np.lib.stride_tricks.sliding_window_view(near, (BLOCK, BLOCK))
        windows = _centred(windows.reshape(-1, BLOCK * BLOCK))
        lengths, block = _lengths(windows), self._now.blocks[row, column]
        alike = windows @ block >= ALIKE * lengths * self._now.lengths[row, column]
        return bool((alike & (lengths >= SHOWS)).any())


def _around(box: Box, width: int, height: int) -> tuple[slice, slice]:
    """Return the blocks whose middles are around a face, three by three at least."""
    x, y = box.center
    half = AROUND * box.side / 2
    return _span(y, half, height, DOWN), _span(x, half, width, ACROSS)


def _span(middle: float, half: float, length: int, blocks: int) -> slice:
    step = length / blocks
    at = min(max(int(middle / step), 0), blocks - 1)
    first = min(max(round((middle - half) / step), 0), max(at - 1, 0))
    last = max(min(round((middle + half) / step), blocks), min(at + 2, blocks))
    return slice(first, last)


def _centred(blocks: Cells) -> Cells:
    """Return blocks [...,BLOCK*BLOCK] without their means."""
    return np.asarray(blocks - blocks.mean(axis=-1, keepdims=True), np.float64)


def _lengths(centred: Cells) -> Cells:
    """Return the lengths of blocks [...,BLOCK*BLOCK] as vectors."""
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", centred, centred)), np.float64)
