"""Looks: the same person is alike in the next frame, another is not, and nothing is ever NaN."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.sources.sample import SampleSource
from mien.tracking.appearance import WIDTH, describe, similarity
from mien.types import Box, Face, PixelArray

FACE = Face(Box(260, 120, 400, 280), 0.9)


@pytest.fixture(scope="module")
def picture() -> PixelArray:
    return next(iter(SampleSource())).image


def moved(image: PixelArray, dx: float, dy: float, scale: float) -> PixelArray:
    warp = cv2.getRotationMatrix2D(FACE.box.center, 3, scale)
    warp[:, 2] += dx, dy
    return np.asarray(cv2.warpAffine(image, warp, image.shape[1::-1]), np.uint8)


def test_a_look_is_like_itself_in_other_places_sizes_and_light(picture: PixelArray) -> None:
    first = describe(picture, [FACE])
    assert similarity(first, first)[0, 0] == pytest.approx(1, abs=1e-4)
    small = moved(picture, 100, -20, 0.5)
    there = Face(Box(395, 140, 465, 220), 0.9)
    assert similarity(first, describe(small, [there]))[0, 0] > 0.8
    darker = np.asarray(picture * 0.7, np.uint8)
    assert similarity(first, describe(darker, [FACE]))[0, 0] > 0.6


def test_other_colours_and_other_patterns_are_other_looks(picture: PixelArray) -> None:
    first = describe(picture, [FACE])
    blue = np.array(picture[..., ::-1])
    upside_down = np.array(picture)
    upside_down[100:300, 240:420] = upside_down[100:300, 240:420][::-1]
    assert similarity(first, describe(blue, [FACE]))[0, 0] < 0.5
    assert similarity(first, describe(upside_down, [FACE]))[0, 0] < 0.5


def test_no_faces_have_no_looks(picture: PixelArray) -> None:
    none = describe(picture, [])
    assert none.shape == (0, WIDTH)
    assert similarity(none, describe(picture, [FACE])).shape == (0, 1)


@given(
    st.floats(-900, 900),
    st.floats(-900, 900),
    st.floats(1, 1200, width=32),
    st.sampled_from([0, 128, 255]),
)
def test_any_box_on_any_plain_picture_has_a_finite_look(
    x: float, y: float, side: float, gray: int
) -> None:
    image = np.full((120, 160, 3), gray, np.uint8)
    looks = describe(image, [Face(Box(x, y, x + side, y + side), 0.5)])
    assert looks.shape == (1, WIDTH)
    assert np.isfinite(looks).all()
    assert (similarity(looks, looks) <= 1.001).all()
