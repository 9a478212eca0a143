"""Counts what the pages of one server had read, for `--stats` and for the line at the end."""

import time
from collections.abc import Callable

from mien.pipeline.meter import Counts, RunSummary
from mien.types import Analysis

# A longer gap between two frames is a pause (a hidden tab, a sleeping laptop), not slowness.
MAX_GAP = 2.0


class LiveMeter:
    """Counts the frames of all pages. Used from the event loop only."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """Start at nothing; `clock` gives seconds."""
        self._clock = clock
        self._counts = Counts()
        self._seconds = 0.0

    def stream(self) -> "StreamMeter":
        """Begin to count one more stream."""
        return StreamMeter(self, self._clock)

    def summary(self) -> RunSummary:
        """Return the figures so far.

        `seconds` and `fps` leave out pauses, and two pages at once count as two times the seconds.
        """
        return self._counts.summary(self._seconds)

    def add(self, analysis: Analysis, latency: float, seconds: float) -> None:
        """Count one frame; use `StreamMeter.add`, which measures the seconds."""
        self._counts.add(analysis, latency)
        self._seconds += seconds


class StreamMeter:
    """Counts the frames of one stream."""

    def __init__(self, total: LiveMeter, clock: Callable[[], float]) -> None:
        self._total = total
        self._clock = clock
        self._last: float | None = None

    def add(self, analysis: Analysis, started: float) -> None:
        """Count a frame whose work began at `started`, by the meter's clock, and ends now."""
        now = self._clock()
        gap = now - (started if self._last is None else self._last)
        self._last = now
        self._total.add(analysis, now - started, gap if gap <= MAX_GAP else now - started)
