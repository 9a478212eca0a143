"""Heads at any quarter turn: found, placed, and read as if they were upright."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien.detectors.any_angle import MARGIN, AnyAngleDetector
from mien.protocols import Detector
from mien.registry import at_any_angle, make_detector
from mien.types import Box, Face, InputSpec, PixelArray
from mien.vision.boxes import iou_matrix, to_array
from mien.vision.crop import crop_faces, eye_angle

# Corners of a mark that is the same in no two turns: its dark end is a head's chin.
MARK = np.full((12, 8, 3), 255, np.uint8)
MARK[8:, :] = 100


class Marks:
    """Sees the mark, with the given score for each turn that would make it upright."""

    name = "marks"
    face_side = 40.0

    def __init__(self, scores: dict[int, float] | None = None) -> None:
        self.scores = {0: 0.9} if scores is None else scores
        self.shown: list[PixelArray] = []

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self.shown.append(image)
        rows, columns = np.nonzero(image[..., 0])
        if not len(rows):
            return ()
        x1, y1, x2, y2 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        part = image[y1:y2, x1:x2]
        for turns, score in self.scores.items():
            if np.array_equal(np.rot90(part, turns), MARK):
                points = np.array([[x1, y1], [x2, y1], [x1, y2], [x2, y2], [x1, y1]])
                return (Face(Box(*map(float, (x1, y1, x2, y2))), score, points),)
        return ()


def scene(turns: int, left: int = 20, top: int = 5) -> PixelArray:
    """A wide black picture with a mark that `turns` quarter turns against the clock set upright."""
    mark = np.rot90(MARK, -turns)
    image = np.zeros((40, 70, 3), np.uint8)
    image[top : top + mark.shape[0], left : left + mark.shape[1]] = mark
    return image


@given(st.integers(0, 3), st.integers(0, 50), st.integers(0, 25))
def test_a_face_at_any_turn_is_where_it_is(turns: int, left: int, top: int) -> None:
    (face,) = AnyAngleDetector(Marks())(scene(turns, left, top))
    width, height = (8, 12) if turns % 2 == 0 else (12, 8)
    assert face.box == Box(left, top, left + width, top + height)
    assert (face.turns, face.score) == (turns, 0.9)
    # The first landmark is the corner on the left above, once the head is upright.
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    assert face.landmarks is not None
    assert face.landmarks[0].tolist() == list(corners[turns])
    assert face.landmarks[1].tolist() == list(corners[(turns + 1) % 4])


@given(st.integers(0, 3))
def test_the_crop_shows_it_upright(turns: int) -> None:
    spec = InputSpec(12, 3, 1.0)
    (upright,) = (Face(Box(18, 5, 30, 17), 0.9),)
    image = scene(turns)
    (face,) = AnyAngleDetector(Marks())(image)
    x, y = face.box.center
    square = Face(Box(x - 6, y - 6, x + 6, y + 6), 0.9, turns=face.turns)
    expected = crop_faces(scene(0), [upright], spec)
    assert np.array_equal(crop_faces(image, [square], spec), expected)


def test_a_face_that_is_seen_both_ways_stays_upright_unless_lying_is_clearly_surer() -> None:
    for lying, turns in ((0.8 + MARGIN / 2, 0), (0.8 + 1.5 * MARGIN, 1)):
        # The mark is upright; a picture turned once shows it as one that needs three more turns.
        (face,) = AnyAngleDetector(Marks({0: 0.8, 3: lying}))(scene(0))
        assert face.turns == turns


def test_it_is_the_other_detector_but_for_four_searches() -> None:
    marks = Marks()
    detector = at_any_angle(marks)
    assert isinstance(detector, Detector)
    assert (detector.name, detector.face_side) == ("marks", 40.0)
    image = np.zeros((20, 30, 3), np.uint8)
    assert detector(image) == ()
    assert [given.shape for given in marks.shown] == [(20, 30, 3), (30, 20, 3)] * 2


@pytest.mark.parametrize("turns", range(4))
def test_a_real_face_looks_the_same_at_any_turn(portrait: PixelArray, turns: int) -> None:
    image = np.ascontiguousarray(np.rot90(portrait, -turns))
    (reading,) = mien.load(any_angle=True).read(image)
    (upright,) = mien.load().read(portrait)
    assert (reading.face.turns, reading.label) == (turns, upright.label)
    assert reading.raw.confidence == pytest.approx(upright.raw.confidence, abs=0.02)
    # The line through the eyes falls as much as the picture was turned.
    angle = eye_angle(reading.face) - eye_angle(upright.face)
    assert angle % 360 == pytest.approx(90 * turns, abs=1)


def test_several_heads_at_several_turns_are_each_found_once(portrait: PixelArray) -> None:
    turned = [np.rot90(portrait, -turns) for turns in range(4)]
    image = np.ascontiguousarray(np.concatenate(turned, axis=1))
    found = sorted(make_detector(any_angle=True)(image), key=lambda face: face.box.x1)
    assert [face.turns for face in found] == [0, 1, 2, 3]
    assert [int(face.box.center[0] // 320) for face in found] == [0, 1, 2, 3]
    boxes = to_array([face.box for face in found])
    assert iou_matrix(boxes, boxes).sum() == pytest.approx(4)
    scores = [face.score for face in at_any_angle(make_detector())(image)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("turns", [-1, 4])
def test_other_turns_are_refused(turns: int) -> None:
    with pytest.raises(ValueError, match=rf"Face\.turns must be in 0\.\.3, got {turns}"):
        Face(Box(0, 0, 1, 1), 0.5, turns=turns)
