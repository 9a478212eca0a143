"""Large pictures with less memory than Pillow takes: straight into the array, and turned in place.

Pillow keeps four bytes of each pixel beside the array of three that is wanted; OpenCV fills that
array itself. Both have libjpeg-turbo and libwebp, and give the same pixels.
"""

import mmap
from pathlib import Path

import cv2
import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from mien.types import PixelArray
from mien.vision.images.pixels import canvas, room, to_bgr

# Rows that are copied at a time where a picture is turned.
ROWS = 256
# From here on progressive JPEGs are decoded in two parts, in twice the time.
HELD_LARGE = 40_000_000


def read_lean(
    path: Path, size: tuple[int, int], orientation: int, *, held: bool = False
) -> PixelArray | None:
    """Decode a JPEG or WebP file that is whole and has no transparency.

    Args:
        path: The file.
        size: Width and height as it is stored, in pixels.
        orientation: 1 to 8, as EXIF numbers it.
        held: It is a progressive JPEG whose colours have half its size.

    Returns:
        BGR uint8 [H,W,3]; None where OpenCV cannot do it, so that Pillow has to.
    """
    width, height = size
    if held and width * height >= HELD_LARGE:
        result = _in_two_parts(path, size, orientation)
        if result is not None:
            return result
    pixels, memory = room(height, width)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        decoded = cv2.imread(str(path), dst=pixels, flags=flags)
    except (cv2.error, TypeError, UnicodeError):
        # Older ones take no array, and not every name.
        return None
    if decoded is None or decoded.shape != pixels.shape:
        return None
    if not np.shares_memory(decoded, pixels) or orientation == 1:
        return np.asarray(decoded, np.uint8)
    return _turned(pixels, memory, orientation)


def read_at_half(image: Jpeg2KImageFile) -> PixelArray:
    """Decode a JPEG 2000 at half its size, and enlarge it: BGR uint8 [H,W,3]."""
    size = image.size
    image.reduce = 1
    image.load()
    return np.asarray(cv2.resize(to_bgr(image), size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _in_two_parts(path: Path, size: tuple[int, int], orientation: int) -> PixelArray | None:
    """Decode the brightness of a picture, then its colours: together half as large as the result.

    While a progressive JPEG is decoded, its coefficients take as much as the result.
    """
    width, height = size
    turned = cv2.IMREAD_IGNORE_ORIENTATION
    bright = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | turned)
    colors = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2 | turned)
    wanted = (height, width), ((height + 1) // 2, (width + 1) // 2, 3)
    if bright is None or colors is None or (bright.shape, colors.shape) != wanted:
        return None
    result, stored = canvas(width, height, orientation)
    for top in range(0, height, ROWS):
        part = bright[top : top + ROWS]
        # A row more on either side, for those between two.
        first = max(0, top // 2 - 1)
        half = cv2.cvtColor(colors[first : top // 2 + ROWS // 2 + 1], cv2.COLOR_BGR2YCrCb)
        full = cv2.resize(half, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        strip = full[top - 2 * first :][: len(part), :width]
        strip[..., 0] = part
        stored[top : top + ROWS] = cv2.cvtColor(strip, cv2.COLOR_YCrCb2BGR)
    return result


def _turned(pixels: PixelArray, memory: mmap.mmap, orientation: int) -> PixelArray:
    """Copy a picture as it is seen, and give back the memory of what is copied on the way."""
    height, width = pixels.shape[:2]
    result, stored = canvas(width, height, orientation)
    done = 0
    for top in range(0, height, ROWS):
        stored[top : top + ROWS] = pixels[top : top + ROWS]
        copied = min(top + ROWS, height) * width * 3 // mmap.PAGESIZE * mmap.PAGESIZE
        if hasattr(mmap, "MADV_DONTNEED") and copied > done:
            memory.madvise(mmap.MADV_DONTNEED, done, copied - done)
            done = copied
    return result
