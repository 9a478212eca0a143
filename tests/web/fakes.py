"""What stands in for detectors, classifiers and sources in the tests of the page."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from mien.errors import SourceError
from mien.models.info import Terms
from mien.models.occlusion import PartEffect
from mien.protocols import Source
from mien.types import (
    Analysis,
    Box,
    Face,
    Frame,
    OnProgress,
    PixelArray,
    Prediction,
    Quality,
    Reading,
    UsualFace,
)
from mien.web.protocol import ModelFacts
from mien.web.session.services import Taught
from mien.web.teaching import Adapted, ComparedFigures, KeptFace, WordFigures

LABELS = ("angry", "sad", "happy", "neutral")
ADAPTED = Adapted(
    labels=(*LABELS, "tired"),
    own=ComparedFigures(
        5, 0.3, 0.7, (WordFigures("happy", 3, 2, 3), WordFigures("tired", 2, None, 0))
    ),
    known=ComparedFigures(2000, 0.713, 0.699, ()),
    left_out=1,
    verdict="perhaps",
)


class NoUsual:
    """Somebody's usual face is asked for in vain."""

    def learn_usual(self, track_id: int) -> None:
        pass

    def forget_usual(self, track_id: int) -> None:
        pass


class FakeAnalyze:
    """Sees one face in the middle of every bright picture: happy from mid-gray on, else sad.

    A usual face is learnt in four frames; of a second time, it changed its look.
    """

    LEARNING = 4

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.usual: list[tuple[str, int]] = []
        self._learning = 0
        self._state: str | None = None

    def learn_usual(self, track_id: int) -> None:
        again = ("learn", track_id) in self.usual
        self.usual.append(("learn", track_id))
        self._learning, self._state = self.LEARNING, "unsteady" if again else "on"

    def forget_usual(self, track_id: int) -> None:
        self.usual.append(("forget", track_id))
        self._state, self._learning = None, 0

    def _usual(self) -> UsualFace | None:
        if self._learning:
            self._learning -= 1
            return UsualFace("learning", 1 - (self._learning + 1) / self.LEARNING)
        return self._state and UsualFace(self._state)

    def __call__(self, frame: Frame) -> Analysis:
        self.frames.append(frame)
        width, height = frame.size
        brightness = float(frame.image.mean())
        label = "happy" if brightness > 128 else "sad"
        chances = tuple(0.7 if name == label else 0.1 for name in LABELS)
        face = Face(Box(width * 0.3, height * 0.2, width * 0.7, height * 0.9), 0.9)
        prediction = Prediction(LABELS, chances)
        reading = Reading(
            1,
            face,
            prediction,
            prediction,
            label,
            Quality(100, 50, brightness),
            usual=self._usual(),
        )
        readings = (reading,) if brightness > 10 else ()
        timings = {"detect": 0.002}
        return Analysis(frame.index, frame.timestamp, frame.source, frame.size, readings, timings)


@dataclass
class FakeTeach:
    """Learns a word, "tired", that it then sees in every face; until `goes` it is not done."""

    goes: threading.Event = field(default_factory=threading.Event)
    lessons: list[Sequence[KeptFace]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    fails: Exception | None = None

    def __call__(self, faces: Sequence[KeptFace], on_progress: OnProgress) -> Taught:
        self.lessons.append(faces)
        try:
            on_progress("learning", 1, 4)
            while not self.goes.wait(0.01):
                on_progress("learning", 2, 4)
        finally:
            self.ended.set()
        if self.fails is not None:
            raise self.fails
        return Taught(
            told=ADAPTED,
            labels=(*LABELS, "tired"),
            model=ModelFacts("tiny-adapted", "1", Terms("MIT", ()), usual=True),
            make_analyzer=TiredAnalyze,
            explain=fake_explain,
            files={"model.json": b"{}", "model.onnx": b"a graph"},
        )


class TiredAnalyze(FakeAnalyze):
    """Reads with what was learnt."""

    def __call__(self, frame: Frame) -> Analysis:
        analysis = super().__call__(frame)
        labels = (*LABELS, "tired")
        said = Prediction(labels, (0.1, 0.1, 0.1, 0.1, 0.6))
        readings = [
            replace(one, raw=said, smoothed=said, label="tired") for one in analysis.readings
        ]
        return replace(analysis, readings=tuple(readings))


@dataclass
class FakeSource(Source):
    """Gray frames; knows whether it was closed."""

    count: int = 1_000_000
    per_second: int = 10
    gray: int = 200
    breaks_off: bool = False
    live: bool = False
    name: str = "fake"
    closed: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.count):
            yield Frame(gray_picture(self.gray), index, index / self.per_second, self.name)
        if self.breaks_off:
            raise SourceError("fake: the camera was unplugged; plug it in")

    def close(self) -> None:
        self.closed.set()


def gray_picture(gray: int, size: tuple[int, int] = (320, 180)) -> PixelArray:
    return np.full((size[1], size[0], 3), gray, np.uint8)


def encoded(gray: int, size: tuple[int, int] = (320, 180)) -> bytes:
    return bytes(cv2.imencode(".jpg", gray_picture(gray, size))[1])


def fake_explain(image: PixelArray, face: Face) -> tuple[PartEffect, ...]:
    """Always the mouth, which is the lower third of the box."""
    x1, y1, x2, y2 = face.box.to_tuple()
    top = y2 - (y2 - y1) / 3
    region = np.array([[x1, top], [x2, top], [x2, y2], [x1, y2]], np.float32)
    return PartEffect("mouth", 0.5, region), PartEffect("eyes", 0.0, region - 10)
