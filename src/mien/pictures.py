"""Decoding and encoding of still pictures: every format, in one place, safely."""

import io
import stat
import warnings
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from mien.errors import PictureError, one_line
from mien.types import PixelArray

# 64 megapixels: beyond every camera in common use, and 200 MB once decoded.
MAX_PIXELS = 64_000_000
# More than any picture of that many pixels takes; a file is read whole, so it is refused before.
MAX_BYTES = 1_000_000_000
DEEP_GRAY = frozenset({"I", "I;16", "I;16B", "I;16L", "F"})
SUFFIXES = frozenset(
    {
        *(".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"),
        *(".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
    }
)


def read_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> PixelArray:
    """Read a picture file as it is meant to be seen.

    Raises:
        PictureError: The file is missing, empty, broken, truncated, no picture or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            # Opening a pipe would wait for ever.
            raise PictureError(f"{path}: a pipe or device, not a file; save it to a file first")
        if status.st_size > MAX_BYTES:
            raise PictureError(
                f"{path}: more than {MAX_BYTES / 1e6:g} MB is no picture; make it smaller first"
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        # A name that no system could have is a ValueError.
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path}: cannot be read: {reason}") from error
    return decode_picture(data, str(path), max_pixels=max_pixels)


def decode_picture(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> PixelArray:
    """Decode an encoded picture: turned as EXIF says, first frame, transparency over gray.

    Args:
        data: The encoded picture.
        name: What to call it in errors.
        max_pixels: Larger pictures are refused before they are decoded.

    Returns:
        BGR uint8 [H,W,3].

    Raises:
        PictureError: The data is empty, broken, truncated, no picture or too large.
    """
    if not data:
        raise PictureError(f"{name}: the file is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            # The size is judged below, before any pixel is decoded.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > max_pixels:
                    raise PictureError(
                        f"{name}: {image.width}x{image.height} is more than "
                        f"{max_pixels // 1_000_000} megapixels; make it smaller first"
                    )
                return _to_bgr(image)
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a picture, or of an unknown format") from error
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{name}: far too large to be decoded safely; make it smaller first"
        ) from error
    except (OSError, SyntaxError, ValueError, IndexError, TypeError, EOFError) as error:
        # Pillow's decoders raise all of these for broken files.
        reason = one_line(error)
        raise PictureError(f"{name}: broken or truncated picture ({reason})") from error


def encode_png(image: PixelArray) -> bytes:
    """Encode uint8 [H,W,1] gray or [H,W,3] RGB without loss."""
    pixels = image if image.shape[2] == 1 else image[..., ::-1]
    # Pillow's encoder takes three times as long, which was most of the time of `mien prepare`.
    _, data = cv2.imencode(".png", pixels)
    return bytes(data)


def _to_bgr(image: Image.Image) -> PixelArray:
    image.seek(0)
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode in DEEP_GRAY:
        return _from_deep_gray(np.asarray(upright, dtype=np.float64), upright.mode)
    if upright.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in upright.info:
        color = upright.convert("RGBA")
        # Mid-gray is the background that disturbs a cut-out face least.
        ground = Image.new("RGBA", color.size, (128, 128, 128, 255))
        upright = Image.alpha_composite(ground, color)
    return np.ascontiguousarray(np.asarray(upright.convert("RGB"))[..., ::-1])


def _from_deep_gray(values: npt.NDArray[np.float64], mode: str) -> PixelArray:
    """Gray of 16 or 32 bits, or of floats, to 8: Pillow would clip instead of scaling."""
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    if mode.startswith("I;16") or top > 255.0:
        scale = 255.0 / 65535.0
    else:
        # These modes do not say where white is.
        scale = 255.0 if mode == "F" and top <= 1.0 else 1.0
    gray = np.clip(values * scale, 0, 255).round().astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)
