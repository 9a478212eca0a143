"""A JPEG is kept as it came, without what is noted beside it, where its pixels stay the same."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mien.types import PixelArray
from mien.vision.images import jpeg
from mien.vision.images.reading import decode_picture
from mien.vision.images.storing import stored_as


def picture(size: tuple[int, int] = (40, 30), mode: str = "RGB") -> Image.Image:
    shape = (size[1], size[0], 3)
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def kept(data: bytes) -> bytes | None:
    return stored_as(data, decode_picture(data, "x"), "x")


def noted(**fields: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    for name, value in fields.items():
        exif[int(name.removeprefix("t"), 16)] = value
    return exif


@given(
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
    st.sampled_from(["RGB", "L"]),
    st.fixed_dictionaries(
        {"quality": st.integers(1, 95), "progressive": st.booleans(), "optimize": st.booleans()},
        optional={"comment": st.binary(max_size=40), "subsampling": st.integers(0, 2)},
    ),
)
def test_pixels_stay_and_notes_go(
    size: tuple[int, int], mode: str, options: dict[str, object]
) -> None:
    plain = encoded(picture(size, mode), **(options | {"comment": b""}))
    data = encoded(picture(size, mode), exif=noted(), icc_profile=b"p" * 300, **options)
    found = kept(data + b"a video after the picture")
    assert found is not None
    assert np.array_equal(decode_picture(found, "x"), decode_picture(data, "x"))
    assert len(found) <= len(plain)
    assert b"maker" not in found
    assert found.endswith(b"\xff\xd9")


def test_what_is_turned_by_a_note_is_not_kept() -> None:
    assert kept(encoded(picture(), exif=noted(t0112=6))) is None
    assert kept(encoded(picture(), exif=noted(t0112=1))) is not None


@pytest.mark.parametrize(
    "data",
    [
        encoded(picture(), "PNG"),
        encoded(picture(), "WEBP"),
        encoded(picture(mode="CMYK")),
    ],
)
def test_other_kinds_are_not_kept(data: bytes) -> None:
    assert kept(data) is None


def test_bytes_of_another_picture_are_not_kept() -> None:
    other: PixelArray = np.zeros((30, 40, 3), np.uint8)
    assert stored_as(encoded(picture()), other, "x") is None


@given(st.data())
def test_damage_is_no_more_than_not_kept(data: st.DataObject) -> None:
    whole = bytearray(encoded(picture(), exif=noted(), comment=b"c"))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(2, len(whole)))])
    image = np.zeros((30, 40, 3), np.uint8)
    assert stored_as(cut, image, "x") is None
    jpeg.bare(cut)
