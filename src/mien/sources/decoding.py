"""What a video file and a stream share: from PyAV's containers and frames to ours."""

import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.errors import SourceError
from mien.pictures import MAX_PIXELS
from mien.types import PixelArray

RIGHT_ANGLE = 90
# FFmpeg plays text files, as terminals showed them once.
TEXT_FORMATS = frozenset({"adf", "bin", "idf", "tty", "xbin"})


def video_of(container: InputContainer, name: str) -> VideoStream:
    """Return the video in an open file or stream.

    Raises:
        SourceError: There is none, or its frames are too large to be decoded safely.
    """
    if not container.streams.video or container.format.name in TEXT_FORMATS:
        raise SourceError(f"{name}: holds no video, only sound or other data")
    stream = container.streams.video[0]
    if stream.width * stream.height > MAX_PIXELS:
        raise SourceError(
            f"{name}: {stream.width}x{stream.height} is more than {MAX_PIXELS // 1_000_000} "
            "megapixels; make it smaller first"
        )
    # The size may grow on the way.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def to_bgr(frame: VideoFrame) -> PixelArray:
    """Return BGR uint8 [H,W,3], turned upright where a phone recorded on its side."""
    image = frame.to_ndarray(format="bgr24")
    turns = round(frame.rotation / RIGHT_ANGLE) % 4
    return np.ascontiguousarray(np.rot90(image, turns), dtype=np.uint8)


def reason(error: Exception) -> str:
    """Say in a few words what FFmpeg or the system reported, without the address."""
    words = getattr(error, "strerror", None) or type(error).__name__
    return str(words).lower()
