"""A cover takes all of a head with it, and leaves nothing by which to know it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.types import Box
from mien.vision.cover import Style, cover, covered

STYLES: list[Style] = ["blur", "block"]


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("style", STYLES)
def test_what_is_beside_the_head_stays(style: Style) -> None:
    image = noise(240, 320)
    result = cover(image, [Box(100, 80, 160, 160)], style)
    left, top, right, bottom = covered(Box(100, 80, 160, 160), (320, 240)) or (0, 0, 0, 0)
    assert left < 100 - 20
    assert bottom > 160 + 20
    outside = np.ones((240, 320), bool)
    outside[top:bottom, left:right] = False
    np.testing.assert_array_equal(result[outside], image[outside])


@pytest.mark.parametrize("style", STYLES)
def test_all_of_the_face_its_hair_and_chin_change(style: Style) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[::2] = 255
    result = cover(image, [Box(100, 80, 160, 160)], style).astype(int)
    head = result[60:180, 85:175]
    assert np.abs(np.diff(head, axis=0)).max() < 40


def test_nothing_of_a_face_is_left_under_a_block() -> None:
    one, other = noise(200, 200), noise(200, 200)[::-1]
    box = Box(60, 60, 140, 140)
    results = [cover(image, [box], "block")[40:160, 40:160] for image in (one, other)]
    np.testing.assert_array_equal(*results)


def test_a_blur_keeps_no_more_than_a_few_patches() -> None:
    """What is finer than a patch makes no difference, so nothing can bring it back."""
    image = np.full((400, 400, 3), 90, np.uint8)
    drawn = image.copy()
    for y in range(100, 300, 10):
        drawn[y : y + 5, 100:300] += 40
        drawn[y + 5 : y + 10, 100:300] -= 40
    results = [cover(one, [Box(100, 100, 300, 300)], "blur").astype(int) for one in (image, drawn)]
    assert np.abs(results[0] - results[1])[70:330, 70:330].max() <= 4


def test_each_time_less_is_left() -> None:
    spread = [
        cover(noise(200, 200), [Box(50, 50, 150, 150)], "blur", again=again)[30:170, 30:170].std()
        for again in range(3)
    ]
    assert spread[0] > spread[1] > spread[2] == 0


@given(
    box=st.tuples(*[st.floats(-500, 500)] * 2, *[st.floats(0.01, 900)] * 2),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    style=st.sampled_from(STYLES),
    again=st.integers(0, 3),
)
def test_any_box_of_any_picture(
    box: tuple[float, float, float, float], size: tuple[int, int], style: Style, again: int
) -> None:
    x, y, width, height = box
    image = noise(*size)
    before = image.copy()
    result = cover(image, [Box(x, y, x + width, y + height)], style, again=again)
    assert result.shape == image.shape
    np.testing.assert_array_equal(image, before)
