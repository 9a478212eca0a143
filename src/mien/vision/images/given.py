"""A picture as a program has it: a file, its bytes, a Pillow image or an array → BGR uint8.

The one place that says what may be given as a picture, and what is made of it.
"""

import io
import os
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from mien.errors import PictureError, told_as
from mien.types import PixelArray
from mien.vision.images.deep import depth_of, white_of
from mien.vision.images.pixels import ArrayPixels, orientation_of, to_bgr
from mien.vision.images.reading import MAX_BYTES, MAX_PIXELS, decode_picture, read_picture

Given: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image
    | npt.NDArray[Any]
)  # fmt: skip
Colour = Literal["bgr", "rgb"]
ACCEPTED = "the name of a file, its bytes, a file opened with 'rb', a Pillow image or a numpy array"
# What an array may have in its last place: gray, colour, and colour with transparency.
CHANNELS = (1, 3, 4)


def name_of(given: object) -> str:
    """Return what to call a picture in errors: its file's name, or its kind."""
    if isinstance(given, str | os.PathLike):
        return str(given)
    own = getattr(given, "filename" if isinstance(given, Image.Image) else "name", None)
    if isinstance(own, str) and own:
        return own
    if isinstance(given, np.ndarray):
        return "array"
    return "picture"


def pixels_of(given: Given, colour: Colour = "bgr") -> PixelArray:
    """Return a picture as it is meant to be seen: turned as EXIF says, transparency over gray.

    Args:
        given: A path; the bytes of a file, or a file opened with 'rb', which is read from where it
            stands and stays open; a Pillow image; or an array [H,W], [H,W,1], [H,W,3] or [H,W,4] of
            uint8, of bool, of floats from 0 to 1, of uint16, whose white is that of a file of 16
            bits with the same values, or of other integers from 0 to 255.
        colour: The order of an array's colours; all else says it itself.

    Returns:
        BGR uint8 [H,W,3]; the array itself where it is that already.

    Raises:
        PictureError: It is no picture, or one that cannot be read.
    """
    if colour not in ("bgr", "rgb"):
        raise PictureError(f"colour must be 'bgr' or 'rgb', got {colour!r}")
    if isinstance(given, str | os.PathLike):
        path = os.fspath(given)
        if isinstance(path, bytes):
            raise PictureError(f"{path!r}: name the file as text: os.fsdecode(name)")
        return read_picture(Path(path))
    if isinstance(given, np.ndarray):
        return _of_array(np.asarray(given), colour)
    if isinstance(given, Image.Image):
        return _of_image(given)
    if isinstance(given, bytes | bytearray | memoryview):
        return _of_bytes(bytes(given), name_of(given))
    if callable(getattr(given, "read", None)):
        return _of_bytes(_read(given), name_of(given))
    raise PictureError(f"a picture must be {ACCEPTED}; got {type(given).__name__}")


def _of_bytes(data: bytes, name: str) -> PixelArray:
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"{name}: more than {MAX_BYTES / 1e6:g} MB is no picture; make it smaller first"
        )
    return decode_picture(data, name, single=True)


def _read(file: IO[bytes]) -> bytes:
    name = name_of(file)
    with told_as(PictureError, name, "cannot be read"):
        data: object = file.read(MAX_BYTES + 1)
    if not isinstance(data, bytes):
        raise PictureError(f"{name}: gives {type(data).__name__}, not bytes; open it with 'rb'")
    return data


def _of_image(image: Image.Image) -> PixelArray:
    name, (width, height) = name_of(image), image.size
    if not width or not height:
        raise PictureError(f"{name}: a picture of no size ({width}x{height})")
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{name}: {width}x{height} is more than {MAX_PIXELS // 1_000_000} megapixels; make it "
            "smaller first"
        )
    with told_as(PictureError, name, "broken or truncated picture"):
        depth = depth_of(image, getattr(image, "fp", None) or io.BytesIO())
        image.load()
        turn = 1 if isinstance(image, TiffImageFile) else orientation_of(image)
        return to_bgr(image, turn, depth)


def _of_array(array: npt.NDArray[Any], colour: Colour) -> PixelArray:
    _check_shape(array.shape)
    pixels = _of_8_bits(array)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels == 1:
        return np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    if channels == 4:
        order = (2, 1, 0, 3) if colour == "bgr" else (0, 1, 2, 3)
        return to_bgr(ArrayPixels(np.ascontiguousarray(pixels[..., order])))
    # OpenCV takes no views that go backwards.
    return np.ascontiguousarray(pixels if colour == "bgr" else pixels[..., ::-1])


def _check_shape(shape: tuple[int, ...]) -> None:
    if 0 in shape:
        raise PictureError(f"a picture of no size: an array {list(shape)}")
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in CHANNELS):
        return
    if len(shape) == 3 and shape[0] in CHANNELS:
        advice = "channels come last: np.moveaxis(image, 0, -1)"
    elif len(shape) == 4:
        advice = "these are several pictures: reader.read_many(array)"
    else:
        advice = "it must be [H,W], [H,W,1], [H,W,3] or [H,W,4]"
    raise PictureError(f"an array {list(shape)} is no picture; {advice}")


def _of_8_bits(array: npt.NDArray[Any]) -> PixelArray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    kind = array.dtype.kind
    if kind not in "iuf":
        raise PictureError(f"an array of {array.dtype} is no picture; give uint8")
    low, high = array.min(), array.max()
    if kind == "f":
        # What is no number fails every comparison.
        if not (low >= 0 and high <= 1):
            raise PictureError(
                f"an array of {array.dtype} must be from 0 to 1, got {low:.6g} to {high:.6g}; "
                "scale it, or give uint8"
            )
        return np.asarray(np.rint(array * array.dtype.type(255)), np.uint8)
    if array.dtype.itemsize == 2 and kind == "u":
        white = white_of(float(high), "I;16")
        return np.asarray(np.rint(array * np.float32(255 / white)), np.uint8)
    if low < 0 or high > 255:
        raise PictureError(
            f"an array of {array.dtype} must be from 0 to 255, got {low} to {high}; give uint8"
        )
    return array.astype(np.uint8)
