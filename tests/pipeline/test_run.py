"""The loop: every frame to every sink, and everything closed whatever happens."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest
from tests.pipeline.fakes import (
    EVERY_FRAME,
    FakeClassifier,
    FakeDetector,
    FakeSink,
    FakeSource,
    analyzer,
    face,
    frame,
)

from mien.errors import SinkError, SourceError
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.meter import Meter
from mien.pipeline.run import WAITING_FRAMES, run
from mien.types import Analysis, Face, Frame, PixelArray


def test_run_writes_every_frame_to_all_sinks_and_sums_up() -> None:
    source, sinks = FakeSource([frame(i) for i in range(4)]), [FakeSink(), FakeSink()]
    seen: list[int] = []
    summary = run(
        source,
        analyzer([face(0), face(300)], [], [face(0)], [face(0)]),
        sinks,
        on_frame=lambda given, _: seen.append(given.index),
    )
    assert (summary.frames, summary.faces, summary.faceless_frames) == (4, 4, 1)
    assert summary.fps == pytest.approx(4 / summary.seconds)
    assert 0 < summary.p50_ms <= summary.p95_ms
    assert seen == [index for index, _ in sinks[0].rows] == [0, 1, 2, 3]
    assert sinks[1].rows == sinks[0].rows
    assert source.closed == 1
    assert [sink.closed for sink in sinks] == [1, 1]


def test_a_source_that_breaks_off_keeps_what_was_good() -> None:
    source = FakeSource([frame(0), frame(1)], SourceError("unplugged"))
    sink, meter = FakeSink(), Meter()
    with pytest.raises(SourceError, match="unplugged"):
        run(source, analyzer([]), [sink], meter=meter)
    assert len(sink.rows) == 2
    assert meter.summary().frames == 2
    assert (source.closed, sink.closed) == (1, 1)


def test_a_sink_that_fails_ends_the_run_and_the_others_are_closed() -> None:
    source, bad, good = FakeSource([frame(i) for i in range(3)]), FakeSink(fail_at=1), FakeSink()
    with pytest.raises(SinkError, match="full"):
        run(source, analyzer([]), [good, bad])
    assert [index for index, _ in good.rows] == [0, 1]
    assert source.closed
    assert (bad.closed, good.closed) == (1, 1)


def test_a_sink_that_fails_ends_a_source_that_waits() -> None:
    class Waiting(FakeSource):
        def __init__(self) -> None:
            super().__init__([])
            self.ended = threading.Event()

        def __iter__(self) -> Iterator[Frame]:
            yield frame(0)
            assert self.ended.wait(20)

        def close(self) -> None:
            self.ended.set()

    with pytest.raises(SinkError, match="full"):
        run(Waiting(), analyzer([]), [FakeSink(fail_at=0)])


def test_an_error_of_the_analyzer_is_not_hidden_by_one_of_a_sink() -> None:
    class Broken(FakeDetector):
        def __call__(self, image: PixelArray) -> tuple[Face, ...]:
            if self._calls:
                raise RuntimeError("out of memory")
            return super().__call__(image)

    tested = Analyzer(Broken([]), FakeClassifier(), not_sure_below=0.4, settings=EVERY_FRAME)
    with pytest.raises(RuntimeError, match="out of memory"):
        run(FakeSource([frame(0), frame(1)]), tested, [FakeSink(fail_at=0)])


def test_a_slow_sink_holds_the_reading_back_and_gets_every_frame() -> None:
    class Slow(FakeSink):
        def write(self, frame: Frame, analysis: Analysis) -> None:
            read_ahead.append(len(seen) - len(self.rows))
            time.sleep(0.005)
            super().write(frame, analysis)

    seen: list[int] = []
    read_ahead: list[int] = []
    sink = Slow()
    frames = [frame(i) for i in range(20)]
    run(FakeSource(frames), analyzer([]), [sink], on_frame=lambda f, _: seen.append(f.index))
    assert [index for index, _ in sink.rows] == list(range(20))
    assert max(read_ahead) <= WAITING_FRAMES + 2


def test_a_sink_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    source, sinks = FakeSource([frame(0)]), [FakeSink(), FakeSink(fail_to_close=True), FakeSink()]
    with pytest.raises(SinkError, match="closed"):
        run(source, analyzer([]), sinks)
    assert source.closed == 1
    assert [sink.closed for sink in sinks] == [1, 1, 1]


def test_a_detector_that_fails_ends_the_run_with_its_error() -> None:
    class Broken(FakeDetector):
        def __call__(self, image: PixelArray) -> tuple[Face, ...]:
            raise RuntimeError("out of memory")

    source = FakeSource([frame(0)])
    with pytest.raises(RuntimeError, match="out of memory"):
        run(source, Analyzer(Broken(), FakeClassifier(), not_sure_below=0.4, settings=EVERY_FRAME))
    assert source.closed == 1


def test_an_interrupted_run_closes_everything() -> None:
    source, sink = FakeSource([frame(0)], KeyboardInterrupt()), FakeSink()
    with pytest.raises(KeyboardInterrupt):
        run(source, analyzer([]), [sink])
    assert (source.closed, sink.closed, len(sink.rows)) == (1, 1, 1)


def test_ctrl_c_waits_until_all_sinks_have_the_frame() -> None:
    class Interrupted(FakeSink):
        def write(self, frame: Frame, analysis: Analysis) -> None:
            signal.raise_signal(signal.SIGINT)
            super().write(frame, analysis)

    first, second = Interrupted(), FakeSink()
    with pytest.raises(KeyboardInterrupt):
        run(FakeSource([frame(0), frame(1)]), analyzer([]), [first, second])
    assert len(first.rows) == len(second.rows) >= 1


def test_a_run_without_frames_has_a_summary() -> None:
    summary = run(FakeSource([]), analyzer([]))
    assert (summary.frames, summary.fps, summary.p95_ms) == (0, 0.0, 0.0)


def test_tables_are_written_where_frames_are_read_where_that_is_asked_for() -> None:
    threads: list[str] = []

    class Noting(FakeSink):
        def write(self, frame: Frame, analysis: Analysis) -> None:
            threads.append(threading.current_thread().name)
            super().write(frame, analysis)

    for apart in (True, False):
        source, sink = FakeSource([frame(0), frame(1)]), Noting()
        run(source, analyzer([]), [sink], apart=apart)
        assert [index for index, _ in sink.rows] == [0, 1]
        assert (source.closed, sink.closed) == (1, 1)
    here = threading.current_thread().name
    assert here not in threads[:2]
    assert threads[2:] == [here, here]


def test_a_sink_that_fails_where_frames_are_read_ends_the_run() -> None:
    source, bad = FakeSource([frame(i) for i in range(3)]), FakeSink(fail_at=1)
    with pytest.raises(SinkError, match="full"):
        run(source, analyzer([]), [bad], apart=False)
    assert (source.closed, bad.closed) == (1, 1)
