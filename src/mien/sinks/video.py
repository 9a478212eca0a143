"""An annotated video that browsers play: H.264 in MP4, with the time stamps of its source."""

import contextlib
import math
from pathlib import Path

import av
import cv2
import numpy as np

from mien.errors import SinkError
from mien.files.locks import alone_on
from mien.sinks.files import make_folder, open_mode, same_file, writing
from mien.sinks.mp4 import TIME_BASE, Mp4Writer
from mien.types import Analysis, Frame, PixelArray
from mien.vision.draw import draw

# Between the last frame of a source and the first of the next; shows still pictures for a second.
PAUSE_SECONDS = 1.0
# 4K: larger ones are beyond many players, and from 16,384 on beyond the encoder.
MAX_SIDE = 3840


class VideoSink:
    """A `Sink` that writes every frame with its readings drawn on it.

    The first frame sets the size of the video, rounded up to even numbers and at most 3840 pixels
    wide and high; a frame of another size is fitted in with black bars. Where the source changes,
    its time goes on after a pause.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Make the file.

        Args:
            path: An .mp4 file. Its folder is made where it is missing.
            overwrite: Replace a file that exists.

        Raises:
            SinkError: The file exists, or cannot be written.
            InUseError: Another process writes it.
        """
        make_folder(path.parent)
        self._claim = contextlib.ExitStack()
        with writing(path):
            self._claim.enter_context(alone_on(path))
        # Made at once, so that a name that cannot work is known before hours of reading; but not
        # emptied yet, because it may be the very file that is going to be read.
        mode = "ab" if overwrite else f"{open_mode(path, overwrite=False)}b"
        try:
            with writing(path), path.open(mode):
                pass
        except SinkError:
            self._claim.close()
            raise
        self._path = path
        self._writer: Mp4Writer | None = None
        self._size = (0, 0)
        self._clock = _Clock()
        self._closed = False

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Write one frame.

        Raises:
            SinkError: The disk is full, or the encoder refuses the picture.
        """
        if self._closed:
            raise SinkError(f"{self._path}: is closed already")
        writer = self._writer or self._start(frame)
        picture = _to_yuv(fit(draw(frame.image, analysis), *self._size))
        picture.pts, picture.time_base = self._clock.ticks(frame), TIME_BASE
        writer.write(picture)

    def close(self) -> None:
        """Finish the file; one without frames is removed, because nothing can play it."""
        if self._closed:
            return
        self._closed = True
        with self._claim:
            if self._writer is not None:
                self._writer.close()
            elif self._path.is_file() and self._path.stat().st_size == 0:
                self._path.unlink()

    def _start(self, frame: Frame) -> Mp4Writer:
        if same_file(self._path, Path(frame.source)):
            raise SinkError(f"{self._path}: would overwrite its own source; choose another name")
        scale = min(1.0, MAX_SIDE / max(frame.size))
        width, height = (2 * math.ceil(side * scale / 2) for side in frame.size)
        self._size = width, height
        self._writer = Mp4Writer(self._path, width, height)
        return self._writer


class _Clock:
    """Turns the time stamps of one or more sources into ticks that only grow."""

    def __init__(self) -> None:
        self._source: str | None = None
        self._offset = 0.0
        self._last = -1

    def ticks(self, frame: Frame) -> int:
        if frame.source != self._source:
            begin = 0.0 if self._source is None else float(self._last * TIME_BASE) + PAUSE_SECONDS
            self._source, self._offset = frame.source, begin - frame.timestamp
        time = round((frame.timestamp + self._offset) / TIME_BASE)
        # Two frames at one time cannot both be shown; the encoder refuses them.
        self._last = max(self._last + 1, time)
        return self._last


def fit(image: PixelArray, width: int, height: int) -> PixelArray:
    """Bring a picture to a size: an odd edge is repeated, another size gets black bars.

    Args:
        image: BGR uint8 [H,W,3].
        width: Wanted width in pixels.
        height: Wanted height in pixels.

    Returns:
        BGR uint8 [height,width,3].
    """
    missing_x, missing_y = width - image.shape[1], height - image.shape[0]
    if (missing_x, missing_y) == (0, 0):
        return image
    if 0 <= missing_x <= 1 and 0 <= missing_y <= 1:
        return np.pad(image, ((0, missing_y), (0, missing_x), (0, 0)), mode="edge")
    scale = min(width / image.shape[1], height / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(
        image, size, interpolation=method
    )
    return canvas


def _to_yuv(image: PixelArray) -> av.VideoFrame:
    """Convert by BT.709, which the file says too: players guess otherwise, and colours shift."""
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
    return picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
