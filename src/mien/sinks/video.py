"""An annotated video that browsers play: H.264 in MP4, with the time stamps of its source."""

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from mien.errors import SinkError
from mien.files.locks import alone_on
from mien.sinks.files import make_folder, refuse_existing, same_file, try_out, writing
from mien.sinks.mp4 import TIME_BASE, Mp4Writer
from mien.sinks.sound import SoundTrack
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
    its time goes on after a pause. What video files sound like stays with their frames.
    """

    def __init__(
        self,
        path: Path,
        *,
        overwrite: bool = False,
        sources: Sequence[str] = (),
        sound: bool = True,
    ) -> None:
        """Make sure that the file can be made, which its first frame does.

        Args:
            path: An .mp4 file. Its folder is made where it is missing.
            overwrite: Replace a file that exists.
            sources: The names of all that is going to be written, for how sound is written;
                without them only that of the first one is.
            sound: Whether it keeps the sound of video files.

        Raises:
            SinkError: The file exists, or cannot be written.
            InUseError: Another process writes it.
        """
        make_folder(path.parent)
        self._claim = contextlib.ExitStack()
        with writing(path):
            self._claim.enter_context(alone_on(path))
        try:
            try_out(path, overwrite=overwrite)
        except SinkError:
            self._claim.close()
            raise
        self._path, self._overwrite = path, overwrite
        self._writer: Mp4Writer | None = None
        self._size = (0, 0)
        self._clock = _Clock()
        self._sources, self._with_sound = sources, sound
        self._sound: SoundTrack | None = None
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
        if self._sound is not None and self._clock.is_new(frame):
            self._sound.leave(self._clock.end)
            self._clock.keep_free(self._sound.end)
        picture.pts, picture.time_base = self._clock.ticks(frame), TIME_BASE
        writer.write(picture)
        if self._sound is not None:
            self._sound.accompany(frame, float(picture.pts * TIME_BASE))

    def close(self) -> None:
        """Finish the file; without frames there is none, because nothing could play it."""
        if self._closed:
            return
        self._closed = True
        with self._claim:
            if self._writer is not None:
                self._finish(self._writer)

    def _finish(self, writer: Mp4Writer) -> None:
        try:
            if self._sound is not None and writer.works:
                self._sound.finish(self._clock.end)
        finally:
            if self._sound is not None:
                self._sound.close()
            writer.close()

    def _start(self, frame: Frame) -> Mp4Writer:
        if same_file(self._path, Path(frame.source)):
            raise SinkError(f"{self._path}: would overwrite its own source; choose another name")
        # Hours may have passed since it was tried out.
        with writing(self._path):
            refuse_existing(self._path, overwrite=self._overwrite)
        scale = min(1.0, MAX_SIDE / max(frame.size))
        width, height = (2 * math.ceil(side * scale / 2) for side in frame.size)
        self._size = width, height
        track = SoundTrack(self._sources or (frame.source,)) if self._with_sound else None
        if track is None or not track.exists:
            self._writer = Mp4Writer(self._path, width, height)
            return self._writer
        self._sound = track
        copied = track.template and track.template.stream
        self._writer = Mp4Writer(self._path, width, height, sound=copied or True)
        track.begin(self._writer)
        return self._writer


class _Clock:
    """Turns the time stamps of one or more sources into ticks that only grow."""

    def __init__(self) -> None:
        self._source: str | None = None
        self._offset = 0.0
        self._last, self._step = -1, 0
        self._free = 0.0

    @property
    def end(self) -> float:
        """When the last frame is over, which stands for as long as the one before it did."""
        return float((self._last + self._step) * TIME_BASE)

    def is_new(self, frame: Frame) -> bool:
        """Whether a frame is the first of another source than those before it."""
        return self._source not in (None, frame.source)

    def keep_free(self, end: float) -> None:
        """Begin the next source no earlier than at so many seconds."""
        self._free = end

    def ticks(self, frame: Frame) -> int:
        before = self._last
        if frame.source != self._source:
            after = float(self._last * TIME_BASE) + PAUSE_SECONDS
            begin = 0.0 if self._source is None else max(after, self._free)
            self._source, self._offset = frame.source, begin - frame.timestamp
        time = round((frame.timestamp + self._offset) / TIME_BASE)
        # Two frames at one time cannot both be shown; the encoder refuses them.
        self._last = max(self._last + 1, time)
        self._step = self._last - max(0, before)
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
