"""Decoding and encoding of still pictures: every format, in one place, safely.

Whatever a decoder raises leaves this module as a `PictureError` that names the file.
"""

import contextlib
import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import cv2
from PIL import Image, UnidentifiedImageError
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.TiffImagePlugin import TiffImageFile

from mien.errors import PictureError, PictureFormatError, PictureTooLargeError, told_as
from mien.types import PixelArray
from mien.vision.images import jpeg
from mien.vision.images.deep import SHALLOW, brightened, depth_of
from mien.vision.images.formats import (
    ANIMATED,
    FORMATS,
    HEAD,
    RAW,
    SUFFIXES,
    advice,
    holds_picture,
    is_heif,
    is_jpeg,
)
from mien.vision.images.heif import HeifStill
from mien.vision.images.lean import read_at_half, read_lean
from mien.vision.images.pixels import ArrayPixels, orientation_of, to_bgr
from mien.vision.images.silence import SILENCE
from mien.vision.images.single import check_single
from mien.vision.images.tiff import choose_page

__all__ = ["SUFFIXES", "Picture", "decode_picture", "encode_png", "open_picture", "read_picture"]

# 64 megapixels: beyond every camera in common use, and 192 MB once decoded.
MAX_PIXELS = 64_000_000
# More than any picture of that many pixels takes; a file is read whole, so it is refused before.
MAX_BYTES = 1_000_000_000
# A progressive JPEG has about ten scans. Each costs a pass over the whole picture, however few
# bytes it has, so that thousands of them keep a decoder busy for a minute.
MAX_SCANS = 100
# From here on JPEG and WebP files are decoded by `read_lean`.
LARGE = 8_000_000
# JPEG 2000 takes 12 bytes a pixel: from here on it is decoded at half its size, and enlarged.
JPEG2000_LARGE = 32_000_000
NO_PICTURE = "not a picture, or of an unknown format; see README.md for those that are read"
UNREAD = "damaged, or its pixels are of a kind that is not read here; save it anew as a PNG file"
AGAIN = "; copy it again, or save it anew with another program"
# What browsers show where an animation asks for less than they can, in milliseconds.
SHORTEST_FRAME, USUAL_FRAME = 10.0, 100.0


def read_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> PixelArray:
    """Read the one picture of a file as it is meant to be seen.

    Of several views that a camera stored together (MPO, HEIC), the main one is taken, as viewers
    do. Animations and files of several pages are refused.

    Returns:
        BGR uint8 [H,W,3].

    Raises:
        PictureError: The file is missing, empty, broken, truncated, no picture, several or too
            large.
    """
    with open_picture(path, max_pixels=max_pixels) as picture:
        check_single(str(path), picture.frames, picture.pages)
        return picture.read()


@contextlib.contextmanager
def open_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> Iterator["Picture"]:
    """Look into a file, to read it or to play it.

    Raises:
        PictureError: The file is missing, empty, broken, no picture or too large.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise PictureError(f"{path}: a folder, not a picture; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for ever.
            raise PictureError(f"{path}: a pipe or device, not a file; save it to a file first")
        if status.st_size > MAX_BYTES:
            raise PictureTooLargeError(
                f"{path}: more than {MAX_BYTES / 1e6:g} MB is no picture; make it smaller first"
            )
        file = path.open("rb")
    except (OSError, ValueError) as error:
        # A name that no system could have is a ValueError.
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path}: cannot be read: {reason}") from error
    with file:
        yield Picture(file, str(path), path=path, max_pixels=max_pixels)


def decode_picture(
    data: bytes, name: str, *, max_pixels: int = MAX_PIXELS, single: bool = False
) -> PixelArray:
    """Decode an encoded picture: turned as EXIF says, first frame, transparency over gray.

    Args:
        data: The encoded picture.
        name: What to call it in errors.
        max_pixels: Larger pictures are refused before they are decoded.
        single: Refuse animations and several pages, as `read_picture` does.

    Returns:
        BGR uint8 [H,W,3].

    Raises:
        PictureError: The data is empty, broken, truncated, no picture or too large.
    """
    picture = Picture(io.BytesIO(data), name, max_pixels=max_pixels)
    if single:
        check_single(name, picture.frames, picture.pages)
    return picture.read()


def encode_png(image: PixelArray) -> bytes:
    """Encode uint8 [H,W,1] gray or [H,W,3] RGB without loss."""
    pixels = image if image.shape[2] == 1 else image[..., ::-1]
    # Pillow's encoder takes three times as long, which was most of the time of `mien prepare`.
    _, data = cv2.imencode(".png", pixels)
    return bytes(data)


class Picture:
    """An encoded picture that was looked into, and is not decoded yet.

    Attributes:
        frames: Of an animation; 1 where it stands still.
        pages: Pictures of which none is the main one, as a TIFF's; 1 where there is one.
        beside: Pictures of the same size beside the main one, as a stereo camera's or a burst's.
    """

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        *,
        path: Path | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        """Look into a file.

        Args:
            file: Stays open until the picture is read.
            name: What to call it in errors.
            path: Where the same bytes are, which saves memory for large ones.
            max_pixels: Larger pictures are refused.

        Raises:
            PictureError: It is empty, broken, no picture or too large.
        """
        self._name, self._path, self._max_pixels = name, path, max_pixels
        self.frames, self.pages, self.beside = 1, 1, 0
        self._first, self._file, self._depth = 0, file, SHALLOW
        self._jpeg: jpeg.JpegFacts | None = None
        self._head = b""
        with self._telling():
            self._head = file.read(HEAD)
            file.seek(0)
            if not self._head:
                raise PictureError(f"{name}: the file is empty (0 bytes)")
            self._image = self._opened(file)
            self._check_size(self._image.size)
            if isinstance(self._image, Image.Image):
                self._look_into(self._image)
                self._depth = depth_of(self._image, file)
            else:
                self.beside = self._image.beside

    def read(self) -> PixelArray:
        """Decode the picture: of an animation the first frame, of pages the first.

        Returns:
            BGR uint8 [H,W,3].

        Raises:
            PictureError: It is broken or truncated.
        """
        with self._telling():
            if isinstance(self._image, Image.Image):
                lean = self._decoded_lean(self._image)
                return self._decoded(self._image) if lean is None else lean
            pixels = self._image.load()
            self._check_size(pixels.size)
            return to_bgr(pixels)

    def play(self) -> Iterator[tuple[float, PixelArray]]:
        """Decode the frames of an animation one after another.

        Yields:
            When it is shown, in seconds from the first one, and BGR uint8 [H,W,3].

        Raises:
            PictureError: A frame is broken; those before were good.
        """
        image, time = self._image, 0.0
        if not isinstance(image, Image.Image):
            yield time, self.read()
            return
        for number in range(self.frames):
            with self._telling(f"damaged after {number} of {self.frames} frames"):
                image.seek(self._first + number)
                pixels = self._decoded(image)
                shown = float(image.info.get("duration") or 0.0)
            yield time, pixels
            time += (shown if shown > SHORTEST_FRAME else USUAL_FRAME) / 1000

    @contextlib.contextmanager
    def _telling(self, what: str = "broken or truncated picture") -> Iterator[None]:
        """Turn whatever a decoder raises into a `PictureError`, and keep its warnings to itself."""
        # Of the size, which is judged here, and of damage, which is told as an error.
        with SILENCE.kept(), told_as(PictureError, self._name, what, advice=AGAIN):
            try:
                yield
            except UnidentifiedImageError as error:
                is_known = holds_picture(self._head)
                reason = advice(self._head, self._name) or (UNREAD if is_known else NO_PICTURE)
                kind = PictureError if is_known else PictureFormatError
                raise kind(f"{self._name}: {reason}") from error
            except Image.DecompressionBombError as error:
                raise PictureTooLargeError(
                    f"{self._name}: far too large to be decoded safely; make it smaller first"
                ) from error

    def _check_size(self, size: tuple[int, int]) -> None:
        width, height = size
        if width * height > self._max_pixels:
            raise PictureTooLargeError(
                f"{self._name}: {width}x{height} is more than "
                f"{self._max_pixels // 1_000_000} megapixels; make it smaller first"
            )

    def _opened(self, file: IO[bytes]) -> Image.Image | HeifStill:
        if is_heif(self._head):
            return HeifStill(file.read(), self._name)
        if not is_jpeg(self._head):
            return Image.open(file, formats=FORMATS)
        self._jpeg = jpeg.look(file.read())
        if self._jpeg.scans > MAX_SCANS:
            raise PictureError(
                f"{self._name}: a JPEG of {self._jpeg.scans:,} scans, which no camera writes; save "
                "it anew with another program"
            )
        return jpeg.open_jpeg(file)

    def _look_into(self, image: Image.Image) -> None:
        """Find out what the file holds, and go to the page that is the picture."""
        count = getattr(image, "n_frames", 1)
        if isinstance(image, TiffImageFile):
            self.pages = 0 if advice(self._head, self._name) else choose_page(image)
            if self.pages == 0:
                raise PictureFormatError(f"{self._name}: {RAW}")
            self._check_size(image.size)
        elif image.format in ANIMATED and count > 1:
            # An APNG's first picture may be for those that cannot play the others.
            self._first = int(getattr(image, "default_image", False))
            self.frames = count - self._first
        elif image.format == "MPO":
            self.beside = sum(_size_of(image, number) == image.size for number in range(1, count))
            image.seek(0)

    def _decoded(self, image: Image.Image) -> PixelArray:
        if isinstance(image, Jpeg2KImageFile) and image.width * image.height > JPEG2000_LARGE:
            return read_at_half(image)
        image.load()
        self._check_size(image.size)
        # Pillow turns a TIFF by itself.
        turn = 1 if isinstance(image, TiffImageFile) else orientation_of(image)
        result = to_bgr(image, turn, self._depth)
        bright = brightened(result, image.size, self._file, self._depth)
        return result if bright is None else to_bgr(ArrayPixels(bright), turn)

    def _decoded_lean(self, image: Image.Image) -> PixelArray | None:
        """Decode a large file with less memory; None where Pillow is needed."""
        is_large = image.width * image.height >= LARGE
        if self._path is None or not is_large or self.frames > 1 or not self._is_plain(image):
            return None
        held = self._jpeg is not None and self._jpeg.held
        return read_lean(self._path, image.size, orientation_of(image), held=held)

    def _is_plain(self, image: Image.Image) -> bool:
        if self._jpeg is None:
            return image.format == "WEBP" and image.mode == "RGB"
        return self._jpeg.plain and self._jpeg.whole


def _size_of(image: Image.Image, number: int) -> tuple[int, int]:
    image.seek(number)
    return image.size
