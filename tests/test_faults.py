"""What goes wrong in the live loop ends it soon, with its cause, and leaves no thread behind."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, count, islice, repeat
from typing import Any

import cv2
import numpy as np
import pytest

from mien.errors import SinkError, SourceError
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.meter import RunSummary
from mien.pipeline.run import WAITING_FRAMES, OnFrame, run
from mien.protocols import Classifier, Detector, Sink, Source
from mien.registry import make_detector
from mien.sources import latest
from mien.sources.latest import NewestFrame
from mien.sources.reconnect import Notice, Reconnecting
from mien.sources.sample import SampleSource
from mien.types import Analysis, Box, Face, Frame, InputSpec, PixelArray, ProbabilityArray

# Only ever waited out by a test that fails.
LONG = 20.0
SOON = LONG / 2  # whatever waits for a device that hangs, waits LONG


Work = Callable[[], object]


def nothing() -> None:
    """Work that a fake has besides."""


class FakeDetector:
    """Sees one face in every picture."""

    name = "fake"
    face_side = 48.0

    def __init__(self, work: Work = nothing) -> None:
        self._work = work

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self._work()
        height, width = image.shape[:2]
        return (Face(Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4), 0.9),)


class FakeClassifier:
    """Finds every face happy."""

    labels = ("angry", "sad", "happy", "neutral")
    spec = InputSpec(16, 1, 1.0)
    other = False

    def __init__(self, work: Work = nothing) -> None:
        self._work = work

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        self._work()
        return np.tile(np.array([0.05, 0.05, 0.85, 0.05], np.float32), (len(faces), 1))


class FakeSink:
    """Notes which frames it got."""

    def __init__(self, work: Work = nothing) -> None:
        self._work = work
        self.seen: list[int] = []

    def write(self, frame: Frame, analysis: Analysis) -> None:
        self.seen.append(frame.index)
        self._work()

    def close(self) -> None:
        pass


class Device(Source):
    """A camera that runs a plan, in the grabber's thread, and says when it was closed."""

    name = "fake"
    live = True

    def __init__(self, plan: "Plan") -> None:
        self._plan = plan
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        return self._plan(self)

    def close(self) -> None:
        self.closed.set()


Plan = Callable[[Device], Iterator[Frame]]


def frame(index: int, size: tuple[int, int] = (64, 48)) -> Frame:
    return Frame(np.full((size[1], size[0], 3), 128, np.uint8), index, index / 30, "fake")


def endless(device: Device) -> Iterator[Frame]:
    """A camera of a thousand pictures per second."""
    for index in count():
        yield frame(index)
        if device.closed.wait(0.001):
            return


def stalling(device: Device) -> Iterator[Frame]:
    yield frame(0)
    device.closed.wait(LONG)


def raising(error: Exception, device: Device) -> Iterator[Frame]:
    yield frame(0)
    raise error


def ending(device: Device) -> Iterator[Frame]:
    yield frame(0)


def grabbed(plan: Plan) -> Source:
    # On a busy machine a device that is well may be late by some hundredths of a second.
    return NewestFrame(Device(plan), stall=0.1)


def reconnecting(*plans: Plan, on_notice: Callable[[Notice], None] | None = None) -> Source:
    planned = chain(plans, repeat(plans[-1]))
    return Reconnecting(lambda: grabbed(next(planned)), on_notice=on_notice, retry=0.001)


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("mien")]


def live(
    source: Source,
    *,
    detector: Detector | None = None,
    classifier: Classifier | None = None,
    sink: Sink | None = None,
    on_frame: OnFrame | None = None,
) -> RunSummary:
    """Run to the end; that must come soon."""
    parts = detector or FakeDetector(), classifier or FakeClassifier()
    begin = time.perf_counter()
    try:
        return run(
            source,
            Analyzer(*parts, not_sure_below=0.4),
            [] if sink is None else [sink],
            on_frame=on_frame,
        )
    finally:
        assert time.perf_counter() - begin < SOON


@pytest.fixture(autouse=True)
def _quick_and_clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let stalls be seen soon, and want no thread to be left."""
    monkeypatch.setattr(latest, "WAIT_SECONDS", 0.005)
    yield
    assert own_threads() == []


@pytest.fixture(params=[grabbed, reconnecting])
def opened(request: pytest.FixtureRequest) -> Callable[..., Source]:
    """A live source with and without the patience for outages."""
    return request.param


class TestSource:
    def test_one_that_stalls_is_an_error(self) -> None:
        with pytest.raises(SourceError, match=r"fake: no picture for 0\.1 seconds"):
            live(grabbed(stalling))

    def test_one_that_breaks_off_is_an_error(self) -> None:
        with pytest.raises(SourceError, match="fake: unplugged"):
            live(grabbed(partial(raising, SourceError("fake: unplugged"))))

    @pytest.mark.parametrize("fault", [stalling, partial(raising, SourceError("fake: unplugged"))])
    def test_where_it_is_waited_for_the_stream_goes_on(self, fault: Plan) -> None:
        notices: list[Notice] = []
        seen: list[tuple[int, float, int]] = []

        def note(_: Frame, analysis: Analysis) -> None:
            (reading,) = analysis.readings
            seen.append((analysis.frame_index, analysis.timestamp, reading.track_id))

        live(reconnecting(fault, fault, ending, on_notice=notices.append), on_frame=note)
        indices, times, people = zip(*seen, strict=True)
        assert indices == (0, 1, 2)
        assert list(times) == sorted(times)
        assert people == (1, 1, 1)  # after so short a gap, the same
        assert [notice.waiting for notice in notices] == [True, False, True, False]

    def test_a_mistake_is_raised(self, opened: Callable[..., Source]) -> None:
        with pytest.raises(ZeroDivisionError, match="a mistake"):
            live(opened(partial(raising, ZeroDivisionError("a mistake"))))

    def test_its_end_is_the_end(self, opened: Callable[..., Source]) -> None:
        assert live(opened(ending)).frames == 1

    def test_it_may_change_its_size(self, opened: Callable[..., Source]) -> None:
        sizes = [(64, 48), (640, 480), (48, 64), (9, 7)]
        taken = threading.Semaphore(0)
        seen: list[tuple[int, int]] = []

        def plan(_: Device) -> Iterator[Frame]:
            for index, size in enumerate(sizes):
                yield frame(index, size)
                taken.acquire(timeout=LONG)

        def note(given: Frame, analysis: Analysis) -> None:
            assert analysis.size == given.size
            seen.append(given.size)
            taken.release()

        live(opened(plan), on_frame=note)
        assert seen == sizes

    def test_closing_it_elsewhere_ends_the_run(self, opened: Callable[..., Source]) -> None:
        source = opened(endless)
        closer = threading.Timer(0.02, source.close)
        closer.start()
        assert live(source).frames >= 1
        closer.join(SOON)

    @pytest.mark.skipif(os.name != "posix", reason="elsewhere Ctrl-C waits for the next try")
    def test_ctrl_c_ends_the_wait_for_it(self) -> None:
        def interrupt(_: Notice) -> None:
            threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()

        device = Device(partial(raising, SourceError("fake: unplugged")))
        source = Reconnecting(lambda: NewestFrame(device), on_notice=interrupt, retry=LONG)
        with pytest.raises(KeyboardInterrupt):
            live(source)


class TestConsumer:
    @pytest.mark.parametrize("waited_for", [False, True])
    def test_a_slow_one_sees_the_newest_frame_and_never_lags(self, waited_for: bool) -> None:
        """While it is busy with one frame, ten come."""
        busy, given = threading.Semaphore(0), threading.Semaphore(0)

        def plan(_: Device) -> Iterator[Frame]:
            yield frame(0)
            for batch in range(5):
                busy.acquire(timeout=LONG)
                yield from map(frame, range(10 * batch + 1, 10 * batch + 11))
                given.release()
            busy.acquire(timeout=LONG)
            given.release()

        def work(*_: object) -> None:
            busy.release()
            given.acquire(timeout=LONG)

        grabber = NewestFrame(Device(plan))
        source = Reconnecting(lambda: grabber) if waited_for else grabber
        sink = FakeSink(nothing)
        summary = live(source, sink=sink, on_frame=work)
        assert sink.seen == [0, 10, 20, 30, 40, 50]
        assert (summary.frames, grabber.dropped) == (6, 45)

    def test_a_slow_sink_has_frames_left_out_and_few_wait_for_it(self) -> None:
        read, waiting = list[int](), list[int]()

        def plan(_: Device) -> Iterator[Frame]:
            for index in range(100):
                time.sleep(0.001)
                yield frame(index)

        def write(*_: object) -> None:
            time.sleep(0.005)
            waiting.append(len(read) - len(sink.seen))

        grabber, sink = NewestFrame(Device(plan)), FakeSink(write)
        live(grabber, sink=sink, on_frame=lambda given, _: read.append(given.index))
        assert sink.seen == read
        assert grabber.dropped == 100 - len(read) > 0
        assert max(waiting) <= WAITING_FRAMES + 2

    @pytest.mark.parametrize("place", ["detector", "classifier", "sink", "on_frame"])
    @pytest.mark.parametrize("error", [SinkError("the disk is full"), RuntimeError("a mistake")])
    def test_one_that_raises_ends_the_run_with_its_error(
        self, opened: Callable[..., Source], place: str, error: Exception
    ) -> None:
        with pytest.raises(type(error), match=str(error)) as caught:
            live(opened(endless), **failing(place, error))
        assert caught.value is error

    def test_one_that_raises_does_not_wait_for_a_device_that_hangs(
        self, opened: Callable[..., Source]
    ) -> None:
        hangs, release = threading.Event(), threading.Event()

        def hanging(_: Device) -> Iterator[Frame]:
            yield frame(0)
            hangs.set()
            release.wait(LONG)

        def fail(*_: object) -> None:
            assert hangs.wait(LONG)
            raise RuntimeError("a mistake")

        try:
            with pytest.raises(RuntimeError, match="a mistake"):
                live(opened(hanging), on_frame=fail)
        finally:
            release.set()
            for thread in own_threads():
                thread.join(LONG)


def failing(place: str, error: Exception) -> dict[str, Any]:
    """Return the part of a run that raises an error the third time."""
    calls = count(1)

    def work(*_: object) -> None:
        if next(calls) == 3:
            raise error

    parts = {"detector": FakeDetector, "classifier": FakeClassifier, "sink": FakeSink}
    return {place: parts[place](work) if place in parts else work}


def test_the_real_analyzer_takes_a_stream_that_changes_its_size() -> None:
    """Faces are followed in windows of the frame before, which may lie outside the next one."""
    sizes = [(640, 480), (320, 240), (960, 720), (480, 640), (64, 48), (640, 480)]
    analyzer = Analyzer(make_detector(), FakeClassifier(), not_sure_below=0.4)
    for given in islice(SampleSource(), 8 * len(sizes)):
        size = sizes[given.index // 8]
        image = np.asarray(cv2.resize(given.image, size), np.uint8)
        analysis = analyzer(Frame(image, given.index, given.timestamp, "sample"))
        assert analysis.size == size
        for reading in analysis.readings:
            x, y = reading.face.box.center
            assert 0 <= x <= size[0]
            assert 0 <= y <= size[1]
        if given.index % 8 == 7 and size != (64, 48):
            assert len(analysis.readings) == 1
