"""The values: what cannot be is refused when it is made, and everything turns into plain data."""

import json
import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mien.types import (
    SUM_TOLERANCE,
    Analysis,
    Box,
    Face,
    Frame,
    InputSpec,
    Prediction,
    Quality,
    Reading,
    Reason,
    Verdict,
)

numbers = st.floats(-1e6, 1e6)
weights = st.lists(st.floats(0.001, 1), min_size=1, max_size=12)
BOX = Box(10, 20, 40, 60)
POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)


def prediction(values: list[float]) -> Prediction:
    total = sum(values)
    return Prediction(tuple(f"c{i}" for i in range(len(values))), tuple(v / total for v in values))


def reading(
    label: str | None = "happy", issues: tuple = (), reason: Reason | None = None
) -> Reading:
    raw, smoothed = (
        Prediction(("sad", "happy"), (0.4, 0.6)),
        Prediction(("sad", "happy"), (0.3, 0.7), 0.25),
    )
    quality = Quality(34.6, 200.0, 120.0, 0.1, issues)
    return Reading(3, Face(BOX, 0.9, POINTS), raw, smoothed, label, quality, reason)


def analysis(*readings: Reading) -> Analysis:
    return Analysis(7, 0.25, "clip.mp4", (640, 480), readings, {"detect": 0.01})


@given(numbers, numbers, numbers, numbers)
def test_a_box_is_a_rectangle_or_refused(x1: float, y1: float, x2: float, y2: float) -> None:
    if x1 < x2 and y1 < y2:
        box = Box(x1, y1, x2, y2)
        assert box.width > 0
        assert box.height > 0
        assert x1 <= box.center[0] <= x2
        assert box.side**2 == pytest.approx(box.width * box.height)
        assert Box(*box.to_tuple()) == box
    else:
        with pytest.raises(ValueError, match="x1 < x2"):
            Box(x1, y1, x2, y2)


@given(st.sampled_from([math.nan, math.inf, -math.inf]), st.integers(0, 3))
def test_a_box_is_finite(bad: float, place: int) -> None:
    edges = [0.0, 0.0, 1.0, 1.0]
    edges[place] = bad
    with pytest.raises(ValueError, match="finite"):
        Box(*edges)


@given(weights)
def test_a_prediction_names_its_best_class(values: list[float]) -> None:
    made = prediction(values)
    assert made.confidence == max(made.probabilities)
    assert made.to_dict()[made.label] == made.confidence
    assert list(made.to_dict()) == list(made.labels)


@given(weights, st.floats(-0.9, 2))
def test_a_prediction_sums_to_one_or_is_refused(values: list[float], excess: float) -> None:
    assume(abs(excess) > 0.01)
    good = prediction(values)
    bad = (good.probabilities[0] + excess, *good.probabilities[1:])
    with pytest.raises(ValueError, match="Prediction"):
        Prediction(good.labels, bad)


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [((), ()), (("a",), (0.5, 0.5)), (("a", "b"), (math.nan, 1.0)), (("a", "b"), (-0.5, 1.5))],
)
def test_a_prediction_that_makes_no_sense_is_refused(
    labels: tuple[str, ...], probabilities: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="Prediction"):
        Prediction(labels, probabilities)


@given(st.floats())
def test_something_else_has_a_probability_of_its_own(other: float) -> None:
    if -SUM_TOLERANCE <= other <= 1 + SUM_TOLERANCE:
        made = Prediction(("a", "b"), (0.25, 0.75), other)
        assert (made.label, made.confidence, made.other) == ("b", 0.75, other)
    else:
        with pytest.raises(ValueError, match=r"Prediction\.other"):
            Prediction(("a", "b"), (0.25, 0.75), other)


def test_a_reading_has_a_label_or_a_reason() -> None:
    assert reading(None, ("dark",), "dark").remarks == ("dark",)
    assert reading(None, ("blurred",), "something else").remarks == ("something else", "blurred")
    assert reading(None, (), "not sure enough").remarks == ()
    with pytest.raises(ValueError, match="happy"):
        reading("happy", (), "something else")


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
)
def test_a_frame_holds_a_bgr_picture(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Frame\.image"):
        Frame(image, 0, 0.0, "test")


def test_a_frame_is_read_only_and_leaves_the_callers_array_alone() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    frame = Frame(image, 0, 0.0, "test")
    assert frame.size == (6, 4)
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        frame.index = 1  # type: ignore[misc]
    image[0, 0] = 1


@pytest.mark.parametrize("time", [math.nan, math.inf])
def test_a_frame_has_a_finite_time(time: float) -> None:
    with pytest.raises(ValueError, match="timestamp"):
        Frame(np.zeros((2, 2, 3), np.uint8), 0, time, "test")


@given(st.floats())
def test_a_face_has_a_score_in_0_to_1(score: float) -> None:
    if 0 <= score <= 1:
        assert Face(BOX, score).score == score
    else:
        with pytest.raises(ValueError, match="score"):
            Face(BOX, score)


@pytest.mark.parametrize("points", [np.zeros((5, 3)), np.zeros((4, 2)), np.full((5, 2), np.nan)])
def test_a_face_has_five_finite_landmarks(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="landmarks"):
        Face(BOX, 0.9, points)


def test_a_face_keeps_its_own_read_only_landmarks() -> None:
    points = POINTS.copy()
    face = Face(BOX, 0.9, points)
    points[0, 0] = 99
    assert face.landmarks is not None
    assert face.landmarks[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        face.landmarks[0, 0] = 1


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((4, 1, 1.0), "size"),
        ((48, 2, 1.0), "channels"),
        ((48, 1, 0.0), "crop_scale"),
        ((48, 1, 1.0, "nose"), "alignment"),
    ],
)
def test_an_input_spec_names_what_is_wrong(values: tuple, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        InputSpec(*values)


def test_an_analysis_is_plain_data() -> None:
    plain = analysis(reading(), reading(None, ("dark", "blurred"), "something else")).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["size"] == [640, 480]
    assert plain["faces"][0]["probabilities"] == {"sad": 0.3, "happy": 0.7}
    assert plain["faces"][1]["label"] is None
    assert plain["faces"][1]["quality"]["issues"] == ["dark", "blurred"]
    assert [one["reason"] for one in plain["faces"]] == [None, "something else"]
    assert plain["faces"][0]["other"] == 0.25
    assert plain["faces"][0]["landmarks"] == POINTS.tolist()


def test_an_analysis_has_one_row_per_face() -> None:
    first, second = analysis(reading(), reading(None, ("dark", "blurred"), "dark")).to_rows()
    assert list(first) == [
        *("source", "frame", "time", "track_id", "x1", "y1", "x2", "y2"),
        *("p_sad", "p_happy", "label", "confidence", "shown", "quality", "reason", "p_other"),
    ]
    assert (first["label"], first["confidence"], first["quality"]) == ("happy", 0.7, "ok")
    assert (first["reason"], first["p_other"]) == ("", 0.25)
    assert (second["label"], second["quality"]) == ("not sure", "dark; blurred")
    assert second["reason"] == "dark"
    assert analysis().to_rows() == []


def test_a_row_says_what_its_probabilities_say_and_what_is_shown() -> None:
    held = replace(reading("sad"), own=Verdict("happy"))
    unsure = replace(reading("happy"), own=Verdict(None, "not sure enough"))
    first, second = analysis(held, unsure).to_rows()
    assert (first["label"], first["confidence"], first["shown"]) == ("happy", 0.7, "sad")
    assert held.confidence == 0.3
    assert (second["label"], second["reason"]) == ("not sure", "not sure enough")
    assert (second["confidence"], second["shown"]) == (0.7, "happy")
