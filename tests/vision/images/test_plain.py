"""Plain JPEGs are decoded to the pixels of `decode_picture`; all else is left to it."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mien.errors import PictureError
from mien.vision.images import plain
from mien.vision.images.plain import decode_plain
from mien.vision.images.reading import decode_picture

SIZE = (37, 30)


def encoded(kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


@given(
    st.sampled_from(["RGB", "L"]),
    st.fixed_dictionaries(
        {"quality": st.integers(1, 95), "optimize": st.booleans()},
        optional={
            "comment": st.binary(max_size=40),
            "subsampling": st.integers(0, 2),
            "restart_marker_blocks": st.integers(1, 4),
        },
    ),
)
def test_pixels_are_those_of_the_other_decoder(mode: str, options: dict[str, Any]) -> None:
    data = encoded(mode=mode, **options)
    found = decode_plain(data)
    assert found is not None
    assert found.dtype == np.uint8
    assert np.array_equal(found, decode_picture(data, "x"))


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(exif=exif)


@pytest.mark.parametrize(
    "data",
    [
        encoded("PNG"),
        encoded("WEBP"),
        encoded(mode="CMYK"),
        encoded(progressive=True),
        encoded(icc_profile=b"p" * 300),
        turned(),
        encoded()[:-2],
        encoded()[:300],
        b"\xff\xd8\xff",
        b"no picture",
        b"",
    ],
)
def test_what_is_not_plain_is_left(data: bytes) -> None:
    assert decode_plain(data) is None


def test_large_ones_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "MOST_PIXELS", SIZE[0] * SIZE[1] - 1)
    assert decode_plain(encoded()) is None


@given(st.data())
def test_damage_gives_the_same_pixels_or_is_left(data: st.DataObject) -> None:
    whole = bytearray(encoded())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = decode_plain(bytes(whole))
    if found is None:
        return
    try:
        other = decode_picture(bytes(whole), "x")
    except PictureError:  # Pillow gives up where OpenCV fills what is missing
        return
    assert np.array_equal(found, other)
