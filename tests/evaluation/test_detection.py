"""What is found beside what is there: hits, misses, false boxes, and what counts for nothing."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from mien.evaluation.detection import Labels, Tally, recall_difference
from mien.types import Box, Face, FloatArray


def face(x: float, side: float = 50, score: float = 0.9, shift: float = 0) -> Face:
    eyes = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    points: FloatArray = (eyes * side + (x + shift, 0)).astype(np.float32)
    return Face(Box(x, 0, x + side, side), score, points)


def test_a_face_is_found_once() -> None:
    tally = Tally()
    missed, false = tally.add([face(0, score=0.7), face(2, score=0.8)], Labels((face(0),)))
    assert (missed, false) == ([], [0])
    assert tally.false_scores == [0.7]
    assert tally.fits[0].score == 0.8
    assert tally.fits[0].overlap == pytest.approx(48 / 52)


def test_what_is_missed_scores_nothing() -> None:
    tally = Tally()
    missed, false = tally.add([face(200)], Labels((face(0),)))
    assert (missed, false) == ([0], [0])
    assert tally.fits[0].score == 0
    assert math.isnan(tally.fits[0].overlap)
    assert tally.recall(0, 0) == 0
    assert math.isnan(tally.eye_error(0))


def test_boxes_about_unknown_regions_count_for_nothing() -> None:
    tally = Tally()
    unknown = (Box(190, 0, 260, 60), Box(300, 0, 900, 600))
    _, false = tally.add([face(200), face(500), face(100)], Labels((), unknown))
    assert false == [2]


def test_the_surest_box_has_the_first_choice_of_faces() -> None:
    tally = Tally()
    tally.add([face(20, score=0.6), face(10, score=0.9)], Labels((face(10), face(30))))
    assert [fit.score for fit in tally.fits] == [0.9, 0.6]
    assert not tally.false_scores


def test_small_faces_are_neither_missed_nor_false() -> None:
    tally = Tally()
    tally.add([face(0, 20)], Labels((face(0, 20), face(100, 60))))
    assert not tally.false_scores
    assert tally.recall(48, 0) == 0
    assert tally.recall(10, 0) == 0.5
    assert tally.count(48) == 1
    assert math.isnan(tally.recall(100, 0))


def test_eye_error_is_in_distances_of_the_eyes() -> None:
    tally = Tally()
    tally.add([face(0, 100, shift=2)], Labels((face(0, 100),)))
    assert tally.eye_error(0) == pytest.approx(2 / 40, rel=1e-4)


def both(hits: list[tuple[bool, bool]]) -> tuple[Tally, Tally]:
    """Two detectors on one face in each picture, which the first, the second, or both find."""
    first, second = Tally(), Tally()
    for hit, other in hits:
        first.add([face(0, score=0.6)] if hit else [], Labels((face(0),)))
        second.add([face(0, score=0.8)] if other else [], Labels((face(0),)))
    return first, second


def test_a_difference_of_recall_has_its_interval() -> None:
    first, second = both([(True, True)] * 60 + [(True, False)] * 25 + [(False, True)] * 15)
    found = recall_difference(first, second, 0, (0.5, 0.5))
    assert found.value == pytest.approx(0.1)
    assert found.low < 0 < found.value < found.high
    # The standard error of a mean of 100 gains of which 40 are not 0.
    error = math.sqrt((0.4 - 0.1**2) / 100)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert recall_difference(first, second, 0, (0.7, 0.5)).value == pytest.approx(-0.75)
    assert math.isnan(recall_difference(first, second, 100, (0.5, 0.5)).value)


def test_faces_of_one_picture_are_drawn_together() -> None:
    first, second = Tally(), Tally()
    for n in range(20):
        faces = tuple(face(100 * place) for place in range(10))
        first.add(faces if n % 2 else (), Labels(faces))
        second.add((), Labels(faces))
    found = recall_difference(first, second, 0, (0, 0))
    error = math.sqrt(0.25 / 20)
    assert found.value == pytest.approx(0.5)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_what_finds_the_same_differs_by_nothing() -> None:
    first, _ = both([(True, True), (False, False)] * 5)
    found = recall_difference(first, first, 0, (0.5, 0.5))
    assert (found.value, found.low, found.high) == (0, 0, 0)


@given(st.lists(st.floats(0.01, 1), max_size=40), st.integers(1, 300), st.floats(0, 0.2))
def test_the_threshold_leaves_as_few_false_boxes_as_wanted(
    scores: list[float], pictures: int, rate: float
) -> None:
    tally = Tally(pictures=pictures, false_scores=scores)
    least = tally.threshold(rate)
    assert sum(score > least for score in scores) <= rate * pictures
    lower = np.nextafter(least, -1)
    assert least == 0 or sum(score > lower for score in scores) > int(rate * pictures)


def test_nothing_at_all() -> None:
    tally = Tally()
    assert tally.add([], Labels()) == ([], [])
    assert tally.threshold() == 0
    assert math.isnan(tally.recall(0, 0))
    assert math.isnan(tally.overlap(0))
