"""The sample is the same every time, and behaves like a camera where asked to."""

import itertools

import numpy as np

from mien.protocols import Source
from mien.sources.sample import FPS, FRAMES, SampleSource


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_lasts_eight_seconds_and_ends() -> None:
    frames = list(SampleSource())
    assert isinstance(SampleSource(), Source)
    assert len(frames) == FRAMES
    assert frames[-1].timestamp == (FRAMES - 1) / FPS
    assert {frame.size for frame in frames} == {(640, 480)}


def test_every_run_gives_the_same_frames() -> None:
    pairs = zip(itertools.islice(SampleSource(), 3), SampleSource(), strict=False)
    for a, b in pairs:
        np.testing.assert_array_equal(a.image, b.image)


def test_it_moves_without_jumps_but_for_the_second_face() -> None:
    frames = [frame.image.astype(np.int16) for frame in SampleSource()]
    changes = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    appearance = changes.pop(FRAMES // 2 - 1)
    assert min(changes) > 1
    assert max(changes) < 15 < 30 < appearance


def test_the_loop_goes_on_counting() -> None:
    frames = list(itertools.islice(SampleSource(loop=True), FRAMES + 2))
    assert [frame.index for frame in frames[-2:]] == [FRAMES, FRAMES + 1]
    np.testing.assert_array_equal(frames[0].image, frames[FRAMES].image)


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
