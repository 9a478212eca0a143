"""Pictures that a page sends: those of a stream of its own, and single ones."""

import dataclasses
import math
import time
from collections.abc import Callable

from anyio import to_thread

from mien.types import Analysis, Frame
from mien.web import protocol
from mien.web.protocol import ProtocolError
from mien.web.session.media import decode_page_picture
from mien.web.session.services import Services, obey_usual


class OwnStream:
    """Pictures of what the page itself shows: its camera or a video."""

    def __init__(self, services: Services) -> None:
        self._analyze = services.make_analyzer()
        self._meter = services.meter.stream()
        self._record = services.recorder.stream()
        self._clock = _WallClock()
        self._index = 0
        self._last = -1.0

    async def read(self, timestamp: float, jpeg: bytes) -> bytes:
        """Return the encoded analysis of one picture."""
        started, captured = time.perf_counter(), self._clock(timestamp)
        if timestamp <= self._last:
            raise ProtocolError(protocol.INVALID_DATA, "malformed message: time ran backwards")
        self._last = timestamp
        analysis = await to_thread.run_sync(self._read, jpeg, timestamp, captured)
        self._index += 1
        self._meter.add(analysis, started)
        return protocol.encode_analysis(analysis)

    def obey(self, asked: protocol.Usual) -> None:
        """Learn or forget somebody's usual face."""
        obey_usual(self._analyze, asked)

    def _read(self, jpeg: bytes, timestamp: float, captured: float) -> Analysis:
        started = time.perf_counter()
        image = decode_page_picture(jpeg)
        decode = time.perf_counter() - started
        frame = Frame(image, self._index, timestamp, "page", captured=captured)
        analysis = self._analyze(frame)
        self._record(frame, analysis)
        return dataclasses.replace(analysis, timings={"decode": decode, **analysis.timings})


class _WallClock:
    """Tells when a page captured a picture, by this machine's clock.

    A page's own clock has another zero, and pictures take some time to come. The quickest so far
    shows where that zero is; what others take longer is no part of their time.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._zero = math.inf

    def __call__(self, timestamp: float) -> float:
        self._zero = min(self._zero, self._clock() - timestamp)
        return self._zero + timestamp


def read_still(services: Services, still: protocol.Still, jpeg: bytes) -> bytes:
    """Return the encoded analysis of a picture by itself; with its parts if they are asked for."""
    image = decode_page_picture(jpeg)
    analysis = services.make_analyzer()(Frame(image, 0, 0.0, "picture"))
    faces = [reading.face for reading in analysis.readings]
    parts = [services.explain(image, face) for face in faces] if still.parts else None
    return protocol.encode_still(still.id, analysis, parts)
