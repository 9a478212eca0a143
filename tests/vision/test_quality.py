"""Quality: good faces pass, blurred, dark, small and turned ones are named."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.detectors.mtcnn.detector import MtcnnDetector
from mien.errors import SettingsError
from mien.types import Box, Face, PixelArray
from mien.vision.images.reading import decode_picture
from mien.vision.quality import QualitySettings, assess, estimate_yaw

SETTINGS = QualitySettings()
# Around the face of the portrait, as a detector would put it.
FACE = Face(
    Box(95, 45, 215, 195),
    0.99,
    np.array([[130, 105], [180, 105], [155, 135], [135, 160], [175, 160]]),
)


def shrink(image: PixelArray, scale: float) -> tuple[PixelArray, Face]:
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8), Face(
        Box(*(edge * scale for edge in FACE.box.to_tuple())), 0.99
    )


def test_a_good_face_has_no_issue(portrait: PixelArray) -> None:
    quality = assess(portrait, FACE, SETTINGS)
    assert quality.ok
    assert quality.size == pytest.approx(FACE.box.side)
    assert quality.yaw is not None
    assert abs(quality.yaw) < 0.1


def test_a_blurred_face_is_blurred(portrait: PixelArray) -> None:
    blurred = np.asarray(cv2.GaussianBlur(portrait, (0, 0), FACE.box.side * 0.06), dtype=np.uint8)
    assert assess(blurred, FACE, SETTINGS).issues == ("blurred",)


def test_a_dark_face_is_dark(portrait: PixelArray) -> None:
    dark = (portrait * 0.1).astype(np.uint8)
    assert "dark" in assess(dark, FACE, SETTINGS).issues


def test_a_face_of_a_few_pixels_is_too_small(portrait: PixelArray) -> None:
    assert "too small" in assess(*shrink(portrait, 0.1), SETTINGS).issues
    assert assess(*shrink(portrait, 0.25), SETTINGS).ok


def test_a_profile_is_turned_away(portrait: PixelArray) -> None:
    points = np.array(FACE.landmarks)
    points[2, 0] = points[0, 0] - 10
    quality = assess(portrait, Face(FACE.box, 0.9, points), SETTINGS)
    assert quality.issues == ("turned away",)
    assert quality.yaw == -1


def test_without_landmarks_the_turn_is_unknown(portrait: PixelArray) -> None:
    assert assess(portrait, Face(FACE.box, 0.9), SETTINGS).yaw is None


@given(st.floats(0, 1), st.floats(-3.1, 3.1), st.floats(5, 500))
def test_yaw_is_where_the_nose_stands_between_the_eyes(
    place: float, tilt: float, distance: float
) -> None:
    across = distance * np.array([np.cos(tilt), np.sin(tilt)])
    down = np.array([-across[1], across[0]])
    eyes = [np.zeros(2), across]
    nose = place * across + 0.7 * down
    points = np.array([*eyes, nose, nose, nose], dtype=np.float32)
    assert estimate_yaw(points) == pytest.approx(2 * place - 1, abs=1e-3)


def test_eyes_in_one_place_do_not_crash() -> None:
    assert estimate_yaw(np.ones((5, 2), dtype=np.float32)) == 0


def test_a_face_outside_the_picture_is_judged_all_the_same(portrait: PixelArray) -> None:
    assert assess(portrait, Face(Box(-500, -500, -400, -400), 0.9), SETTINGS).sharpness == 0


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_limits_below_zero_are_refused(value: float) -> None:
    with pytest.raises(SettingsError, match="min_size"):
        QualitySettings(min_size=value)


def test_real_faces_pass_and_spoilt_ones_do_not(shared: Path) -> None:
    detector = MtcnnDetector()
    good, blurred, dark = [], [], []
    with zipfile.ZipFile(shared / "data" / "wild.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.lower().endswith(".jpg"))[::40]
        images = [decode_picture(archive.read(name), name) for name in names]
    for image in images:
        for face in detector(image)[:1]:
            blur = cv2.GaussianBlur(image, (0, 0), face.box.side * 0.08)
            good.append(assess(image, face, SETTINGS).ok)
            blurred.append("blurred" in assess(np.asarray(blur, np.uint8), face, SETTINGS).issues)
            dark.append("dark" in assess((image * 0.1).astype(np.uint8), face, SETTINGS).issues)
    assert len(good) > 30
    assert np.mean(good) >= 0.97
    assert np.mean(blurred) >= 0.97
    assert np.mean(dark) >= 0.97
