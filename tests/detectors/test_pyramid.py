import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.detectors.pyramid import Pyramid, fit_within


def ramp(height, width):
    """Each pixel's value is its column."""
    columns = np.arange(width, dtype=np.uint8)
    return np.broadcast_to(columns[None, :, None], (height, width, 3)).copy()


@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.02, 1))
def test_whole_has_the_scaled_size(height, width, scale):
    shrunk = Pyramid(ramp(height, width)).whole(scale)
    assert shrunk.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 3)


def test_whole_averages():
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    shrunk = Pyramid(image).whole(0.1)
    blocks = image.reshape(24, 10, 32, 10, 3).mean((1, 3))
    assert np.abs(shrunk - blocks).mean() < 4  # sampling single pixels would be off by about 64


@pytest.mark.parametrize("side", [12, 24, 60, 100, 180])
def test_patches_show_the_box(side):
    boxes = np.array([[10.0, 20, 10 + side, 20 + side], [30, 5, 30 + side, 5 + side]])
    patches = Pyramid(ramp(240, 240)).patches(boxes, 12)
    assert patches.shape == (2, 12, 12, 3)
    for patch, left in zip(patches, (10, 30), strict=True):
        # The middle of each of the 12 columns, as the value of the pixel there.
        wanted = left + (np.arange(12) + 0.5) * side / 12 - 0.5
        assert np.abs(patch[6, :, 0] - wanted).max() <= 2


def test_patches_are_gray_outside_the_picture():
    image = np.zeros((40, 40, 3), dtype=np.uint8)
    outside, half = Pyramid(image).patches(np.array([[90.0, 90, 130, 130], [20, 0, 60, 40]]), 24)
    assert (outside == 128).all()
    assert (half[:, :11] == 0).all()
    assert (half[:, 13:] == 128).all()


def test_no_boxes_give_no_patches():
    assert Pyramid(ramp(20, 20)).patches(np.empty((0, 4)), 24).shape == (0, 24, 24, 3)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 200))
def test_fit_within_keeps_the_shape(height, width, side):
    image = np.zeros((height, width, 3), dtype=np.uint8)
    fitted, (across, down) = fit_within(image, side)
    assert max(fitted.shape[:2]) <= max(side, 1)
    assert fitted.shape[1] * across == pytest.approx(width)
    assert fitted.shape[0] * down == pytest.approx(height)
    if max(height, width) <= side:
        assert fitted is image
