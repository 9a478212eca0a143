"""The sample is the same every time, and behaves like a camera where asked to."""

import itertools

import cv2
import numpy as np
import pytest

from mien.protocols import Source
from mien.sources import sample
from mien.sources.sample import FPS, FRAMES, SampleSource


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_lasts_eight_seconds_without_jumps_but_for_the_second_face() -> None:
    source = SampleSource()
    assert isinstance(source, Source)
    frames = iter(source)
    last, changes = next(frames), []
    for frame in frames:
        assert frame.size == last.size == (640, 480)
        changes.append(cv2.absdiff(frame.image, last.image).mean())
        last = frame
    assert len(changes) == FRAMES - 1
    assert last.timestamp == (FRAMES - 1) / FPS
    appearance = changes.pop(FRAMES // 2 - 1)
    assert min(changes) > 1
    assert max(changes) < 15 < 30 < appearance


def test_every_run_gives_the_same_frames() -> None:
    pairs = zip(itertools.islice(SampleSource(), 3), SampleSource(), strict=False)
    for a, b in pairs:
        np.testing.assert_array_equal(a.image, b.image)


def test_the_loop_goes_on_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "FRAMES", 4)
    frames = list(itertools.islice(SampleSource(loop=True), 6))
    assert [frame.index for frame in frames[-2:]] == [4, 5]
    np.testing.assert_array_equal(frames[0].image, frames[4].image)


def test_in_real_time_a_slow_consumer_misses_frames() -> None:
    clock = Clock()
    source = SampleSource(loop=True, realtime=True, clock=clock)
    frames = iter(source)
    assert source.live
    assert next(frames).index == 0
    clock.now += 1.0
    frame = next(frames)
    assert (frame.index, frame.timestamp) == (FPS, 1.0)


def test_closing_ends_a_loop() -> None:
    source = SampleSource(loop=True)
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []
