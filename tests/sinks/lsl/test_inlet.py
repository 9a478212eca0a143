"""Markers of another program, as they come over the loopback."""

import threading
import time

import pytest

from mien.errors import SinkError
from mien.sinks.lsl.inlet import MarkerInlet
from mien.sinks.lsl.library import clock_offset


class Kept:
    """Takes markers and lines, and lets a test wait for them."""

    def __init__(self) -> None:
        self.markers: list[tuple[str, str, float]] = []
        self.lines: list[str] = []
        self._news = threading.Condition()

    def take(self, word: str, origin: str, moment: float) -> None:
        with self._news:
            self.markers.append((word, origin, moment))
            self._news.notify_all()

    def say(self, line: str) -> None:
        with self._news:
            self.lines.append(line)
            self._news.notify_all()

    def until(self, test) -> None:
        with self._news:
            assert self._news.wait_for(test, 30), (self.markers, self.lines)


@pytest.fixture
def outlet(lsl, name):
    def make(form: int | None = None, channels: int = 1):
        kind = lsl.cf_string if form is None else form
        return lsl.StreamOutlet(lsl.StreamInfo(name, "Markers", channels, 0, kind, f"id of {name}"))

    return make


@pytest.fixture
def kept(lsl, name):
    kept = Kept()
    inlet = MarkerInlet(lsl, name, kept.take, kept.say)
    yield kept
    inlet.close()


def test_markers_come_with_the_time_of_day(lsl, name, outlet, kept) -> None:
    kept.until(lambda: any("waiting for a marker stream" in line for line in kept.lines))
    sender = outlet()
    assert sender.wait_for_consumers(20)
    moment = time.time() - 2.0
    sender.push_sample(["stimulus on"], moment + clock_offset(lsl))
    kept.until(lambda: kept.markers)
    ((word, origin, found),) = kept.markers
    assert (word, origin) == ("stimulus on", name)
    assert found == pytest.approx(moment, abs=0.005)


@pytest.mark.heavy
def test_a_stream_that_ends_is_told_of_once_and_taken_up_when_it_is_back(outlet, kept) -> None:
    sender = outlet()
    assert sender.wait_for_consumers(20)
    sender.push_sample(["one"])
    kept.until(lambda: len(kept.markers) == 1)
    del sender
    kept.until(lambda: any("has ended; the run goes on" in line for line in kept.lines))
    sender = outlet()
    assert sender.wait_for_consumers(20)
    sender.push_sample(["two"])
    kept.until(lambda: len(kept.markers) == 2)
    assert [word for word, *_ in kept.markers] == ["one", "two"]
    assert sum("has ended" in line for line in kept.lines) == 1


@pytest.mark.heavy
def test_numbers_are_markers_too(lsl, outlet, kept) -> None:
    sender = outlet(lsl.cf_int32, 2)
    assert sender.wait_for_consumers(20)
    sender.push_sample([7, -1])
    kept.until(lambda: kept.markers)
    assert kept.markers[0][0] == "7 -1"


@pytest.mark.heavy
def test_a_full_disk_is_one_line(lsl, name, outlet) -> None:
    kept = Kept()

    def fail(word: str, origin: str, moment: float) -> None:
        raise SinkError("a.markers.csv: cannot be written: the disk is full")

    inlet = MarkerInlet(lsl, name, fail, kept.say)
    sender = outlet()
    assert sender.wait_for_consumers(20)
    sender.push_sample(["one"])
    kept.until(lambda: any("disk is full" in line for line in kept.lines))
    inlet.close()
