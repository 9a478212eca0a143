"""Pictures of 10 to 16 bits are as bright as they were meant, whoever wrote the file."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.vision.images.deep import white_of
from mien.vision.images.reading import decode_picture

RAMP = np.linspace(0, 1, 256)[None].repeat(4, axis=0)
PNG_HEAD = 8 + 25


def ramp(white: int) -> np.ndarray:
    return (RAMP * white).round().astype(np.uint16)


def encoded(values: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def with_sbit(png: bytes, *bits: int) -> bytes:
    """Put what counts of a sample, and before it another chunk, behind the head of a PNG."""
    chunks = b""
    for kind, data in ((b"gAMA", struct.pack(">I", 45455)), (b"sBIT", bytes(bits))):
        check = zlib.crc32(kind + data)
        chunks += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
    return png[:PNG_HEAD] + chunks + png[PNG_HEAD:]


def brightest(data: bytes) -> int:
    return int(decode_picture(data, "deep").max())


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("white", [1023, 4095, 16383, 65535])
def test_gray_of_fewer_bits_in_16_is_not_black(kind: str, white: int) -> None:
    image = decode_picture(encoded(ramp(white), kind), "deep")
    assert np.abs(image[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_what_a_png_says_of_its_bits_counts() -> None:
    dark = encoded(ramp(3000), "PNG")
    assert brightest(with_sbit(dark, 16)) == round(255 * 3000 / 65535)
    assert brightest(with_sbit(dark, 14)) == round(255 * 3000 / 16383)
    # Programs that keep to the format store 12 bits as the upper ones of 16.
    assert brightest(with_sbit(encoded(ramp(65520), "PNG"), 12)) == 255


@pytest.mark.parametrize(("largest", "wanted"), [(65535, 3000 / 65535), (3500, 3000 / 3500)])
def test_what_a_tiff_says_of_its_largest_value_counts(largest: int, wanted: float) -> None:
    data = encoded(ramp(3000), "TIFF", tiffinfo={281: largest})
    assert brightest(data) == round(255 * wanted)


def test_a_tiff_of_12_bits_is_of_12_bits() -> None:
    # Two samples in three bytes: 0x0ff and 0x800.
    tags = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1)]
    tags += [(279, 3)]
    body = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    data = b"II*\0" + struct.pack("<I", 12) + b"\x0f\xf8\x00\0" + struct.pack("<H", len(tags))
    image = decode_picture(data + body + bytes(4), "deep.tif")
    assert image[0, :, 0].tolist() == [round(255 * 0x0FF / 4095), round(255 * 0x800 / 4095)]


def test_gray_whose_zero_is_white_is_no_negative() -> None:
    data = bytearray(encoded(ramp(4095), "TIFF"))
    tag = data.index(struct.pack("<HHIHH", 262, 3, 1, 1, 0))
    data[tag + 8] = 0
    image = decode_picture(bytes(data), "deep.tif")
    assert np.abs(image[0, :, 0].astype(int) - np.arange(255, -1, -1)).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_colour_of_fewer_bits_in_16_is_not_black(suffix: str) -> None:
    color = np.stack([ramp(4095), ramp(2000), np.zeros_like(ramp(1))], axis=-1)
    data = cv2.imencode(suffix, color)[1].tobytes()
    image = decode_picture(data, "deep").astype(int)
    assert np.abs(image[0, :, 0] - np.arange(256)).max() <= 1
    assert image[0, -1].tolist() == [255, round(255 * 2000 / 4095), 0]
    bright = cv2.imencode(suffix, color * 16)[1].tobytes()
    assert decode_picture(bright, "deep").max() == 255


@pytest.mark.parametrize(
    ("top", "mode", "white"),
    [
        *((0.4, "F", 1), (1.2, "F", 1), (200, "F", 255), (4000, "F", 4095), (200, "I", 255)),
        *((70000, "I", 65535), (200, "I;16", 65535), (256, "I;16", 1023), (30000, "I;16", 65535)),
    ],
)
def test_where_nothing_is_said_white_is_that_of_a_sensor(
    top: float, mode: str, white: float
) -> None:
    assert white_of(top, mode) == white
