"""Somebody's usual face: learnt from steady seconds, taken off by half, and never another's."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pipeline.fakes import (
    EVERY_FRAME,
    LABELS,
    FakeClassifier,
    FakeDetector,
    FakeSource,
    face,
    frame,
)

from mien.errors import SettingsError
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.baseline import MOST, Baseline, Moments, UsualFaces, corrected
from mien.pipeline.learning import from_pictures, from_seconds
from mien.types import Face, PixelArray, ProbabilityArray, Quality, RealArray, UsualFace

GOOD, BAD = Quality(100, 50, 128), Quality(100, 50, 20, None, ("dark",))
# Of faces in general: neutral is the last of the labels.
GENERAL = np.log([0.1, 0.2, 0.1, 0.6])
SAD = np.array([0.05, 0.75, 0.05, 0.15], np.float32)
HAPPY = np.array([0.05, 0.05, 0.85, 0.05], np.float32)


def read(
    usual: UsualFaces, outcomes: ProbabilityArray, *times: float, quality: Quality = GOOD
) -> tuple[ProbabilityArray, UsualFace | None]:
    for time in times:
        result = usual.read(1, outcomes, time, quality)
    return result


def test_a_face_that_is_sad_at_rest_is_read_as_neutral_beside_itself() -> None:
    usual = UsualFaces(GENERAL)
    usual.learn(1)
    states = [usual.read(1, SAD, time, GOOD)[1] for time in np.arange(0, 10, 0.5)]
    assert [state and state.state for state in states] == ["learning"] * 20
    assert [state and state.share for state in states] == list(np.arange(0, 1, 0.05).round(2))
    found, state = usual.read(1, SAD, 10.0, GOOD)
    assert state == UsualFace("on")
    assert found.argmax() == SAD.argmax()
    assert found[3] > 2 * SAD[3]
    wanted = SAD / np.exp(MOST * (np.log(SAD) - GENERAL))
    assert found == pytest.approx(wanted / wanted.sum(), abs=1e-6)
    assert usual.read(1, HAPPY, 10.1, GOOD)[0].argmax() == HAPPY.argmax()


def test_nobody_else_has_it_and_it_goes_with_the_stream() -> None:
    usual = UsualFaces(GENERAL)
    usual.learn(1)
    read(usual, SAD, *range(11))
    assert usual.read(2, SAD, 11.0, GOOD) == (SAD, None)
    usual.begin("another")
    assert read(usual, SAD, 12.0) == (SAD, None)


def test_there_is_a_way_back() -> None:
    usual = UsualFaces(GENERAL)
    usual.learn(1)
    read(usual, SAD, *range(11))
    usual.forget(1)
    assert read(usual, SAD, 12.0) == (SAD, None)
    usual.learn(1)
    usual.forget(1)
    assert read(usual, SAD, *range(13, 30)) == (SAD, None)


def test_too_few_moments_are_said_and_nothing_is_taken_off() -> None:
    usual = UsualFaces(GENERAL)
    usual.learn(1)
    # A hundred frames of two moments are two.
    read(usual, SAD, *np.arange(0, 2, 0.02), 10.0)
    assert read(usual, SAD, 10.5) == (SAD, UsualFace("few"))
    usual.learn(1)
    read(usual, SAD, *range(20, 31), quality=BAD)
    assert read(usual, SAD, 31.0) == (SAD, UsualFace("few"))


def test_a_face_that_changes_its_look_tells_no_usual_face() -> None:
    usual = UsualFaces(GENERAL)
    usual.learn(1)
    for second in range(10):
        usual.read(1, SAD if second < 6 else HAPPY, second, GOOD)
    assert read(usual, SAD, 10.0) == (SAD, UsualFace("unsteady"))


def test_it_begins_anew_where_time_jumps_back() -> None:
    usual = UsualFaces(GENERAL)
    usual.learn(1)
    read(usual, HAPPY, 100, 101, 102)
    read(usual, SAD, *range(10))
    assert read(usual, SAD, 10.0)[1] == UsualFace("on")


def test_a_model_that_says_nothing_of_neutral_faces_learns_none() -> None:
    usual = UsualFaces(None)
    usual.learn(1)
    assert read(usual, SAD, *range(12)) == (SAD, None)


@given(
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.lists(st.floats(-7, 7), min_size=4, max_size=4),
)
def test_a_reading_stays_a_reading(shares: list[float], offset: list[float]) -> None:
    outcomes = np.array(shares, np.float32)
    found = corrected(outcomes, np.array(offset))
    assert found.dtype == np.float32
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert (found >= 0).all()


@given(st.integers(1, 30))
def test_more_moments_count_for_more_but_never_for_more_than_half(count: int) -> None:
    moments = Moments()
    for second in range(count):
        moments.add(SAD, float(second))
    weight = moments.offset(GENERAL) / (np.log(SAD) - GENERAL)
    assert weight == pytest.approx(min(0.5, count / (count + 3)), abs=1e-6)


def make(*plan: list[Face], usual: UsualFaces | None = None) -> Analyzer:
    return Analyzer(
        FakeDetector(*plan), FakeClassifier(), not_sure_below=0.4, settings=EVERY_FRAME, usual=usual
    )


def test_the_analyzer_learns_of_who_is_in_view_and_shows_both_readings() -> None:
    tested = make([face(0), face(300)], usual=UsualFaces(GENERAL))
    tested.learn_usual(1)  # nobody yet
    assert [r.usual for r in tested(frame(0)).readings] == [None, None]
    tested.learn_usual(2)
    tested.learn_usual(7)
    for index in range(1, 112):
        readings = tested(frame(index)).readings
    assert [r.usual for r in readings] == [None, UsualFace("on")]
    assert readings[0].raw == readings[1].raw
    assert readings[0].smoothed.probabilities == pytest.approx(readings[0].raw.probabilities)
    assert readings[1].smoothed.confidence < readings[1].raw.confidence
    assert readings[1].to_dict()["usual"] == {"state": "on", "share": 1.0}
    tested.forget_usual(2)
    assert tested(frame(112)).readings[1].usual is None


def frames(*grays: int, source: str = "film", fps: float = 2) -> FakeSource:
    return FakeSource([frame(i, gray=gray, source=source, fps=fps) for i, gray in enumerate(grays)])


def test_the_people_of_a_video_are_read_beside_its_seconds_from_its_beginning() -> None:
    two = [face(0), face(300)]
    film = frames(*[200] * 20)
    baseline = from_seconds(film, make(two), GENERAL, 1, 6)
    assert list(baseline.by_source) == ["film"]
    assert list(baseline.by_source["film"]) == [1, 2]
    tested = make(two, usual=UsualFaces(GENERAL, baseline))
    assert [r.usual for r in tested(frame(0, source="film")).readings] == [UsualFace("on")] * 2
    assert [r.usual for r in tested(frame(0, source="other")).readings] == [None] * 2
    assert [r.usual for r in tested(frame(0, source="film")).readings] == [UsualFace("on")] * 2


def test_of_whom_nothing_could_be_learnt_is_said() -> None:
    plan = [[face(0)]] * 8 + [[face(0), face(300)]] * 12
    baseline = from_seconds(frames(*[200] * 20), make(*plan), GENERAL, 0, 5)
    assert baseline.notes == (
        "film: no usual face of person 2: fewer than 3 moments in which the face is seen well",
    )


@pytest.mark.parametrize(
    ("grays", "seconds", "says"),
    [
        ([200] * 20, (0, 2), "3 seconds or more"),
        ([200] * 20, (-1, 5), "3 seconds or more"),
        ([200] * 20, (5, 1), "3 seconds or more"),
        ([200] * 20, (float("nan"), 5), "3 seconds or more"),
        ([200] * 20, (30, 40), "film: no usual face: nobody"),
        ([200, 30] * 10, (0, 10), "changes its look"),
        ([200], (0, 10), "needs a video"),
        ([], (0, 10), "needs a video"),
    ],
)
def test_seconds_that_tell_nothing_are_refused(
    grays: list[int], seconds: tuple[float, float], says: str
) -> None:
    # Of moments that last for half a second: two in a row are averaged into one.
    with pytest.raises(SettingsError, match=says):
        from_seconds(frames(*grays, fps=1), make([face(0)]), GENERAL, *seconds)


def picture(gray: int = 200) -> PixelArray:
    return np.array(frame(gray=gray).image)


def test_a_picture_is_of_who_comes_first_and_alone() -> None:
    baseline = from_pictures([("me", picture())], lambda: make([face(0)]), GENERAL)
    assert baseline.alone == pytest.approx((np.log(FAKE) - GENERAL) / 4, abs=1e-6)
    usual = UsualFaces(GENERAL, baseline)
    tested = make([], [face(0)], [face(0)], [face(0), face(300)], usual=usual)
    for index in range(3):
        readings = tested(frame(index)).readings
    assert [r.usual for r in readings] == [UsualFace("on")]
    for index in range(3, 6):
        readings = tested(frame(index)).readings
    assert [r.usual for r in readings] == [UsualFace("on"), None]
    others = make([face(0), face(300)], [face(0)], usual=UsualFaces(GENERAL, baseline))
    assert [r.usual for r in others(frame(0)).readings] == [None, None]
    assert [r.usual for r in others(frame(1)).readings] == [None]


FAKE: RealArray = np.array([0.05, 0.05, 0.85, 0.05])


def test_pictures_of_one_steady_face_are_wanted() -> None:
    def learn(*pictures: PixelArray, found: tuple[Face, ...] = (face(0),)) -> Baseline:
        named = [(f"{index}.jpg", one) for index, one in enumerate(pictures)]
        return from_pictures(named, lambda: make(list(found)), GENERAL)

    three = learn(picture(), picture(), picture())
    assert three.alone == pytest.approx((np.log(FAKE) - GENERAL) / 2, abs=1e-6)
    for pictures, faces, says in (
        ([], (face(0),), "no picture"),
        ([picture()], (), "0.jpg: no face"),
        ([picture()], (face(0), face(300)), "0.jpg: 2 faces"),
        ([picture(20)], (face(0),), "0.jpg: the face is dark"),
        ([picture(), picture(100)], (face(0),), "looks in the pictures differ"),
    ):
        with pytest.raises(SettingsError, match=says):
            learn(*pictures, found=faces)


def test_the_state_is_a_value() -> None:
    assert dataclasses.asdict(UsualFace("few")) == {"state": "few", "share": 1.0}
    assert len(LABELS) == len(GENERAL)
