"""What is drawn stays in the picture, says what was read, and differs by more than colour."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.types import (
    Analysis,
    Box,
    Face,
    PixelArray,
    Prediction,
    Quality,
    QualityIssue,
    Reading,
    Reason,
)
from mien.vision.draw import draw, words

LABELS = (*"abcdefghij", "surprise")


def reading(
    box: Box,
    label: str | None = "a",
    *,
    issues: tuple[QualityIssue, ...] = (),
    track: int = 1,
    reason: Reason | None = None,
) -> Reading:
    chosen = LABELS.index(label or "a")
    prediction = Prediction(LABELS, tuple(float(index == chosen) for index in range(len(LABELS))))
    quality = Quality(50, 100, 120, issues=issues)
    return Reading(track, Face(box, 0.9), prediction, prediction, label, quality, reason)


def picture(width: int = 320, height: int = 240, value: int = 110) -> PixelArray:
    return np.full((height, width, 3), value, np.uint8)


def analysis(image: PixelArray, *readings: Reading) -> Analysis:
    return Analysis(0, 0.0, "test", (image.shape[1], image.shape[0]), readings)


def drawn(image: PixelArray, *readings: Reading) -> PixelArray:
    return draw(image, analysis(image, *readings))


def test_the_picture_itself_is_not_changed() -> None:
    image = picture()
    image.flags.writeable = False
    result = drawn(image, reading(Box(100, 80, 200, 180)))
    assert (image == 110).all()
    assert result.shape == image.shape
    assert result.flags.writeable
    assert (result != image).any()


def test_without_faces_it_is_a_copy() -> None:
    image = picture()
    result = drawn(image)
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


@pytest.mark.parametrize(
    ("label", "issues", "expected"),
    [
        ("b", (), "looks b"),
        (None, (), "not sure"),
        (None, ("too small", "dark"), "not sure · too small"),
        ("b", ("blurred",), "looks b · blurred"),
        ("surprise", (), "looks surprised"),
    ],
)
def test_the_words(label: str | None, issues: tuple[QualityIssue, ...], expected: str) -> None:
    assert words(reading(Box(0, 0, 9, 9), label, issues=issues)) == expected


@pytest.mark.parametrize(
    ("reason", "issues", "expected"),
    [
        ("something else", ("blurred",), "not sure · something else"),
        ("not sure enough", ("blurred",), "not sure · blurred"),
        ("not sure enough", (), "not sure"),
        ("dark", ("dark",), "not sure · dark"),
    ],
)
def test_the_words_say_why_there_is_none(
    reason: Reason, issues: tuple[QualityIssue, ...], expected: str
) -> None:
    assert words(reading(Box(0, 0, 9, 9), None, issues=issues, reason=reason)) == expected


def test_classes_differ_without_their_colours() -> None:
    box = Box(100, 80, 200, 180)
    # The letters differ too, so they are cut away: only the frame and the sign are compared.
    names: list[str | None] = [*LABELS, None]
    results = [drawn(picture(), reading(box, name)) for name in names]
    frames = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[79:190] for image in results]
    shapes = [frame != 110 for frame in frames]
    differ = sum(
        (shapes[a] != shapes[b]).mean() > 0.002
        for a in range(len(names))
        for b in range(a + 1, len(names))
    )
    # Lines come again after four classes; then the signs differ.
    assert differ >= 40
    plates = [image[40:79].tobytes() for image in results]
    assert len(set(plates)) == len(names)


def test_the_face_itself_stays_free() -> None:
    result = drawn(picture(), reading(Box(100, 80, 200, 180)))
    assert (result[90:170, 110:190] == 110).all()


@pytest.mark.parametrize("size", [(100, 80), (640, 480), (1920, 1080)])
def test_the_plate_grows_with_the_picture(size: tuple[int, int]) -> None:
    width, height = size
    image = picture(width, height)
    box = Box(0.3 * width, 0.4 * height, 0.6 * width, 0.8 * height)
    changed = (drawn(image, reading(box)) != image).any(axis=2)
    plate_rows = changed[: int(0.4 * height)].any(axis=1).sum()
    assert plate_rows >= max(15, height / 20)


def test_two_plates_do_not_cover_each_other() -> None:
    image = picture()
    first, second = (reading(Box(x, 100, x + 60, 160), track=x) for x in (100, 110))
    together = (drawn(image, first, second) != image).any(axis=2)
    # One plate is above the faces, the other below.
    assert together[:95].any()
    assert together[170:].any()


def test_a_face_outside_the_picture_still_has_its_plate_inside() -> None:
    image = picture()
    result = drawn(image, reading(Box(900, 900, 960, 960)))
    changed = (result != image).any(axis=2)
    assert changed.sum() > 500


@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    x=st.floats(-300, 300),
    y=st.floats(-300, 300),
    side=st.floats(0.01, 500),
)
def test_no_size_of_picture_or_face_fails(
    width: int, height: int, x: float, y: float, side: float
) -> None:
    image = picture(width, height)
    box = Box(x, y, x + side, y + side * 1.3)
    assert drawn(image, reading(box, None, issues=("turned away",))).shape == image.shape
    assert drawn(image, reading(box, "c")).shape == image.shape
