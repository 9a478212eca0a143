"""The measures count what they should: with fakes whose speed and age are known."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mien.bench import (
    WARM_UP_FRAMES,
    Live,
    Paced,
    measure_live,
    measure_speed,
    measure_start,
)
from mien.errors import SourceError
from mien.protocols import Source
from mien.types import Analysis, Frame, PixelArray

PICTURES = [np.full((4, 6, 3), value, np.uint8) for value in range(5)]


def analysis(frame: Frame) -> Analysis:
    return Analysis(frame.index, frame.timestamp, frame.source, frame.size, (), {})


class Counting:
    """Reads nothing, and keeps what it was given."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.frames: list[Frame] = []
        self._seconds = seconds

    def __call__(self, frame: Frame) -> Analysis:
        self.frames.append(frame)
        if self._seconds:
            time.sleep(self._seconds)
        return analysis(frame)


class Given(Source):
    """A live source of so many frames, which come once `asked` was released for each."""

    name, live = "given", True

    def __init__(self, count: int) -> None:
        self._count = count
        self.asked = threading.Semaphore(1)
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        image: PixelArray = np.zeros((4, 6, 3), np.uint8)
        for index in range(self._count):
            while not self.asked.acquire(timeout=0.05):
                if self.closed.is_set():
                    return
            yield Frame(image, index, index / 100, self.name)

    def close(self) -> None:
        self.closed.set()


def test_speed_counts_frames_after_the_warm_up_as_one_stream() -> None:
    analyze = Counting(0.002)
    speed = measure_speed(analyze, PICTURES, 0.1)
    assert speed.frames == len(analyze.frames) - WARM_UP_FRAMES
    assert [frame.index for frame in analyze.frames] == list(range(len(analyze.frames)))
    assert [int(frame.image[0, 0, 0]) for frame in analyze.frames[:7]] == [0, 1, 2, 3, 4, 0, 1]
    assert 2 <= speed.p50_ms <= speed.p95_ms
    assert 0 < speed.fps <= 500
    assert speed.cpu_ms < speed.p95_ms
    assert speed.faces == 0


def test_live_counts_what_a_slow_reader_leaves_out() -> None:
    source = Paced(PICTURES, fps=500)
    analyze = Counting()
    live = measure_live(source, analyze, 0.2, then=lambda: time.sleep(0.006))
    assert live.frames == len(analyze.frames) - WARM_UP_FRAMES
    assert live.dropped > live.frames
    assert live.size == (6, 4)
    assert live.age_p95_ms >= live.age_p50_ms >= 6
    assert live.age_max_ms >= live.age_p95_ms >= live.own_p95_ms >= 6
    assert live.fps == pytest.approx(live.frames / live.seconds)


def test_live_closes_its_source_and_ends_with_it() -> None:
    source = Given(WARM_UP_FRAMES + 20)
    live = measure_live(source, Counting(), 60.0, then=source.asked.release)
    assert isinstance(live, Live)
    assert live.frames == 20
    assert source.closed.is_set()


def test_a_source_that_ends_at_once_is_an_error() -> None:
    source = Given(3)
    with pytest.raises(SourceError, match="given: ended before"):
        measure_live(source, Counting(), 1.0, then=source.asked.release)


def test_paced_pictures_come_in_turn_until_closed() -> None:
    source = Paced(PICTURES, fps=1000)
    frames = []
    for frame in source:
        frames.append(frame)
        if len(frames) == 7:
            source.close()
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [0, 1, 2, 3, 4, 0, 1]
    assert frames[-1].timestamp == pytest.approx(0.006)


def test_the_start_of_the_real_page_is_measured() -> None:
    assert 0 < measure_start() < 60


def test_a_start_that_fails_is_an_error() -> None:
    with pytest.raises(SourceError, match="did not start"):
        measure_start(["--bundle", "no-such-bundle"])
