"""Pictures that a page sends: those of a stream of its own, and single ones."""

import dataclasses
import time

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
        self._index = 0
        self._last = -1.0

    async def read(self, timestamp: float, jpeg: bytes) -> bytes:
        """Return the encoded analysis of one picture."""
        started = time.perf_counter()
        if timestamp <= self._last:
            raise ProtocolError(protocol.INVALID_DATA, "malformed message: time ran backwards")
        self._last = timestamp
        analysis = await to_thread.run_sync(self._read, jpeg, timestamp, self._index)
        self._index += 1
        self._meter.add(analysis, started)
        return protocol.encode_analysis(analysis)

    def obey(self, asked: protocol.Usual) -> None:
        """Learn or forget somebody's usual face."""
        obey_usual(self._analyze, asked)

    def _read(self, jpeg: bytes, timestamp: float, index: int) -> Analysis:
        started = time.perf_counter()
        image = decode_page_picture(jpeg)
        decode = time.perf_counter() - started
        analysis = self._analyze(Frame(image, index, timestamp, "page"))
        return dataclasses.replace(analysis, timings={"decode": decode, **analysis.timings})


def read_still(services: Services, still: protocol.Still, jpeg: bytes) -> bytes:
    """Return the encoded analysis of a picture by itself; with its parts if they are asked for."""
    image = decode_page_picture(jpeg)
    analysis = services.make_analyzer()(Frame(image, 0, 0.0, "picture"))
    faces = [reading.face for reading in analysis.readings]
    parts = [services.explain(image, face) for face in faces] if still.parts else None
    return protocol.encode_still(still.id, analysis, parts)
