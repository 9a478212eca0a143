"""Faces are split where it means something, each into one part, and figured right."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.datasets.inputs.patterns import SlicePattern
from mien.evaluation.figures.slicing import MOST_VALUES, SOURCE, Slice, slices
from mien.evaluation.pictures.measures import AGREEMENT, BRIGHTNESS, CONTRAST, SHARPNESS, SIZE, TURN
from mien.evaluation.predictions import Answers, Evaluation
from mien.models.info import ModelInfo


@pytest.fixture
def make(info: ModelInfo):
    """Make an evaluation of two classes by turns: the first ones are read rightly."""

    def make_with(measures: dict[str, list[float]], right: int = 0) -> Evaluation:
        count = len(next(iter(measures.values())))
        truth = np.arange(count) % 2
        predicted = np.where(np.arange(count) < right, truth, 1 - truth)
        probabilities = np.full((count, 4), 0.1, np.float32)
        probabilities[np.arange(count), predicted] = np.where(np.arange(count) % 4, 0.7, 0.4)
        groups = tuple(f"{row}" for row in range(count))
        answers = Answers(truth, probabilities, groups, groups)
        values = {name: np.array(column) for name, column in measures.items()}
        return Evaluation(info, "faces", "test", answers, measures=values)

    return make_with


def parts(found: tuple[Slice, ...]) -> dict[str, int]:
    return {part.part: part.faces for part in found}


def test_figures_are_those_of_the_part(make) -> None:
    evaluation = make({SIZE: [30.0] * 4 + [60.0] * 4 + [300.0] * 2}, right=6)
    small, middle, large = slices(evaluation, resamples=100)
    assert (small.measure, small.part, small.faces) == (SIZE, "24 to 48 px", 4)
    assert (middle.part, large.part) == ("48 to 96 px", "192 px or more")
    assert [part.accuracy.value for part in (small, middle, large)] == [1, 0.5, 0]
    assert [recall.value for recall in small.recalls[:2]] == [1, 1]
    assert np.isnan([recall.value for recall in small.recalls[2:]]).all()
    assert middle.accuracy.low <= 0.5 <= middle.accuracy.high
    assert small.confidence == pytest.approx((0.4 + 3 * 0.7) / 4)
    assert small.answered == 0.75


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        (
            BRIGHTNESS,
            [10, 30, 40, 50, 60, 70, 80],
            {
                "below 25 of 255 (dark)": 1,
                "25 to 47 of 255": 2,
                "47 to 63 of 255": 2,
                "63 of 255 or more": 2,
            },
        ),
        (
            CONTRAST,
            [10, 20, 30],
            {"below 17 of 255": 1, "17 to 23 of 255": 1, "23 of 255 or more": 1},
        ),
        (SHARPNESS, [3, 19.9, 20], {"below 20 (blurred)": 2, "20 or more": 1}),
        (
            SIZE,
            [23.9, 24, 500],
            {"below 24 px (too small)": 1, "24 to 48 px": 1, "192 px or more": 1},
        ),
        (
            TURN,
            [0, 0.3, 0.85],
            {"below 0.25 (to the front)": 1, "0.25 to 0.50": 1, "0.85 or more (turned away)": 1},
        ),
        (
            AGREEMENT,
            [0.5, np.float32(0.6), np.float32(0.8), 0.99, 1 - 1e-8],
            {"below 60%": 1, "60% to 80%": 1, "80% to 100%": 2, "100% (all agree)": 1},
        ),
    ],
)
def test_parts(make, measure: str, values: list[float], expected: dict[str, int]) -> None:
    assert parts(slices(make({measure: values}), resamples=0)) == expected


def told(info: ModelInfo, sources: tuple[str, ...], origins: tuple[str, ...] = ()) -> Evaluation:
    """Faces of two classes by turns, all read rightly, of these sources."""
    truth = np.arange(len(sources)) % 2
    probabilities = np.full((len(sources), 4), 0.1, np.float32)
    probabilities[np.arange(len(sources)), truth] = 0.7
    origins = origins or sources
    answers = Answers(truth, probabilities, origins, ("",) * len(sources))
    return Evaluation(info, "faces", "test", answers, sources=sources)


def test_sources_are_slices_where_there_are_several(info: ModelInfo) -> None:
    found = slices(told(info, ("b", "a", "a", "a", "")), resamples=0)
    assert {part.measure for part in found} == {SOURCE}
    assert parts(found) == {"a": 3, "b": 1}
    assert slices(told(info, ("a", "a", "")), resamples=0) == ()


def test_a_face_that_was_not_found_is_of_no_source(info: ModelInfo) -> None:
    evaluation = told(info, ("a", "a", "b", "b"))
    evaluation.answers.probabilities[3] = np.nan
    assert parts(slices(evaluation, resamples=0)) == {"a": 2, "b": 1}


def test_a_pattern_splits_by_what_it_finds(info: ModelInfo) -> None:
    origins = ("sad/AF01.jpg", "sad/AM01.jpg", "sad/BF02.jpg", "sad/x.jpg")
    evaluation = told(info, ("",) * 4, origins)
    patterns = [SlicePattern.parse(r"sex=/[AB]([FM])\d"), SlicePattern.parse("one=(sad)")]
    found = slices(evaluation, patterns, resamples=0)
    assert [(part.measure, part.part, part.faces) for part in found] == [
        ("sex", "F", 2),
        ("sex", "M", 1),
        ("one", "sad", 4),
    ]


def test_the_rarest_of_many_values_are_one_part(info: ModelInfo) -> None:
    count = MOST_VALUES + 3
    sources = tuple(f"{number:02}" for number in range(count) for _ in range(count - number))
    found = slices(told(info, sources), resamples=0)
    assert len(found) == MOST_VALUES
    assert (found[-1].part, found[-1].faces) == ("4 others", 4 + 3 + 2 + 1)
    assert sum(part.faces for part in found) == len(sources)


def test_balanced_accuracy_is_over_all_classes_or_not_at_all(info: ModelInfo) -> None:
    # By turns: "b" has one class only, and the bundle's other two are nowhere.
    one_class, both = slices(told(info, ("b", "a", "b", "a", "c", "c")), resamples=0)[::2]
    assert (one_class.part, both.part) == ("a", "c")
    assert np.isnan(one_class.balanced_accuracy.value)
    assert (one_class.accuracy.value, both.balanced_accuracy.value) == (1, 1)


def test_measures_that_say_nothing_are_left_out(make) -> None:
    evaluation = make({SIZE: [np.nan] * 3, AGREEMENT: [1.0] * 3, BRIGHTNESS: [100.0] * 3})
    (only,) = slices(evaluation, resamples=0)
    assert (only.measure, only.part) == (BRIGHTNESS, "100 of 255 or more")


def test_no_measures_give_no_slices(evaluation: Evaluation) -> None:
    assert slices(evaluation, resamples=0) == ()


def test_pictures_without_a_face_are_in_no_part(evaluation: Evaluation) -> None:
    measures = {BRIGHTNESS: np.array([30, 30, 90, 90, 90, np.nan])}
    found = slices(dataclasses.replace(evaluation, measures=measures), resamples=0)
    assert sum(part.faces for part in found) == 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(0, 255), min_size=1, max_size=40))
@pytest.mark.parametrize("measure", [BRIGHTNESS, CONTRAST, TURN])
def test_every_face_is_in_one_part(make, measure: str, values: list[float]) -> None:
    found = slices(make({measure: values}), resamples=0)
    assert sum(part.faces for part in found) == len(values)
    assert len({part.part for part in found}) == len(found)
