"""What a video file and a stream share: from PyAV's frames to ours."""

import numpy as np
from av import VideoFrame

from mien.types import PixelArray

RIGHT_ANGLE = 90


def to_bgr(frame: VideoFrame) -> PixelArray:
    """Return BGR uint8 [H,W,3], turned upright where a phone recorded on its side."""
    image = frame.to_ndarray(format="bgr24")
    turns = round(frame.rotation / RIGHT_ANGLE) % 4
    return np.ascontiguousarray(np.rot90(image, turns), dtype=np.uint8)


def reason(error: Exception) -> str:
    """Say in a few words what FFmpeg or the system reported, without the address."""
    words = getattr(error, "strerror", None) or type(error).__name__
    return str(words).lower()
