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


def read_lean(path: Path, size: tuple[int, int], orientation: int) -> PixelArray | None:
    """Decode a JPEG or WebP file that is whole and has no transparency.

    Args:
        path: The file.
        size: Width and height as it is stored, in pixels.
        orientation: 1 to 8, as EXIF numbers it.

    Returns:
        BGR uint8 [H,W,3]; None where OpenCV cannot do it, so that Pillow has to.
    """
    width, height = size
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
