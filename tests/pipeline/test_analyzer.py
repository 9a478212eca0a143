"""The live path with fakes at its seams: order, state and what is refused."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.fakes import EVERY_FRAME, FakeClassifier, FakeDetector, analyzer, face, frame

from mien.errors import SettingsError
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.registry import make_classifier, make_detector
from mien.sources.sample import SampleSource
from mien.types import Box, Face, Frame, PixelArray, ProbabilityArray


def test_one_call_reads_all_faces_in_the_order_of_their_numbers() -> None:
    classifier = FakeClassifier()
    first, second, third = face(0), face(200), face(400)
    tested = Analyzer(
        FakeDetector([first, second, third], [third, second, first]),
        classifier,
        not_sure_below=0.4,
        settings=EVERY_FRAME,
    )
    tested(frame(0))
    result = tested(frame(1))
    assert [r.track_id for r in result.readings] == [1, 2, 3]
    assert [r.face for r in result.readings] == [first, second, third]
    assert classifier.batches == [3, 3]


def test_each_face_gets_its_own_reading() -> None:
    image = np.array(frame(gray=200).image)
    image[:, 300:] //= 5
    result = analyzer([face(100), face(400)])(Frame(image, 0, 0.0, "test"))
    assert [r.label for r in result.readings] == ["happy", "sad"]
    assert [r.raw.label for r in result.readings] == ["happy", "sad"]
    assert result.readings[0].confidence == pytest.approx(0.85)


def test_the_analysis_says_which_frame_it_is_of_and_times_every_stage() -> None:
    result = analyzer([face(0)])(frame(3))
    assert (result.frame_index, result.timestamp, result.source) == (3, 0.3, "test")
    assert result.size == (640, 240)
    assert list(result.timings) == ["detect", "track", "crop", "quality", "classify", "smooth"]
    assert all(seconds >= 0 for seconds in result.timings.values())


def test_a_frame_without_faces_is_no_error() -> None:
    assert analyzer([])(frame()).readings == ()


def test_a_face_that_has_left_is_not_shown() -> None:
    tested = analyzer([face(0), face(300)], [face(300)])
    tested(frame(0))
    assert [r.track_id for r in tested(frame(1)).readings] == [2]


def test_a_face_that_flashes_up_is_not_read() -> None:
    classifier = FakeClassifier()
    flash, stays = [face(0), face(300)], [face(0), face(450)]
    plan = [[face(0)], flash, [face(0)], stays, stays, stays]
    tested = Analyzer(FakeDetector(*plan), classifier, not_sure_below=0.4, settings=EVERY_FRAME)
    ids = [[r.track_id for r in tested(frame(i)).readings] for i in range(6)]
    assert ids == [[1], [1], [1], [1], [1, 2], [1, 2]]
    assert classifier.batches == [1, 1, 1, 1, 2, 2]


def test_the_label_is_steadied_but_the_raw_reading_is_not() -> None:
    tested = analyzer([face(0)])
    tested(frame(0))
    result = tested(frame(1, gray=30)).readings[0]
    assert (result.raw.label, result.label) == ("sad", "happy")


@pytest.mark.parametrize("fps", [1, 2, 5])
def test_where_frames_are_few_each_stands_for_itself(fps: float) -> None:
    """Who is seen in one frame was there for as long as it stands; so was a look."""
    guest, host = face(400), face(0)
    tested = analyzer([host], [host], [host, guest], [host], [host, guest])
    grays = [200, 30, 200, 30, 200]
    read = [tested(frame(i, gray=gray, fps=fps)).readings for i, gray in enumerate(grays)]
    assert [len(readings) for readings in read] == [1, 1, 2, 1, 2]
    words = ["happy" if gray == 200 else "sad" for gray in grays]
    assert [readings[0].label for readings in read] == words
    assert {reading.own for readings in read for reading in readings} == {None}


def test_rows_agree_with_themselves_while_a_word_is_held() -> None:
    tested = analyzer([face(0)])
    grays = [200] * 3 + [30] * 6
    rows = [tested(frame(i, gray=gray)).to_rows()[0] for i, gray in enumerate(grays)]
    assert all(row["confidence"] == row[f"p_{row['label']}"] for row in rows)
    changes = [[row[name] for row in rows].index("sad") for name in ("label", "shown")]
    assert changes == [3, 5]


def test_another_source_starts_afresh() -> None:
    tested = analyzer([face(0)], [face(300)], [face(300)], [face(300)])
    tested(frame(0))
    tested(frame(1))
    assert tested(frame(4)).readings[0].track_id == 2
    result = tested(frame(0, gray=30, source="other")).readings[0]
    assert (result.track_id, result.label) == (1, "sad")


def test_an_unsure_reading_has_no_label() -> None:
    reading = analyzer([face(0)], not_sure_below=0.9)(frame()).readings[0]
    assert reading.label is None
    assert reading.reason == "not sure enough"
    assert reading.smoothed.label == "happy"


@pytest.mark.parametrize(
    ("found", "gray", "issue", "label"),
    [
        (face(0, side=12), 200, "too small", None),
        (face(0), 10, "dark", None),
        (
            Face(
                Box(0, 50, 60, 110),
                0.9,
                np.array([[10, 70], [30, 70], [5, 80], [12, 95], [28, 95]]),
            ),
            200,
            "turned away",
            None,
        ),
    ],
)
def test_a_face_that_can_hardly_be_seen_has_probabilities_but_no_label(
    found: Face, gray: int, issue: str, label: str | None
) -> None:
    reading = analyzer([found])(frame(gray=gray)).readings[0]
    assert issue in reading.quality.issues
    assert reading.label is label
    assert reading.reason == issue
    assert reading.smoothed.confidence == pytest.approx(0.85)


class ElseClassifier(FakeClassifier):
    """Takes dark faces for something else, and bright ones for sad."""

    other = True

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        bright = faces.mean(axis=(1, 2, 3)) > 127
        sad, elsewhere = [0.05, 0.8, 0.0, 0.05, 0.1], [0.0, 0.3, 0.0, 0.1, 0.6]
        return np.array([sad if one else elsewhere for one in bright], np.float32)


@pytest.mark.parametrize(("gray", "label", "reason"), [(200, "sad", None), (60, None, "something")])
def test_something_else_gets_no_word(gray: int, label: str | None, reason: str | None) -> None:
    detector = FakeDetector([face(0)])
    tested = Analyzer(detector, ElseClassifier(), not_sure_below=0.5, settings=EVERY_FRAME)
    reading = tested(frame(gray=gray)).readings[0]
    assert reading.label == label
    assert reading.reason == (None if reason is None else "something else")
    # Among the labels it would have been sure.
    assert reading.raw == reading.smoothed
    assert reading.smoothed.label == "sad"
    assert reading.smoothed.confidence > 0.7
    assert reading.smoothed.other == pytest.approx(0.1 if label else 0.6)


def test_a_blurred_face_is_noted_and_read() -> None:
    flat = Frame(np.full((240, 640, 3), 200, dtype=np.uint8), 0, 0.0, "test")
    reading = analyzer([face(0)])(flat).readings[0]
    assert reading.quality.issues == ("blurred",)
    assert reading.label == "happy"


def test_a_face_is_followed_between_searches_and_keeps_its_number() -> None:
    """The real detector on the sample: the searches are few, and no face is lost for it."""
    detector, searched = make_detector(), []

    class Counting:
        name, face_side = detector.name, detector.face_side

        def __call__(self, image: PixelArray) -> tuple[Face, ...]:
            searched.append(image.shape[:2] == (480, 640))
            return detector(image)

    classifier = FakeClassifier()
    tested = Analyzer(Counting(), classifier, not_sure_below=0.4)
    frames = itertools.islice(SampleSource(), 60)
    assert {tuple(r.track_id for r in tested(one).readings) for one in frames} == {(1,)}
    assert sum(searched) <= 15
    assert len(searched) >= 60


def test_who_is_back_has_the_old_number_until_the_source_changes() -> None:
    detector = make_detector()
    person = np.asarray(next(iter(SampleSource())).image[::2, ::2])
    nobody = np.full_like(person, 180)
    views = {
        "one": np.hstack([person, nobody]),
        "none": np.hstack([nobody, nobody]),
        "two": np.hstack([person[:, ::-1], person]),
    }
    tested, numbers = Analyzer(detector, FakeClassifier(), not_sure_below=0.4), []
    for index, name in enumerate(name for name in ("one", "none", "two") * 2 for _ in range(24)):
        analysis = tested(Frame(views[name], index, index / 8, "sitting"))
        numbers.append(tuple(r.track_id for r in analysis.readings))
    assert numbers[23::24] == [(1,), (), (1, 2)] * 2
    # The mirrored one is somebody else, and stands where the first one was.
    left = min(analysis.readings, key=lambda reading: reading.face.box.x1)
    assert left.track_id == 2
    other = tested(Frame(np.hstack([person[:, ::-1], nobody]), 0, 0.0, "another"))
    assert [r.track_id for r in other.readings] == [1]


def test_analyzers_do_not_share_state() -> None:
    detector, classifier = FakeDetector([face(0)]), FakeClassifier()
    first = Analyzer(detector, classifier, not_sure_below=0.4, settings=EVERY_FRAME)
    second = Analyzer(detector, classifier, not_sure_below=0.4, settings=EVERY_FRAME)
    first(frame(0))
    assert second(frame(1, gray=30)).readings[0].label == "sad"


@pytest.mark.parametrize("name", ["max_gap", "remember", "confirm", "time_constant", "hold"])
def test_times_below_zero_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        AnalyzerSettings(**{name: -0.1})


def test_a_threshold_that_is_no_probability_is_refused() -> None:
    with pytest.raises(SettingsError, match="not_sure_below"):
        analyzer([], not_sure_below=40)


def test_a_real_bundle_reads_through_the_same_path(make_bundle: Callable[..., Path]) -> None:
    classifier, info = make_classifier(make_bundle())
    tested = Analyzer(
        FakeDetector([face(0)]),
        classifier,
        not_sure_below=info.not_sure_below,
        settings=EVERY_FRAME,
    )
    reading = tested(frame(gray=250)).readings[0]
    assert reading.label == "neutral"
    assert sum(reading.smoothed.probabilities) == pytest.approx(1, abs=1e-5)


def test_a_cut_gives_nobody_the_number_of_who_was_in_their_place() -> None:
    rng = np.random.default_rng(3)
    shots = [
        np.kron(rng.integers(0, 256, (30, 40, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
        for _ in "ab"
    ]
    analyzer = Analyzer(
        FakeDetector([face(100)]), FakeClassifier(), not_sure_below=0.4, settings=EVERY_FRAME
    )
    numbers = []
    for index, shot in enumerate([0, 0, 0, 1, 1, 0]):
        analysis = analyzer(Frame(shots[shot], index, index / 20, "a.mp4"))
        numbers.append([reading.track_id for reading in analysis.readings])
    # At once, as in a first frame.
    assert numbers == [[1], [1], [1], [2], [2], [3]]


def test_a_frame_that_is_alone_is_read_like_the_first_one_of_a_stream() -> None:
    plan = [face(0), face(300)]
    streaming, stills = analyzer(plan), analyzer(plan, plan, plan[:1])
    first = streaming(frame(0)).readings
    for expected in (first, first, first[:1]):
        found = stills(replace(frame(0), alone=True)).readings
        assert [reading.to_dict() for reading in found] == [one.to_dict() for one in expected]


def test_nothing_is_carried_from_a_frame_that_is_alone_into_a_stream_of_its_name() -> None:
    tested = analyzer([face(0)], [face(300)])
    tested(replace(frame(0), alone=True))
    (reading,) = tested(frame(0)).readings
    assert reading.track_id == 1
