"""Portraits: the same person in one light is alike, others are not, and nothing is ever NaN."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.sources.sample import SampleSource
from mien.tracking.portrait import LEAST_SIDE, WIDTH, has_colour, portray, resemblance
from mien.tracking.sitting import SAME, STRANGER
from mien.types import Box, Face, FloatArray, PixelArray

BOX = Box(260, 126, 392, 294)
POINTS = np.array([[294, 188], [358, 189], [326, 223], [298, 250], [353, 251]], np.float32)


@pytest.fixture(scope="module")
def picture() -> PixelArray:
    return next(iter(SampleSource())).image


def moved(image: PixelArray, scale: float, angle: float) -> tuple[PixelArray, Face]:
    warp = cv2.getRotationMatrix2D(BOX.center, angle, scale)
    points = cv2.transform(POINTS[None], warp)[0]
    x, y = BOX.center
    half_x, half_y = scale * BOX.width / 2, scale * BOX.height / 2
    face = Face(Box(x - half_x, y - half_y, x + half_x, y + half_y), 0.9, points)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(image, warp, image.shape[1::-1], flags=method), np.uint8), face


def alike(image: PixelArray, other: PixelArray, face: Face) -> float:
    first, second = portray(image, Face(BOX, 0.9, POINTS)), portray(other, face)
    assert first is not None
    assert second is not None
    return float(resemblance(first[None], second[None])[0, 0])


@pytest.mark.parametrize(("scale", "angle"), [(1.0, 0.0), (0.5, 8.0), (1.8, -12.0)])
def test_the_same_face_in_another_place_size_and_light_is_the_same(
    picture: PixelArray, scale: float, angle: float
) -> None:
    image, face = moved(picture, scale, angle)
    assert alike(picture, image, face) > SAME
    assert alike(picture, np.asarray(image * 0.8, np.uint8), face) > SAME


def test_other_features_hair_and_colours_are_somebody_else(picture: PixelArray) -> None:
    itself = Face(BOX, 0.9, POINTS)
    assert alike(picture, picture, itself) == pytest.approx(1, abs=1e-4)
    upside_down, fair = np.array(picture), np.array(picture)
    upside_down[150:280, 270:380] = upside_down[150:280, 270:380][::-1]
    assert alike(picture, upside_down, itself) < 0.75
    fair[60:150, 240:410] = 255 - fair[60:150, 240:410]
    assert alike(picture, fair, itself) < 0.9
    blue = np.array(picture[..., ::-1])
    blue[150:280, 270:380] = blue[150:280, 270:380][::-1]
    assert alike(picture, blue, itself) < STRANGER


@pytest.mark.parametrize("noise", [0, 12])
def test_a_gray_picture_is_told_from_one_in_colour_however_noisy(
    picture: PixelArray, noise: int
) -> None:
    gray = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    for image, colour in ((picture, True), (picture // 3, True), (gray, False)):
        shaken = image + np.random.default_rng(1).normal(0, noise, image.shape)
        portrait = portray(np.asarray(shaken.clip(0, 255), np.uint8), Face(BOX, 0.9, POINTS))
        assert portrait is not None
        assert has_colour(portrait) == colour


@pytest.mark.parametrize(
    "face",
    [
        Face(BOX, 0.9),
        Face(Box(260, 126, 260 + LEAST_SIDE - 1, 126 + LEAST_SIDE - 1), 0.9, POINTS),
        Face(BOX, 0.9, POINTS[[0, 1, 0, 3, 4]]),
        Face(BOX, 0.9, np.zeros((5, 2), np.float32)),
    ],
    ids=["no landmarks", "too small", "turned away", "landmarks in one point"],
)
def test_who_shows_too_little_has_no_portrait(picture: PixelArray, face: Face) -> None:
    assert portray(picture, face) is None


def landmarks() -> st.SearchStrategy[FloatArray]:
    numbers = st.floats(-500, 1500, width=32)
    return st.lists(numbers, min_size=10, max_size=10).map(
        lambda flat: np.array(flat, np.float32).reshape(5, 2)
    )


@given(landmarks(), st.sampled_from([0, 128, 255]))
def test_any_landmarks_on_any_plain_picture_have_a_finite_portrait_or_none(
    points: FloatArray, gray: int
) -> None:
    portrait = portray(np.full((120, 160, 3), gray, np.uint8), Face(BOX, 0.5, points))
    if portrait is not None:
        assert portrait.shape == (WIDTH,)
        assert np.isfinite(portrait).all()
        assert resemblance(portrait[None], portrait[None])[0, 0] == pytest.approx(1, abs=1e-3)
