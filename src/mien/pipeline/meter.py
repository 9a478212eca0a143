"""Counts what was read: frames, faces, and how long each frame took."""

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from mien.types import Analysis

# Percentiles come from the newest frames, so that a run of days needs no more memory.
LATENCY_FRAMES = 10_000


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run did.

    Attributes:
        frames: Frames read.
        faces: Faces in all of them together.
        faceless_frames: Frames without a face.
        seconds: How long it took, by the clock on the wall.
        fps: Frames per second of that.
        p50_ms: Median milliseconds of a frame; 0 without frames.
        p95_ms: 95th percentile.
    """

    frames: int
    faces: int
    faceless_frames: int
    seconds: float
    fps: float
    p50_ms: float
    p95_ms: float


class Counts:
    """Frames, faces and latencies, from whatever clock they come."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._frames = self._faces = self._faceless = 0
        self._latencies: deque[float] = deque(maxlen=LATENCY_FRAMES)

    def add(self, analysis: Analysis, latency: float) -> None:
        """Count one frame, which took so many seconds."""
        self._frames += 1
        self._faces += len(analysis.readings)
        self._faceless += not analysis.readings
        self._latencies.append(latency)

    def summary(self, seconds: float) -> RunSummary:
        """Return the figures of so many seconds; percentiles are those of the newest frames."""
        p50, p95 = np.percentile(self._latencies or [0.0], [50, 95]) * 1000
        fps = self._frames / seconds if seconds > 0 else 0.0
        return RunSummary(
            self._frames, self._faces, self._faceless, seconds, fps, float(p50), float(p95)
        )


class Meter:
    """Counts a run while it goes; `summary` may be asked for at any time, also after a break."""

    def __init__(self) -> None:
        """Start the clock."""
        self._start = time.perf_counter()
        self._counts = Counts()

    def add(self, analysis: Analysis) -> None:
        """Count one frame; its latency is the sum of its stages."""
        self._counts.add(analysis, sum(analysis.timings.values()))

    def summary(self) -> RunSummary:
        """Return the figures so far."""
        return self._counts.summary(time.perf_counter() - self._start)
