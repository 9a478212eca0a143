"""From a decoded picture of any mode to BGR, a strip at a time: large pictures need no copies."""

import mmap
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from mien.types import PixelArray
from mien.vision.images.deep import GRAY, SHALLOW, Depth, white_of

# Pixels of a strip. A copy of the whole in another mode would cost as much memory again.
STRIP = 2_000_000
# Bytes of a picture below which numpy's own memory is taken: the system's pages are for large ones,
# and to ask for them takes as long as to decode a small face.
SMALL = 1_000_000


class Pixels(Protocol):
    """Decoded pixels, such as Pillow's `Image`."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""

    @property
    def mode(self) -> str:
        """Of its pixels, as Pillow names it."""

    def crop(self, box: tuple[int, int, int, int], /) -> Image.Image:
        """Return a part: left, top, right, bottom."""


class ArrayPixels:
    """An array as `Pixels`."""

    def __init__(self, array: npt.NDArray[np.uint8]) -> None:
        """Take uint8 [H,W,3] RGB, [H,W,4] RGBA or [H,W] gray."""
        self._array = array
        self.size = (array.shape[1], array.shape[0])
        self.mode = Image.fromarray(array[:1, :1]).mode

    def crop(self, box: tuple[int, int, int, int], /) -> Image.Image:
        """Return a part: left, top, right, bottom."""
        left, top, right, bottom = box
        return Image.fromarray(np.ascontiguousarray(self._array[top:bottom, left:right]))


def to_bgr(pixels: Pixels, orientation: int = 1, depth: Depth = SHALLOW) -> PixelArray:
    """Convert, turned as it is meant to be seen, transparency over gray.

    Args:
        pixels: In any mode that Pillow knows.
        orientation: 1 to 8, as EXIF numbers it.
        depth: What the file says of gray of more than 8 bits.

    Returns:
        BGR uint8 [H,W,3].
    """
    width, height = pixels.size
    result, stored = canvas(width, height, orientation)
    scale = _scale(pixels, depth) if pixels.mode in GRAY else None
    for box in _strips(pixels):
        strip, place = pixels.crop(box), stored[box[1] : box[3]]
        if scale is not None:
            place[:] = _gray(strip, *scale)
        elif place.flags.c_contiguous:
            # Four times as fast as numpy, which turns the samples of each pixel one by one.
            cv2.cvtColor(_color(strip), cv2.COLOR_RGB2BGR, dst=place)
        else:
            place[:] = _color(strip)[..., ::-1]
    return result


def canvas(width: int, height: int, orientation: int) -> tuple[PixelArray, PixelArray]:
    """Make room for a picture.

    Args:
        width: As it is stored.
        height: As it is stored.
        orientation: 1 to 8, as EXIF numbers it.

    Returns:
        uint8 [H,W,3] as it is seen, and a view of the same as it is stored, to be filled.
    """
    sideways = orientation >= 5
    shape = (width, height) if sideways else (height, width)
    is_small = width * height * 3 < SMALL
    result = np.empty((*shape, 3), np.uint8) if is_small else room(*shape)[0]
    view = result.transpose(1, 0, 2) if sideways else result
    if orientation in (3, 4, 6, 7):
        view = view[::-1]
    if orientation in (2, 3, 7, 8):
        view = view[:, ::-1]
    return result, view


def room(height: int, width: int) -> tuple[PixelArray, mmap.mmap]:
    """Make room for a picture in pages that the system hands out, and takes back, one by one.

    Returns:
        uint8 [height,width,3], and the memory that it lies in.
    """
    size = height * width * 3
    # Shared memory, the default, would stay taken; numpy asks for pages of two megabytes.
    own = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    memory = mmap.mmap(-1, size, **own)
    return np.frombuffer(memory, np.uint8, size).reshape(height, width, 3), memory


def orientation_of(image: Image.Image) -> int:
    """Return how a picture is to be turned, 1 to 8; 1 where EXIF does not say, or is damaged."""
    try:
        # Never by `ImageOps.exif_transpose`: it writes all of EXIF anew, and fails where one value
        # is odd.
        value: Any = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF costs only the turn
        return 1
    return int(value) if value in range(1, 9) else 1


def _strips(pixels: Pixels) -> list[tuple[int, int, int, int]]:
    width, height = pixels.size
    rows = max(1, STRIP // max(1, width))
    return [(0, top, width, min(top + rows, height)) for top in range(0, height, rows)]


def _color(strip: Image.Image) -> npt.NDArray[np.uint8]:
    """Return RGB uint8 [h,w,3]."""
    if strip.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in strip.info:
        color = strip.convert("RGBA")
        # Mid-gray is the background that disturbs a cut-out face least.
        ground = Image.new("RGBA", color.size, (128, 128, 128, 255))
        strip = Image.alpha_composite(ground, color)
    return np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))


def _gray(strip: Image.Image, scale: float, black: float) -> npt.NDArray[np.uint8]:
    """Gray of 16 or 32 bits, or of floats, to 8: Pillow would clip instead of scaling."""
    gray = np.clip(_numbers(strip) * scale + black, 0, 255).round().astype(np.uint8)
    return gray[..., None]


def _scale(pixels: Pixels, depth: Depth) -> tuple[float, float]:
    """Return what deep gray is multiplied by, and what is added then, to be of 8 bits."""
    top = max(float(_numbers(pixels.crop(box)).max(initial=0)) for box in _strips(pixels))
    scale = 255.0 / white_of(top, pixels.mode, depth.white)
    # Pillow turns round only what has 8 bits.
    return (-scale, 255.0) if depth.inverted else (scale, 0.0)


def _numbers(strip: Image.Image) -> npt.NDArray[np.float64]:
    values = np.asarray(strip, dtype=np.float64)
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
