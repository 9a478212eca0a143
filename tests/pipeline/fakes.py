"""Stand-ins at the seams of the live path, whose answers are planned."""

from collections.abc import Iterator, Sequence

import numpy as np

from mien.errors import SinkError
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.protocols import Source
from mien.types import Analysis, Box, Face, Frame, InputSpec, PixelArray, ProbabilityArray

# The fake detectors know what is in which frame, not what is in a window.
EVERY_FRAME = AnalyzerSettings(search=0.0)
LABELS = ("angry", "sad", "happy", "neutral")


def face(x: float, side: float = 60) -> Face:
    return Face(Box(x, 50, x + side, 50 + side), 0.9)


class FakeDetector:
    """Gives the faces that were planned, frame after frame."""

    name = "fake"
    face_side = 48.0

    def __init__(self, *plan: Sequence[Face]) -> None:
        self._plan = list(plan)
        self._calls = 0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self._calls += 1
        return tuple(self._plan[min(self._calls, len(self._plan)) - 1])


class FakeClassifier:
    """Finds bright faces happy and dark ones sad, and counts its calls."""

    labels = LABELS
    spec = InputSpec(16, 1, 1.0)
    other = False

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        self.batches.append(len(faces))
        result = np.full((len(faces), 4), 0.05, dtype=np.float32)
        for row, picture in zip(result, faces, strict=True):
            row[2 if picture.mean() > 127 else 1] = 0.85
        return result


class FakeSource(Source):
    live = False
    name = "fake"

    def __init__(self, frames: Sequence[Frame], error: Exception | None = None) -> None:
        self._frames, self._error = frames, error
        self.closed = 0

    def __iter__(self) -> Iterator[Frame]:
        yield from self._frames
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed += 1


class FakeSink:
    def __init__(self, fail_at: int | None = None, fail_to_close: bool = False) -> None:
        self.rows: list[tuple[int, Analysis]] = []
        self.closed = 0
        self._fail_at, self._fail_to_close = fail_at, fail_to_close

    def write(self, frame: Frame, analysis: Analysis) -> None:
        if frame.index == self._fail_at:
            raise SinkError("the disk is full")
        self.rows.append((frame.index, analysis))

    def close(self) -> None:
        self.closed += 1
        if self._fail_to_close:
            raise SinkError("cannot be closed")


def frame(index: int = 0, *, gray: int = 200, source: str = "test", fps: float = 10) -> Frame:
    # A pattern, because a flat face counts as blurred.
    image = np.full((240, 640, 3), gray, dtype=np.uint8)
    image[::4, ::4] = max(gray - 60, 0)
    return Frame(image, index, index / fps, source)


def analyzer(*plan: Sequence[Face], not_sure_below: float = 0.4) -> Analyzer:
    return Analyzer(
        FakeDetector(*plan), FakeClassifier(), not_sure_below=not_sure_below, settings=EVERY_FRAME
    )
