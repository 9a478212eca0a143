"""Readings of all pages go into one table, each stream as a source of its own."""

import threading

import numpy as np
import pytest

from mien.errors import SinkError
from mien.types import Analysis, Frame
from mien.web.session.recorder import Recorder
from mien.web.session.sent import _WallClock

IMAGE = np.zeros((4, 4, 3), np.uint8)


class Kept:
    def __init__(self) -> None:
        self.rows: list[tuple[str, int]] = []
        self.closed = 0
        self.inside = 0

    def write(self, frame: Frame, analysis: Analysis) -> None:
        self.inside += 1
        assert self.inside == 1
        self.rows.append((analysis.source, analysis.frame_index))
        self.inside -= 1

    def close(self) -> None:
        self.closed += 1


def pair(index: int, source: str = "page") -> tuple[Frame, Analysis]:
    frame = Frame(IMAGE, index, index / 10, source)
    return frame, Analysis(index, index / 10, source, (4, 4), ())


def test_each_stream_is_a_source_of_its_own() -> None:
    kept = Kept()
    recorder = Recorder([kept])
    first, second, camera = recorder.stream(), recorder.stream(), recorder.stream()
    first(*pair(0))
    second(*pair(0))
    first(*pair(1))
    camera(*pair(0, "camera 0"))
    assert kept.rows == [("page", 0), ("page (2)", 0), ("page", 1), ("camera 0", 0)]


def test_after_it_is_closed_nothing_is_written_and_nothing_fails() -> None:
    kept = Kept()
    recorder = Recorder([kept])
    stream = recorder.stream()
    recorder.close()
    stream(*pair(0))
    assert (kept.rows, kept.closed) == ([], 1)
    Recorder().stream()(*pair(0))


def test_pages_at_once_wait_for_each_other() -> None:
    kept = Kept()
    recorder = Recorder([kept])

    def run() -> None:
        stream = recorder.stream()
        for index in range(200):
            stream(*pair(index))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept.rows) == 800
    assert len({name for name, _ in kept.rows}) == 4


def test_a_page_that_is_late_for_once_does_not_move_the_time_of_capture() -> None:
    # Seconds at which pictures come that were captured at 0, 1, 2 and 3 by the page's clock.
    clock = _WallClock(iter((1000.5, 1001.2, 1002.9, 1003.2)).__next__)
    times = [clock(stamp) for stamp in (0.0, 1.0, 2.0, 3.0)]
    assert [round(time, 6) for time in times] == [1000.5, 1001.2, 1002.2, 1003.2]


def test_a_table_that_cannot_be_written_is_told_once_and_to_every_page() -> None:
    class Full(Kept):
        def write(self, frame: Frame, analysis: Analysis) -> None:
            if self.rows:
                raise SinkError("t.csv: cannot be written: the disk is full")
            super().write(frame, analysis)

    said: list[str] = []
    recorder = Recorder([Full()], on_failure=said.append)
    first, second = recorder.stream(), recorder.stream()
    first(*pair(0))
    assert not recorder.failed
    for stream in (first, second, recorder.stream()):
        with pytest.raises(SinkError, match="the disk is full"):
            stream(*pair(1))
    assert recorder.failed
    assert said == ["t.csv: cannot be written: the disk is full"]
