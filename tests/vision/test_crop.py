"""The one way from pixels to the network: the framing that training and the live view share."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.types import Box, Face, InputSpec, PixelArray
from mien.vision.crop import crop_faces, eye_angle, whole_face


def ramp(height: int = 120, width: int = 160) -> PixelArray:
    """Blue grows to the right, green downwards; red is 200."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, np.full_like(rows, 200)], axis=2).astype(np.uint8)


def crop(
    image: PixelArray, box: Box, spec: InputSpec, points: np.ndarray | None = None
) -> PixelArray:
    return crop_faces(image, [Face(box, 0.9, points)], spec)[0]


def test_a_crop_of_the_same_size_is_the_picture_itself_in_rgb() -> None:
    result = crop(ramp(), Box(40, 30, 72, 62), InputSpec(32, 3, 1.0))
    assert np.array_equal(result, ramp()[30:62, 40:72, ::-1])


def test_gray_is_the_usual_weighting() -> None:
    result = crop(ramp(), Box(40, 30, 72, 62), InputSpec(32, 1, 1.0))
    assert np.array_equal(result[..., 0], cv2.cvtColor(ramp(), cv2.COLOR_BGR2GRAY)[30:62, 40:72])


def sixty_fourths(low: int, high: int) -> st.SearchStrategy[float]:
    """Numbers that stay exact when 100 is added, so that both ways round at the same place."""
    return st.integers(low * 64, high * 64).map(lambda value: value / 64)


@given(
    sixty_fourths(30, 130),
    sixty_fourths(30, 90),
    sixty_fourths(16, 50),
    sixty_fourths(16, 50),
    st.floats(0.7, 1.2),
)
def test_the_crop_is_a_square_around_the_middle_of_the_box(
    x: float, y: float, width: float, height: float, scale: float
) -> None:
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    wide = np.pad(ramp(), ((100, 100), (100, 100), (0, 0)), mode="edge")
    moved = Box(*(edge + 100 for edge in box.to_tuple()))
    spec = InputSpec(16, 3, scale)
    # Cutting near an edge is cutting from the picture that goes on with its edge.
    result = crop(ramp(), box, spec).astype(int)
    assert np.array_equal(result, crop(wide, moved, spec))
    side = round(box.side * scale)
    if x > side / 2 + 1 and x + side / 2 + 1 < 160 and y > side / 2 + 1 and y + side / 2 + 1 < 120:
        assert result[..., 2].mean() == pytest.approx(x, abs=1.5)
        assert result[..., 1].mean() == pytest.approx(y, abs=1.5)
        spread = result[8, -1, 2] - result[8, 0, 2]
        assert spread == pytest.approx(side * 15 / 16, abs=2.5)


@pytest.mark.parametrize(
    "box", [Box(-300, -300, -200, -200), Box(500, 10, 560, 70), Box(-50, -50, 400, 400)]
)
def test_what_lies_outside_repeats_the_edge(box: Box) -> None:
    result = crop(ramp(), box, InputSpec(24, 3, 1.0))
    assert result.shape == (24, 24, 3)
    assert (result[..., 0] == 200).all()


def test_a_box_outside_shows_the_nearest_corner() -> None:
    assert (crop(ramp(), Box(-300, -300, -200, -200), InputSpec(24, 3, 1.0))[..., 1:] == 0).all()


@given(st.floats(-60, 60))
def test_alignment_levels_the_eyes(angle: float) -> None:
    """Two bright eyes on a dark face, turned by any angle, come out at one height."""
    turn = np.radians(angle)
    across = 30 * np.array([np.cos(turn), np.sin(turn)])
    middle = np.array([150, 150])
    eyes = np.array([middle - across, middle + across])
    image = np.zeros((300, 300, 3), np.uint8)
    for x, y in eyes:
        cv2.circle(image, (round(x * 16), round(y * 16)), 5 * 16, (255, 255, 255), -1, shift=4)
    points = np.array([*eyes, [150, 170], [130, 190], [170, 190]])
    box = Box(90, 90, 210, 210)
    level = crop(image, box, InputSpec(120, 1, 1.0, "eyes"), points)[..., 0]
    rows = [
        np.average(np.arange(120), weights=half.sum(axis=1))
        for half in (level[:, :60], level[:, 60:])
    ]
    assert rows[0] == pytest.approx(rows[1], abs=1.5)
    assert eye_angle(Face(box, 0.9, points)) == pytest.approx(angle, abs=0.01)


def test_without_landmarks_there_is_nothing_to_level() -> None:
    box = Box(40, 30, 72, 62)
    aligned = crop(ramp(), box, InputSpec(32, 3, 1.0, "eyes"))
    assert np.array_equal(aligned, crop(ramp(), box, InputSpec(32, 3, 1.0)))


def test_no_faces_make_an_empty_batch() -> None:
    assert crop_faces(ramp(), [], InputSpec(48, 1, 1.0)).shape == (0, 48, 48, 1)


def test_faces_keep_their_order() -> None:
    faces = [Face(Box(x, 40, x + 20, 60), 0.9) for x in (100, 20, 60)]
    batch = crop_faces(ramp(), faces, InputSpec(16, 3, 1.0))
    assert batch.dtype == np.uint8
    assert list(batch[..., 2].mean(axis=(1, 2)).argsort()) == [1, 2, 0]


@pytest.mark.parametrize("size", [(48, 48), (96, 200), (20, 10), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_whole_face_fills_the_input(size: tuple[int, int], channels: int) -> None:
    image = np.full((*size, 3), (10, 100, 200), dtype=np.uint8)
    result = whole_face(image, InputSpec(48, channels, 1.3))
    assert result.shape == (48, 48, channels)
    expected = [200, 100, 10] if channels == 3 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[0, 0]
    assert (result == expected).all()


def test_shrinking_averages_areas() -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (whole_face(stripes, InputSpec(48, 1, 1.0)) == 100).all()


def test_the_picture_is_not_changed(portrait: PixelArray) -> None:
    before = portrait.copy()
    crop(portrait, Box(-10, -10, 200, 200), InputSpec(48, 1, 1.3, "eyes"), np.eye(5, 2) * 50)
    assert np.array_equal(portrait, before)
