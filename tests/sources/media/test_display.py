"""A picture is shown as its video says, and a mistaken video cannot make it too large."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.sources.media.display import oriented, stretched
from mien.types import PixelArray

ONE = 1 << 16
numbers = st.integers(-(1 << 31), (1 << 31) - 1)


def picture() -> PixelArray:
    return np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@given(st.lists(numbers, min_size=9, max_size=9))
def test_any_matrix_only_moves_pixels(matrix: list[int]) -> None:
    shown = oriented(picture(), tuple(matrix))
    assert sorted(map(tuple, shown.reshape(-1, 3))) == sorted(map(tuple, picture().reshape(-1, 3)))


@pytest.mark.parametrize(("a", "b", "c", "d"), [(1, 0, 0, 1), (2, 1, -1, 2), (0, 0, 0, 0)])
def test_what_is_nearly_upright_is_left(a: int, b: int, c: int, d: int) -> None:
    matrix = (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30)
    assert np.array_equal(oriented(picture(), matrix), picture())


@given(st.fractions(min_value=Fraction(1, 8), max_value=8))
def test_height_stays_where_pixels_are_made_square(aspect: Fraction) -> None:
    shown = stretched(np.full((12, 40, 3), 90, np.uint8), aspect)
    assert shown.shape == (12, round(40 * aspect), 3)
    assert (shown == 90).all()


def test_no_picture_becomes_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.sources.media.display.MAX_PIXELS", 40 * 12)
    assert stretched(np.zeros((12, 40, 3), np.uint8), Fraction(4)).shape == (3, 40, 3)
