"""Pictures of more than 8 bits a sample: which value is white.

Cameras of laboratories and clinics measure 10, 12 or 14 bits, and programs keep these as they are
in files of 16: shown on the scale of 16 bits they would be black. Few files say so.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from mien.types import PixelArray

GRAY = frozenset({"I", "I;16", "I;16B", "I;16L", "F"})
# How many bits sensors have, and what is white where no file says so. Up to 8 bits a picture of 16
# is taken for as dark as it is: what is below that is noise.
SENSORS = (10, 12, 14)
EIGHT, SIXTEEN = 255.0, 65535.0
# Of TIFF: bits of a sample, what 0 means, the largest value, how it is turned.
BITS, PHOTOMETRIC, LARGEST, ORIENTATION = 258, 262, 281, 274
WHITE_IS_ZERO = 0
# Chunks of a PNG before its pixels, in which it is looked for the one that tells the bits.
MOST_CHUNKS = 100
# Beyond, a dark colour picture is left as it is: it would take too much memory.
MOST_PIXELS = 32_000_000


@dataclass(frozen=True, slots=True)
class Depth:
    """What a file says of its samples.

    Attributes:
        white: The value of white; None where it does not say.
        inverted: 0 is white.
        color: Several samples of 16 bits a pixel, of which Pillow keeps the upper 8.
    """

    white: float | None = None
    inverted: bool = False
    color: bool = False


SHALLOW = Depth()


def depth_of(image: Image.Image, file: IO[bytes]) -> Depth:
    """Return what a file says of its samples.

    Args:
        image: Opened, not loaded.
        file: What it is read from; stands afterwards where it stood.
    """
    modes = [_raw_mode(tile) for tile in getattr(image, "tile", ())]
    color = image.mode not in GRAY and any(";16" in mode for mode in modes)
    if not color and image.mode not in GRAY:
        return SHALLOW
    if isinstance(image, TiffImageFile):
        tags = image.tag_v2
        turned = color and tags.get(ORIENTATION, 1) != 1
        inverted = not color and tags.get(PHOTOMETRIC) == WHITE_IS_ZERO
        return Depth(_stated_by_tiff(tags), inverted, color and not turned)
    bits = _stated_by_png(file) if image.format == "PNG" else 0
    return Depth(2.0**bits - 1 if bits > 8 else None, color=color)


def white_of(top: float, mode: str, stated: float | None = None) -> float:
    """Return which value of a picture is white.

    Args:
        top: The largest of its values.
        mode: Of its pixels, as Pillow names it.
        stated: What the file says.
    """
    if mode == "F" and top < 2:
        # Floats are from 0 to 1; some are a little beyond.
        return 1.0
    if stated is not None and top <= stated:
        return stated
    if top <= EIGHT:
        return SIXTEEN if mode.startswith("I;16") else EIGHT
    return next((2.0**bits - 1 for bits in SENSORS if top < 2**bits), SIXTEEN)


def brightened(
    image: PixelArray, size: tuple[int, int], file: IO[bytes], depth: Depth
) -> PixelArray | None:
    """Return a colour picture of 16 bits whose white is lower; None where it is not.

    Args:
        image: What Pillow made of it: uint8 [H,W,3].
        size: Width and height as it is stored.
        file: What it was read from.
        depth: What the file says.

    Returns:
        RGB uint8 [H,W,3], not turned, without transparency.
    """
    # The upper 8 bits of what has 14.
    is_dark = depth.color and image.max(initial=0) < 2 ** (max(SENSORS) - 8)
    if not is_dark or size[0] * size[1] > MOST_PIXELS:
        return None
    file.seek(0)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    values: Any = None
    with contextlib.suppress(cv2.error):
        values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), flags)
    if values is None or values.shape != (size[1], size[0], 3) or values.dtype != np.uint16:
        return None
    white = white_of(float(values.max(initial=0)), "I;16", depth.white)
    # In cv2's order until here: asked for RGB, it spoils TIFFs of 16 bits.
    return np.asarray(cv2.convertScaleAbs(values, alpha=EIGHT / white)[..., ::-1], np.uint8)


def _raw_mode(tile: Sequence[Any]) -> str:
    arguments = tile[3]
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _stated_by_tiff(tags: Any) -> float | None:
    largest = tags.get(LARGEST)
    value = max(largest) if isinstance(largest, tuple) and largest else largest
    if isinstance(value, int) and value > EIGHT:
        return float(value)
    bits = max(tags.get(BITS, (16,)))
    return None if bits in (8, 16, 32, 64) else 2.0**bits - 1


def _stated_by_png(file: IO[bytes]) -> int:
    """Return how many bits of a sample count, by the chunk sBIT; 0 where it does not say."""
    at = file.tell()
    try:
        file.seek(8)
        for _ in range(MOST_CHUNKS):
            head = file.read(8)
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"sBIT":
                return max(file.read(min(length, 4)), default=0)
            if kind in (b"IDAT", b"PLTE", b""):
                break
            file.seek(length + 4, 1)
        return 0
    finally:
        file.seek(at)
