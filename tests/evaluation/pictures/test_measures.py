"""What is measured of a face, and what cannot be measured is not made up."""

import numpy as np
import pytest

from mien.evaluation.pictures.measures import (
    AGREEMENT,
    BRIGHTNESS,
    CONTRAST,
    NAMES,
    SHARPNESS,
    SIZE,
    SKIN,
    TURN,
    Measures,
)
from mien.evaluation.pictures.picture import Picture
from mien.types import Box, Face

LANDMARKS = np.array([[40, 50], [80, 50], [50, 70], [45, 90], [75, 90]], np.float32)


def measure(*pictures: Picture) -> dict[str, list[float]]:
    measures = Measures()
    for picture in pictures:
        measures.add(picture)
    return {name: values.tolist() for name, values in measures.finish().items()}


def gray(level: int, face: Face | None, *, cropped: bool = False) -> Picture:
    image = np.full((128, 128, 3), level, np.uint8)
    return Picture(image, face, cropped, 0, "a.png", "", 0.8)


def test_a_detected_face_has_all_measures() -> None:
    values = measure(gray(90, Face(Box(30, 30, 90, 110), 0.9, LANDMARKS)))
    assert values[BRIGHTNESS] == [90]
    assert values[CONTRAST] == values[SHARPNESS] == [0]
    assert values[SIZE] == pytest.approx([np.sqrt(60 * 80)])
    # The nose is at a quarter of the way: turned by a half, whichever side.
    assert values[TURN] == pytest.approx([0.5])
    assert values[AGREEMENT] == [0.8]


def test_the_face_is_measured_and_not_what_is_around_it() -> None:
    picture = gray(255, Face(Box(32, 32, 96, 96), 0.9))
    picture.image[32:96, 32:64] = 20
    picture.image[32:96, 64:96] = 60
    values = measure(picture)
    assert values[BRIGHTNESS] == pytest.approx([40], abs=1)
    assert values[CONTRAST] == pytest.approx([20], abs=1)


@pytest.mark.parametrize("landmarks", [None, LANDMARKS])
def test_the_skin_is_that_of_the_cheeks(landmarks: np.ndarray | None) -> None:
    # Landmarks are in another place than those of an average face in this box.
    box = Box(0, 0, 120, 120) if landmarks is None else Box(8, 8, 128, 128)
    picture = gray(0, Face(box, 0.9, landmarks))
    cheeks = [(39, 69), (81, 69)] if landmarks is None else [(42.5, 70), (77.5, 70)]
    for (x, y), level in zip(cheeks, (119, 119), strict=True):
        picture.image[round(y) - 9 : round(y) + 9, round(x) - 9 : round(x) + 9] = level
    # Middle gray, 119 of 255, has a lightness of 50.
    assert measure(picture)[SKIN] == pytest.approx([50], abs=0.2)


def test_the_lightness_of_the_skin_is_nearly_that_of_the_gray_picture() -> None:
    face = Face(Box(0, 0, 128, 128), 1.0)
    colour = gray(0, face)
    colour.image[:] = (120, 150, 200)
    level = round(0.114 * 120 + 0.587 * 150 + 0.299 * 200)
    assert measure(colour)[SKIN] == pytest.approx(measure(gray(level, face))[SKIN], abs=1)


def test_cheeks_outside_the_picture_have_no_brightness() -> None:
    values = measure(gray(90, Face(Box(200, 0, 300, 100), 0.9)))
    assert np.isnan(values[SKIN]).all()
    half = measure(gray(119, Face(Box(-60, 0, 60, 120), 0.9)))
    assert half[SKIN] == pytest.approx([50], abs=0.2)


def test_a_cropped_face_has_no_size_and_no_turn() -> None:
    values = measure(gray(90, Face(Box(0, 0, 128, 128), 1.0), cropped=True))
    assert values[BRIGHTNESS] == [90]
    assert np.isnan([*values[SIZE], *values[TURN]]).all()


def test_a_picture_without_a_face_keeps_its_row() -> None:
    values = measure(gray(90, None), gray(90, Face(Box(0, 0, 9, 9), 1.0)))
    assert set(values) == set(NAMES)
    assert all(len(column) == 2 and np.isnan(column[0]) for column in values.values())
    assert values[BRIGHTNESS][1] == 90


def test_nothing_seen_gives_empty_columns() -> None:
    assert measure() == {name: [] for name in NAMES}
