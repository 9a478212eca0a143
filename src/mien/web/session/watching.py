"""A source that the server reads for one page: a frame is sent when the last one was shown."""

import contextlib
import dataclasses
import time
from collections import deque

import anyio
import anyio.abc
from anyio import to_thread
from starlette.websockets import WebSocketDisconnect

from mien.sources.reconnect import Notice
from mien.types import Analysis, Frame
from mien.web import protocol
from mien.web.session.media import encode_for_page
from mien.web.session.sender import Sender, failed, says_waiting
from mien.web.session.services import OfferedSource, Services, obey_usual
from mien.web.session.stream import ServerStream

# Words hold on to what was before, for about so many steps of so many seconds.
STAYS_STEPS, STAYS_STEP = 12, 0.1


class Watching:
    """A source that the server reads for one page."""

    def __init__(
        self,
        services: Services,
        source: OfferedSource,
        sender: Sender,
        tasks: anyio.abc.TaskGroup,
    ) -> None:
        self.shown = anyio.Event()
        self.done = anyio.Event()
        self._analyze = services.make_analyzer()
        self._asked = deque[protocol.Usual]()
        self._meter = services.meter.stream()
        self._record = services.recorder.stream()
        self._stream = ServerStream(source.open, self._take)
        self._sender = sender
        self._tasks = tasks
        self._scope = anyio.CancelScope()

    async def run(self) -> None:
        """Send frames until the end, an error, `stop` or the page's leaving."""
        try:
            with self._scope, contextlib.suppress(WebSocketDisconnect):
                await self._run()
        finally:
            self.done.set()

    async def stop(self) -> None:
        """End the stream; returns when its source is free."""
        self._scope.cancel()
        await self.done.wait()

    def obey(self, asked: protocol.Usual) -> None:
        """Learn or forget somebody's usual face."""
        self._asked.append(asked)  # frames are read in another thread

    async def _run(self) -> None:
        try:
            await self._stream.open()
            await self._send_all()
            outcome: protocol.ServerMessage = protocol.Ended()
        except WebSocketDisconnect:
            raise
        except Exception as error:  # the page is told, whatever it is
            outcome = failed(error)
        finally:
            await self._stream.close()
        self.done.set()
        await self._sender.send(outcome)

    async def _send_all(self) -> None:
        last: tuple[Frame, Analysis] | None = None
        while (frame := await self._stream.next()) is not None:
            started = time.perf_counter()
            analysis, message = await to_thread.run_sync(self._read, frame)
            self._meter.add(analysis, started)
            await self._show(message)
            last = frame, analysis
        if last is not None and (message := await to_thread.run_sync(self._read_on, *last)):
            await self._show(message)

    async def _show(self, message: bytes) -> None:
        # Made anew before sending, so that no acknowledgement can come too early.
        self.shown = anyio.Event()
        await self._sender.send_bytes(message)
        await self.shown.wait()

    def _take(self, notice: Notice) -> None:
        # That the source is back the page learns by the frame that comes. After the end of the
        # stream nothing may be said of it.
        if notice.waiting and not self.done.is_set():
            self._tasks.start_soon(self._say, says_waiting(notice))

    async def _say(self, message: protocol.Waiting) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            await self._sender.send(message)

    def _read_on(self, frame: Frame, shown: Analysis) -> bytes:
        """Read the last picture, which stays, until its words are its own; empty if they were."""
        for step in range(1, STAYS_STEPS + 1):
            index, timestamp = frame.index + step, frame.timestamp + step * STAYS_STEP
            later = dataclasses.replace(frame, index=index, timestamp=timestamp)
            analysis = self._analyze(later)
        if _words(analysis) == _words(shown):
            return b""
        return protocol.encode_frame(analysis, encode_for_page(frame.image))

    def _read(self, frame: Frame) -> tuple[Analysis, bytes]:
        while self._asked:
            obey_usual(self._analyze, self._asked.popleft())
        analysis = self._analyze(frame)
        self._record(frame, analysis)
        return analysis, protocol.encode_frame(analysis, encode_for_page(frame.image))


def _words(analysis: Analysis) -> dict[int, str | None]:
    return {reading.track_id: reading.label for reading in analysis.readings}
