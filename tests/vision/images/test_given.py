"""A picture is the same however a program has it, and what is none is told in one line."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.errors import PictureError
from mien.types import PixelArray
from mien.vision.images.given import name_of, pixels_of
from mien.vision.images.reading import read_picture

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
BGR = RGB[..., ::-1]
GRAY = RGB[..., 0]
SMOOTH = cv2.resize(RGB, (90, 60))


def encoded(image: Image.Image, kind: str, **more: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.fromarray(SMOOTH), "JPEG", exif=exif)


PICTURES = {
    "turned.jpg": turned(),
    "plain.png": encoded(Image.fromarray(RGB), "PNG"),
    "clear.png": encoded(Image.fromarray(np.dstack([RGB, GRAY])), "PNG"),
    "gray.png": encoded(Image.fromarray(GRAY), "PNG"),
    "palette.png": encoded(Image.fromarray(RGB).quantize(8), "PNG"),
    "deep.png": encoded(Image.fromarray(GRAY.astype(np.uint16) * 16), "PNG"),
    "deep.tiff": encoded(Image.fromarray(GRAY.astype(np.uint16) * 16), "TIFF"),
    "bits.png": encoded(Image.fromarray(GRAY > 99), "PNG"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_file_is_the_same_however_it_is_given(name: str, tmp_path: Path) -> None:
    data, path = PICTURES[name], tmp_path / name
    path.write_bytes(data)
    expected = read_picture(path)
    opened = Image.open(path)
    for given in (str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), opened):
        assert np.array_equal(pixels_of(given), expected)
    with path.open("rb") as file:
        assert np.array_equal(pixels_of(file, "rgb"), expected)
        assert name_of(file) == name_of(opened) == str(path)
        assert not file.closed
    # What was loaded before, too.
    assert np.array_equal(pixels_of(opened), expected)


def test_an_image_made_in_memory() -> None:
    for mode in ("RGB", "RGBA", "CMYK", "L"):
        image = Image.fromarray(RGB).convert(mode)
        assert np.array_equal(pixels_of(image)[..., ::-1], np.asarray(image.convert("RGB")))


read_only = BGR.copy()
read_only.flags.writeable = False


@pytest.mark.parametrize(
    "array",
    [
        BGR,
        np.asfortranarray(BGR),
        np.repeat(BGR, 2, axis=1)[:, ::2],
        read_only,
        BGR.astype(np.int64),
        BGR / 255,
        (BGR / 255).astype(np.float32),
        BGR.astype(np.uint16) * 257,
        (BGR.astype(np.uint16) * 257).astype(">u2"),
        np.dstack([BGR, np.full_like(GRAY, 255)]),
    ],
)
def test_arrays_of_every_kind(array: np.ndarray) -> None:
    before = array.copy()
    found = pixels_of(array)
    assert (found.dtype, found.flags.c_contiguous) == (np.uint8, True)
    assert np.array_equal(found, BGR)
    assert np.array_equal(array, before)
    order = [2, 1, 0, 3][: array.shape[2]]
    assert np.array_equal(pixels_of(array[..., order], "rgb"), BGR)


@pytest.mark.parametrize("gray", [GRAY, GRAY[..., None], GRAY[::-1][::-1], GRAY / 255])
def test_gray_arrays(gray: np.ndarray) -> None:
    assert np.array_equal(pixels_of(gray, "rgb"), np.dstack([GRAY] * 3))


def test_bool_is_black_and_white() -> None:
    assert set(pixels_of(GRAY > 99).ravel()) == {0, 255}


def test_transparency_is_over_gray() -> None:
    clear = np.dstack([BGR, np.zeros_like(GRAY)])
    assert (pixels_of(clear) == 128).all()


def test_deep_arrays_are_as_files_of_16_bits() -> None:
    twelve = GRAY.astype(np.uint16) * 16
    assert np.array_equal(pixels_of(twelve), pixels_of(PICTURES["deep.png"]))


def test_what_is_bgr_already_is_not_copied() -> None:
    image: PixelArray = np.zeros((2, 2, 3), np.uint8)
    assert pixels_of(image) is image or np.shares_memory(pixels_of(image), image)


def animation() -> bytes:
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.full((2, 2), np.nan), "0 to 1, got nan"),
        (np.array([[0.5, np.inf]]), "got 0.5 to inf"),
        (np.full((2, 2), 1.5), "1.5"),
        (np.full((2, 2), -1), "0 to 255, got -1"),
        (np.full((2, 2), 256), "256"),
        (np.zeros((0, 3)), "no size"),
        (np.zeros((3, 0, 3), np.uint8), "no size"),
        (np.zeros((3, 8, 9), np.uint8), "moveaxis"),
        (np.zeros((2, 8, 9, 3), np.uint8), "read_many"),
        (np.zeros(9, np.uint8), r"\[9\] is no picture"),
        (np.array(0, np.uint8), r"\[\] is no picture"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.array([["a"]]), "<U1"),
        (Image.new("RGB", (0, 0)), "no size"),
        (b"", "empty"),
        (b"no picture", "not a picture"),
        (PICTURES["turned.jpg"][:300], "broken or truncated"),
        (animation(), "an animation of 2 frames"),
        (io.StringIO("text"), "open it with 'rb'"),
        ([[0]], "got list"),
        (None, "got NoneType"),
    ],
)
def test_what_is_none_is_told(given: Any, told: str) -> None:
    with pytest.raises(PictureError, match=told):
        pixels_of(given)


def test_a_folder_an_order_and_a_closed_file(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="a folder, not a picture"):
        pixels_of(tmp_path)
    with pytest.raises(PictureError, match="colour must be"):
        pixels_of(BGR, "gbr")  # type: ignore[arg-type]
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(PictureError, match="cannot be read"):
        pixels_of(file)
    image = Image.open(io.BytesIO(PICTURES["plain.png"]))
    image.close()
    with pytest.raises(PictureError, match="broken or truncated"):
        pixels_of(image)
