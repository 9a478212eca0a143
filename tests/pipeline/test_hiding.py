"""Faces are hidden in two passes; what a detector still finds in the outcome is covered, too."""

import csv
import io
from collections.abc import Sequence

import numpy as np
import pytest
from tests.pipeline.fakes import face

from mien.pipeline.hiding import COLUMNS, FaceSearch, HidingSink, to_csv
from mien.types import Analysis, Box, Face, Frame, PixelArray, Prediction, Quality, Reading
from mien.vision.cover import Style

LABELS = ("happy", "sad")


class RedFaces:
    """A detector that finds what is pure red, but in some of its calls sees nothing."""

    name, face_side = "red", 48.0

    def __init__(self, blind: Sequence[int] = ()) -> None:
        self._blind, self._calls = set(blind), -1

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self._calls += 1
        if self._calls in self._blind:
            return ()
        red = (image[..., 2] > 200) & (image[..., :2].max(axis=2) < 60)
        halves = [(0, 160), (160, 320)]
        found = []
        for left, right in halves:
            ys, xs = np.nonzero(red[:, left:right])
            if len(xs):
                box = Box(left + xs.min(), ys.min(), left + xs.max() + 1, ys.max() + 1)
                found.append(Face(box, 0.9))
        return tuple(found)


class Kept:
    def __init__(self) -> None:
        self.images: list[PixelArray] = []
        self.readings: list[int] = []
        self.closed = False

    def write(self, frame: Frame, analysis: Analysis) -> None:
        self.images.append(frame.image)
        self.readings.append(len(analysis.readings))

    def close(self) -> None:
        self.closed = True


def frame(index: int, *places: float, source: str = "a.mp4") -> Frame:
    image = np.full((200, 320, 3), 120, np.uint8)
    for x in places:
        box = face(x).box
        image[round(box.y1) : round(box.y2), round(box.x1) : round(box.x2)] = (20, 20, 250)
    return Frame(image, index, index / 10, source)


def analysis(of: Frame, *people: tuple[int, float]) -> Analysis:
    prediction = Prediction(LABELS, (0.5, 0.5))
    readings = tuple(
        Reading(number, face(x), prediction, prediction, None, Quality(60, 9, 9))
        for number, x in people
    )
    return Analysis(of.index, of.timestamp, of.source, of.size, readings)


def hide(
    frames: Sequence[tuple[Frame, Analysis]],
    *,
    search: FaceSearch,
    style: Style = "block",
    words: bool = True,
) -> tuple[Kept, HidingSink]:
    kept = Kept()
    sink = HidingSink(kept, search, style, words=words)
    for pair in frames:
        search.write(*pair)
    for pair in frames:
        sink.write(*pair)
    sink.close()
    return kept, sink


@pytest.mark.parametrize("style", ["blur", "block"])
def test_no_face_is_left_also_where_detection_failed(style: Style) -> None:
    shown = [frame(n, 60 + n, 220) for n in range(20)]
    search = FaceSearch(RedFaces(blind=[0, 1, 7, 8]))
    kept, sink = hide([(one, analysis(one)) for one in shown], search=search, style=style)
    assert not any(RedFaces()(image) for image in kept.images)
    assert kept.closed
    assert [(one.doubt.first, one.doubt.last) for one in sink.doubts()][-1] == (7, 8)


def test_a_face_that_was_only_read_is_hidden_too() -> None:
    shown = [frame(n, 60) for n in range(3)]
    search = FaceSearch(RedFaces(blind=range(99)))
    kept, _ = hide([(one, analysis(one, (1, 60))) for one in shown], search=search)
    assert not any(RedFaces()(image) for image in kept.images)


def test_what_only_the_last_look_finds_is_hidden_and_told() -> None:
    shown = [frame(n, 60) for n in range(3)]
    search = FaceSearch(RedFaces(blind=[0, 1, 2]))
    kept, sink = hide([(one, analysis(one)) for one in shown], search=search)
    assert not any(RedFaces()(image) for image in kept.images)
    assert [one.doubt.first for one in sink.doubts()] == [0, 1, 2]
    assert "only when" in str(sink.doubts()[0])


def test_one_person_may_stay() -> None:
    shown = [frame(n, 60, 220) for n in range(5)]
    read = [(one, analysis(one, (1, 60), (2, 220))) for one in shown]
    kept, _ = hide(read, search=FaceSearch(RedFaces(), shown=2))
    for image in kept.images:
        (left,) = RedFaces()(image)
        assert left.box.x1 == 220


def test_a_detector_that_always_finds_one_is_told_of() -> None:
    class Everywhere(RedFaces):
        def __call__(self, image: PixelArray) -> tuple[Face, ...]:
            return (face(100),)

    one = frame(0, 60)
    _, sink = hide([(one, analysis(one))], search=FaceSearch(Everywhere()))
    assert "still finds" in str(sink.doubts()[-1])


def test_a_frame_that_was_not_there_before_is_covered_whole() -> None:
    search, kept = FaceSearch(RedFaces()), Kept()
    sink = HidingSink(kept, search, "blur", words=True)
    new = frame(0)
    sink.write(new, analysis(new))
    assert (kept.images[0][50:150, 50:250] != new.image[50:150, 50:250]).all()
    assert "not there at first" in str(sink.doubts()[0])


@pytest.mark.parametrize("words", [True, False])
def test_words_are_written_over_it_or_not(words: bool) -> None:
    one = frame(0, 60)
    kept, _ = hide([(one, analysis(one, (1, 60)))], search=FaceSearch(RedFaces()), words=words)
    assert kept.readings == [int(words)]


def test_the_frames_of_each_source_are_its_own() -> None:
    shown = [frame(0, 60, source="a.png"), frame(0, 220, source="b.png")]
    kept, _ = hide([(one, analysis(one)) for one in shown], search=FaceSearch(RedFaces()))
    assert (kept.images[0][:, 200:] == 120).all()


def test_the_list_can_be_read_as_a_table() -> None:
    shown = [frame(n, 60, source='a "b",\n.mp4') for n in range(9)]
    search = FaceSearch(RedFaces(blind=[4, 5]))
    _, sink = hide([(one, analysis(one)) for one in shown], search=search)
    rows = list(csv.DictReader(io.StringIO(to_csv(sink.doubts()).decode())))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["source"], row["first_frame"], row["last_frame"]) for row in rows] == [
        ('a "b",\n.mp4', "4", "5")
    ]
