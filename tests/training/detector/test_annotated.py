"""Boxes and landmarks go where the pixels go."""

import math

import cv2
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from mien.evaluation.detection import Labels
from mien.training.detector.annotated import Annotated, move, similarity
from mien.types import Box, Face, FloatArray


def ball(x: float = 60, y: float = 50, radius: int = 20) -> Annotated:
    """A bright ball on black, as a face: its eyes left and right, its mouth below.

    Pixel 60 covers 60 to 61, so its middle is at 60.5: the ball is drawn half a pixel off.
    """
    image = np.zeros((100, 120), np.uint8)
    middle = (round((x - 0.5) * 16), round((y - 0.5) * 16))
    cv2.circle(image, middle, radius * 16, 255, -1, cv2.LINE_AA, 4)
    box = [[x - radius, y - radius, x + radius, y + radius]]
    offsets = np.array([[-8, -5], [8, -5], [0, 2], [-6, 9], [6, 9]])
    points = np.array([x, y]) + offsets
    return Annotated(
        image, np.array(box, np.float32), points[None].astype(np.float32), none().boxes
    )


def none() -> Annotated:
    empty: FloatArray = np.empty((0, 4), np.float32)
    return Annotated(np.zeros((8, 8), np.uint8), empty, np.empty((0, 5, 2), np.float32), empty)


@given(
    scale=st.floats(0.3, 2.0),
    angle=st.floats(-0.78, 0.78),
    mirror=st.booleans(),
    x=st.floats(60, 140),
    y=st.floats(60, 140),
)
@settings(deadline=None, max_examples=40)
def test_the_box_is_where_the_pixels_are(
    scale: float, angle: float, mirror: bool, x: float, y: float
) -> None:
    matrix = similarity((60, 50), (x, y), scale, angle, mirror=mirror)
    moved = move(ball(), matrix, 200)
    bright = np.argwhere(moved.image > 127)[:, ::-1]
    (box,) = moved.boxes
    assert np.allclose(bright.mean(axis=0) + 0.5, (box[:2] + box[2:]) / 2, atol=0.6)
    assert np.allclose(bright.min(axis=0), box[:2], atol=2)
    assert np.allclose(bright.max(axis=0) + 1, box[2:], atol=2)


@given(angle=st.floats(-0.78, 0.78), mirror=st.booleans())
@settings(deadline=None, max_examples=40)
def test_left_stays_left(angle: float, mirror: bool) -> None:
    moved = move(ball(), similarity((60, 50), (100, 100), 1, angle, mirror=mirror), 200)
    (points,) = moved.landmarks
    assert points[0, 0] < points[1, 0]
    assert points[3, 0] < points[4, 0]
    assert math.isclose(np.linalg.norm(points[1] - points[0]), 16, rel_tol=1e-4)


def test_similarity_brings_source_to_target() -> None:
    matrix = similarity((3, 4), (10, 20), 2.5, 0.3, mirror=True)
    assert np.allclose(matrix @ [3, 4, 1], [10, 20])
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(-(2.5**2))


@pytest.mark.parametrize(
    ("target", "scale", "faces", "unknown"),
    [
        ((100, 100), 1.0, 1, 0),  # inside
        ((12, 100), 1.0, 1, 0),  # a little outside
        ((-5, 100), 1.0, 0, 1),  # more than half of it outside
        ((-90, 100), 1.0, 0, 0),  # gone
        ((100, 100), 0.2, 0, 1),  # too small
        ((100, 100), 9.0, 0, 1),  # too large
    ],
)
def test_what_cannot_be_learnt_is_unknown(
    target: tuple[float, float], scale: float, faces: int, unknown: int
) -> None:
    moved = move(ball(), similarity((60, 50), target, scale, 0, mirror=False), 200)
    assert len(moved.boxes) == len(moved.landmarks) == faces
    assert len(moved.unknown) == unknown


def test_unknown_regions_move_too() -> None:
    region = np.array([[10, 10, 30, 20]], np.float32)
    picture = Annotated(none().image, none().boxes, none().landmarks, region)
    moved = move(picture, similarity((20, 15), (50, 50), 2, math.pi / 2, mirror=False), 99)
    assert np.allclose(moved.unknown, [[40, 30, 60, 70]], atol=1e-4)


def test_labels_without_landmarks_are_unknown() -> None:
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    labels = Labels(
        (Face(Box(0, 0, 4, 9), 1, points), Face(Box(1, 1, 2, 2), 1)), (Box(3, 3, 5, 5),)
    )
    made = Annotated.of(np.zeros((9, 9), np.uint8), labels)
    assert made.boxes.tolist() == [[0, 0, 4, 9]]
    assert made.sides.tolist() == [6]
    assert np.array_equal(made.landmarks[0], points)
    assert made.unknown.tolist() == [[3, 3, 5, 5], [1, 1, 2, 2]]


@given(scale=st.floats(0.12, 0.6), angle=st.floats(-0.7, 0.7))
@settings(deadline=None, max_examples=30)
def test_halves_show_the_same_in_the_same_place(scale: float, angle: float) -> None:
    rows, columns = np.mgrid[:256, :320] + 0.5
    blob = 255 * np.exp(-((columns - 170) ** 2 + (rows - 120) ** 2) / 2 / 15**2)
    halves = [blob.astype(np.uint8)]
    for _ in range(3):
        size = halves[-1].shape[1] // 2, halves[-1].shape[0] // 2
        halves.append(cv2.resize(halves[-1], size, interpolation=cv2.INTER_AREA))
    empty = none()
    picture = Annotated(halves[0], empty.boxes, empty.landmarks, empty.unknown, tuple(halves[1:]))
    matrix = similarity((160, 128), (50, 50), scale, angle, mirror=False)
    levels = move(picture, matrix, 100).image.astype(float)
    down, across = np.mgrid[:100, :100] + 0.5
    middle = np.array([(levels * across).sum(), (levels * down).sum()]) / levels.sum()
    assert np.allclose(middle, matrix @ [170, 120, 1], atol=0.05)


def test_what_is_small_is_drawn_from_a_half_and_skips_no_pixel() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (128, 64))
    halves = (np.full((64, 64), 127, np.uint8), np.full((32, 32), 127, np.uint8))
    empty = none()
    picture = Annotated(stripes, empty.boxes, empty.landmarks, empty.unknown, halves)
    small = move(picture, similarity((64, 64), (12, 12), 0.25, 0, mirror=False), 24)
    assert (small.image == 127).all()


def test_around_a_picture_is_another_that_is_not_changed() -> None:
    around = np.full((200, 200), 77, np.uint8)
    moved = move(ball(), similarity((60, 50), (100, 100), 1, 0, mirror=False), 200, around=around)
    assert (around == 77).all()
    assert moved.image[0, 0] == 77
    assert moved.image[100, 100] == 255


def test_colour_is_kept() -> None:
    gray = ball()
    colour = Annotated(
        np.repeat(gray.image[..., None], 3, axis=2), gray.boxes, gray.landmarks, gray.unknown
    )
    matrix = similarity((60, 50), (100, 100), 1.3, 0.2, mirror=False)
    moved = move(colour, matrix, 200).image
    assert moved.shape == (200, 200, 3)
    assert np.array_equal(moved[..., 1], move(gray, matrix, 200).image)
