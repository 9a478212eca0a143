"""The grabber shows the newest frame, hands on errors, and never hangs."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources import latest
from mien.sources.latest import NewestFrame
from mien.types import Frame

# Only ever waited out by a test that fails.
LONG = 20.0


class FakeSource(Source):
    """A live source that runs a script; `close` only makes a note, as where a device hangs."""

    name = "fake"
    live = True
    recorded = False

    def __init__(self, script: Callable[["FakeSource"], Iterator[Frame]]) -> None:
        self._script = script
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        return self._script(self)

    def close(self) -> None:
        self.closed.set()


def frame(index: int, size: int = 4) -> Frame:
    return Frame(np.full((size, size, 3), index % 256, np.uint8), index, index / 10, "fake")


def test_it_is_a_live_source_of_the_same_name() -> None:
    source = NewestFrame(FakeSource(lambda _: iter(())))
    assert isinstance(source, Source)
    assert (source.name, source.live) == ("fake", True)
    assert list(source) == []


def test_of_what_is_recorded_nothing_is_left_out_where_that_is_wanted() -> None:
    given: list[int] = []

    def script(source: FakeSource) -> Iterator[Frame]:
        source.recorded = True
        for index in range(9):
            given.append(index)
            yield frame(index)

    source = NewestFrame(FakeSource(script), keep_recorded=True)
    for read in source:
        # One frame waits, and one is on its way.
        assert given[-1] <= read.index + 2
    assert (given, source.dropped) == (list(range(9)), 0)


def test_a_recording_that_waits_for_its_consumer_can_be_closed() -> None:
    def script(source: FakeSource) -> Iterator[Frame]:
        source.recorded = True
        yield from map(frame, range(9))

    source = NewestFrame(FakeSource(script), keep_recorded=True)
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


def test_a_slow_consumer_sees_fresh_frames_and_the_rest_are_counted() -> None:
    seen, all_given = threading.Event(), threading.Event()

    def script(_: FakeSource) -> Iterator[Frame]:
        yield frame(0)
        seen.wait(LONG)
        yield from map(frame, range(1, 10))
        all_given.set()

    source = NewestFrame(FakeSource(script))
    frames = iter(source)
    assert next(frames).index == 0
    seen.set()
    assert all_given.wait(LONG)
    assert [item.index for item in frames] == [9]
    assert source.dropped == 8


def test_an_error_is_raised_in_the_consumer_after_the_last_frame() -> None:
    def script(_: FakeSource) -> Iterator[Frame]:
        yield frame(0)
        raise SourceError("fake: broke off")

    frames = iter(NewestFrame(FakeSource(script)))
    assert next(frames).index == 0
    with pytest.raises(SourceError, match="broke off"):
        next(frames)


def test_a_mistake_in_a_source_is_not_swallowed() -> None:
    def script(_: FakeSource) -> Iterator[Frame]:
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        list(NewestFrame(FakeSource(script)))


def test_a_change_of_size_comes_through() -> None:
    taken = threading.Event()

    def script(_: FakeSource) -> Iterator[Frame]:
        yield frame(0, 4)
        taken.wait(LONG)
        yield frame(1, 8)

    frames = iter(NewestFrame(FakeSource(script)))
    assert next(frames).size == (4, 4)
    taken.set()
    assert next(frames).size == (8, 8)


def test_closing_frees_the_source_and_ends_the_thread() -> None:
    ended = threading.Event()

    def script(source: FakeSource) -> Iterator[Frame]:
        try:
            yield from map(frame, itertools.takewhile(lambda _: True, itertools.count()))
        finally:
            ended.set()

    inner = FakeSource(script)
    source = NewestFrame(inner)
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
    assert ended.wait(LONG)
    assert inner.closed.is_set()


def test_leaving_the_loop_frees_the_source() -> None:
    inner = FakeSource(lambda _: map(frame, itertools.count()))
    for _ in NewestFrame(inner):
        break
    assert inner.closed.wait(LONG)


class TestStall:
    @pytest.fixture
    def stalled(self) -> Iterator[FakeSource]:
        release = threading.Event()

        def script(_: FakeSource) -> Iterator[Frame]:
            yield frame(0)
            release.wait(LONG)

        yield FakeSource(script)
        release.set()

    def test_closing_from_another_thread_ends_a_consumer_that_waits(
        self, stalled: FakeSource
    ) -> None:
        source = NewestFrame(stalled, stall=LONG)
        first, rest = threading.Event(), []

        def consume() -> None:
            for item in source:
                rest.append(item.index)
                first.set()

        consumer = threading.Thread(target=consume)
        consumer.start()
        assert first.wait(LONG)
        source.close()
        consumer.join(LONG / 2)
        assert not consumer.is_alive()
        assert rest == [0]

    def test_a_device_that_hangs_after_running_is_noticed(self) -> None:
        def script(source: FakeSource) -> Iterator[Frame]:
            yield frame(0)
            source.closed.wait(LONG)

        frames = iter(NewestFrame(FakeSource(script), clock=itertools.count(0.0, 6.0).__next__))
        next(frames)
        with pytest.raises(SourceError, match=r"fake: no picture for 5 seconds; check the camera"):
            next(frames)

    def test_a_first_frame_is_waited_for_longer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(latest, "WAIT_SECONDS", 0.001)
        awake, now = threading.Event(), 0.0

        def clock() -> float:
            nonlocal now
            now = min(now + 5.0, 25.0)
            if now == 25.0:
                awake.set()
            return now

        def script(_: FakeSource) -> Iterator[Frame]:
            awake.wait(LONG)
            yield frame(0)

        assert next(iter(NewestFrame(FakeSource(script), clock=clock))).index == 0

    def test_also_the_patience_with_the_first_ends(self) -> None:
        silent = FakeSource(lambda source: iter(lambda: source.closed.wait(LONG), True))
        with pytest.raises(SourceError, match="no picture for 30 seconds"):
            list(NewestFrame(silent, clock=itertools.count(0.0, 31.0).__next__))

    def test_closing_does_not_wait_for_a_device_that_hangs(self, stalled: FakeSource) -> None:
        source = NewestFrame(stalled)
        frames = iter(source)
        next(frames)
        begin = time.perf_counter()
        for _ in range(3):
            source.close()
        assert time.perf_counter() - begin < LONG / 2

    def test_closed_before_it_began_it_reads_nothing(self, stalled: FakeSource) -> None:
        source = NewestFrame(stalled)
        source.close()
        assert list(source) == []
