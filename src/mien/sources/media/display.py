"""From the pixels that a video stores to the picture that it shows.

A video may store its pictures narrower or wider than they are meant (pixels that are not square:
PAL, NTSC, HDV and all that is anamorphic), and lying on their side or mirrored (phones, front
cameras, cameras that hang). Players show them as meant, and so must they be read.
"""

import struct
from fractions import Fraction

import cv2
import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from mien.types import PixelArray
from mien.vision.images.reading import MAX_PIXELS

SQUARE = Fraction(1)
# Beyond every format in use: a file that says so is mistaken.
MOST_OBLONG = 8
# FFmpeg's display matrix: nine numbers with a fixed point, in the order of the machine.
MATRIX = struct.Struct("=9i")


class Display:
    """Makes the pictures of one open video look as they are meant to."""

    def __init__(self, stream: VideoStream, *, threads: int | None = None) -> None:
        """Take the video, of which no frame is decoded yet.

        Args:
            stream: The video.
            threads: That convert its colours; as many as there are processors where None.
        """
        self._context = stream.codec_context
        # One for all frames. Left to itself, each frame makes one of its own, with a thread for
        # each processor, which those who decode other files beside this one have to wait for.
        self._reformatter, self._threads = VideoReformatter(), threads or 0
        # What the container says counts, as in players; where it says nothing, or the same, what
        # the frames say does.
        stated = stream.sample_aspect_ratio
        self._stated = stated if stated != self._context.sample_aspect_ratio else None
        self._turned: tuple[int, tuple[int, ...] | None] | None = None

    def to_bgr(self, frame: VideoFrame) -> PixelArray:
        """Return a frame that was just decoded as BGR uint8 [H,W,3], upright, its pixels square."""
        converted = self._reformatter.reformat(frame, format="bgr24", threads=self._threads)
        image = np.asarray(converted.to_ndarray(), dtype=np.uint8)
        return oriented(stretched(image, self._aspect()), self._matrix(frame))

    def _matrix(self, frame: VideoFrame) -> tuple[int, ...] | None:
        """Return a frame's display matrix, which is looked up again where its angle changes.

        PyAV's frames and their side data hold each other, so that a frame whose side data was asked
        for stays until Python looks for cycles: of 720p, hundreds of megabytes of them.
        """
        if self._turned is None or self._turned[0] != frame.rotation:
            self._turned = frame.rotation, _matrix(frame)
        return self._turned[1]

    def _aspect(self) -> Fraction:
        """Return how much wider than high a pixel is now: broadcasts change it on the way."""
        aspect = self._stated or self._context.sample_aspect_ratio or SQUARE
        return aspect if Fraction(1, MOST_OBLONG) <= aspect <= MOST_OBLONG else SQUARE


def stretched(image: PixelArray, aspect: Fraction) -> PixelArray:
    """Make the pixels of a picture square; its height stays, unless it became too large.

    Args:
        image: BGR uint8 [H,W,3].
        aspect: Width of a pixel over its height.
    """
    height, width = image.shape[:2]
    size = max(1, round(width * aspect)), height
    if size[0] * size[1] > MAX_PIXELS:
        size = width, max(1, round(height / aspect))
    if size == (width, height):
        return image
    # What becomes smaller is averaged, lest fine lines be torn.
    method = cv2.INTER_AREA if size[0] * size[1] < width * height else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)


def oriented(image: PixelArray, matrix: tuple[int, ...] | None) -> PixelArray:
    """Turn and mirror a picture as a display matrix says: one of eight ways.

    Args:
        image: BGR uint8 [H,W,3].
        matrix: (a, b, u, c, d, v, x, y, w): the pixel at (x, y) is shown at (ax + cy, bx + dy).
            Angles between are rounded; None leaves the picture.
    """
    if matrix is None:
        return image
    a, b, _, c, d = matrix[:5]
    to_x, to_y = a, d
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, to_x, to_y = image.transpose(1, 0, 2), c, b
    image = image[:: -1 if to_y < 0 else 1, :: -1 if to_x < 0 else 1]
    return np.ascontiguousarray(image)


def _matrix(frame: VideoFrame) -> tuple[int, ...] | None:
    data = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(data, SideData) or data.buffer_size != MATRIX.size:
        return None
    return MATRIX.unpack(bytes(data))
