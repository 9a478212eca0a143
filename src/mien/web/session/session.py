"""One page: its connection, its stream and its analyzer."""

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio
import anyio.abc
from anyio import to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mien import __version__
from mien.errors import MienError, one_line
from mien.models.occlusion import PartEffect
from mien.protocols import Source
from mien.sources.reconnect import Notice, OnNotice
from mien.types import Analysis, Face, Frame, PixelArray
from mien.web import protocol
from mien.web.guard.limits import MAX_BURST, MESSAGES_PER_SECOND, OpenPages, TokenBucket
from mien.web.protocol import Mode, ProtocolError, SourceId
from mien.web.session.media import decode_page_picture, encode_for_page
from mien.web.session.stats import LiveMeter
from mien.web.session.stream import ServerStream

Analyze = Callable[[Frame], Analysis]
Explain = Callable[[PixelArray, Face], Sequence[PartEffect]]
LOG = logging.getLogger(__name__)
# RFC 6455 leaves 123 bytes for the reason of a close.
MAX_REASON = 120


@dataclass(frozen=True, slots=True)
class OfferedSource:
    """A source that pages may watch.

    Attributes:
        name: What to call it on the page.
        open: Opens it; raises `SourceError` where that fails. Is given what to tell when the
            source breaks off and is waited for, and when it is back.
    """

    name: str
    open: Callable[[OnNotice], Source]


@dataclass(frozen=True, slots=True)
class Services:
    """What all pages share.

    Attributes:
        labels: The classifier's labels.
        make_analyzer: Makes an analyzer with a state of its own, on models that all share.
        explain: Tells which parts of a face in a picture its reading rests on.
        sources: What the server can read.
        mode: What a page begins with.
        meter: Counts all frames.
        pages: Counts the pages that are open.
        model: What the page tells of the model.
    """

    labels: tuple[str, ...]
    make_analyzer: Callable[[], Analyze]
    explain: Explain
    sources: Mapping[SourceId, OfferedSource]
    mode: Mode = "camera"
    meter: LiveMeter = dataclasses.field(default_factory=LiveMeter)
    pages: OpenPages = dataclasses.field(default_factory=OpenPages)
    model: protocol.ModelFacts | None = None

    def for_others(self) -> "Services":
        """Return what devices on the network are offered: not what this machine's camera sees.

        Whoever sits before it would not expect to be seen on a phone; and the address of a stream
        may hold a password, which the page must not be able to use from elsewhere.
        """
        sources = dict(self.sources)
        sources.pop("configured", None)
        mode: Mode = "camera" if self.mode == "configured" else self.mode
        return dataclasses.replace(self, sources=sources, mode=mode)


class PageSession:
    """Speaks the protocol with one page until it leaves."""

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        """Take an unaccepted connection that the guard has let through."""
        self._websocket = websocket
        self._sender = _Sender(websocket)
        self._services = services
        self._own: _OwnStream | None = None
        self._watching: _Watching | None = None
        self._bucket = TokenBucket(MAX_BURST, MESSAGES_PER_SECOND)

    async def run(self) -> None:
        """Serve the page; returns when it has left or was closed for what it sent."""
        # Accepted even where there is no room: only then can the page be told why.
        await self._websocket.accept()
        try:
            with self._services.pages.one_more():
                await self._run()
        except ProtocolError as error:
            await self._sender.close(error)

    async def _run(self) -> None:
        async with anyio.create_task_group() as tasks:
            try:
                await self._sender.send(self._hello())
                while True:
                    await self._receive(tasks)
            except WebSocketDisconnect:
                pass
            except ProtocolError as error:
                await self._sender.close(error)
            finally:
                tasks.cancel_scope.cancel()

    def _hello(self) -> protocol.Hello:
        sources = self._services.sources.items()
        return protocol.Hello(
            version=__version__,
            labels=self._services.labels,
            sources=tuple(protocol.SourceInfo(key, source.name) for key, source in sources),
            mode=self._services.mode,
            model=self._services.model,
        )

    async def _receive(self, tasks: anyio.abc.TaskGroup) -> None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        if not self._bucket.take():
            raise ProtocolError(protocol.POLICY_VIOLATION, "too many messages in a short time")
        if message.get("text") is not None:
            await self._obey(protocol.decode_text(message["text"]), tasks)
        else:
            await self._read(message["bytes"])

    async def _obey(self, message: protocol.ClientMessage, tasks: anyio.abc.TaskGroup) -> None:
        match message:
            case protocol.Watch(source):
                await self._end_stream()
                await self._watch(source, tasks)
            case protocol.Next():
                # After an end or error an acknowledgement may still be on its way.
                if self._watching is not None:
                    self._watching.shown.set()
            case protocol.Stop():
                await self._end_stream()
                await self._sender.send(protocol.Stopped())

    async def _watch(self, key: SourceId, tasks: anyio.abc.TaskGroup) -> None:
        source = self._services.sources.get(key)
        if source is None:
            raise ProtocolError(protocol.POLICY_VIOLATION, f"there is no {key} source")
        self._watching = _Watching(self._services, source, self._sender, tasks)
        tasks.start_soon(self._watching.run)

    async def _end_stream(self) -> None:
        self._own = None
        if self._watching is not None:
            await self._watching.stop()
            self._watching = None

    async def _read(self, data: bytes) -> None:
        header, jpeg = protocol.decode_picture_message(data)
        try:
            if isinstance(header, protocol.Still):
                answer = await to_thread.run_sync(_read_still, self._services, header, jpeg)
            else:
                answer = await self._read_grab(header.time, jpeg)
        except ProtocolError:
            raise
        except Exception as error:  # the page is told, whatever it is
            await self._sender.send(_failed(error))
        else:
            await self._sender.send_text(answer.decode())

    async def _read_grab(self, timestamp: float, jpeg: bytes) -> bytes:
        if self._watching is not None and not self._watching.done.is_set():
            raise ProtocolError(protocol.POLICY_VIOLATION, "send stop before pictures of a stream")
        self._own = self._own or _OwnStream(self._services)
        return await self._own.read(timestamp, jpeg)


class _Sender:
    """Sends to a page that may leave at any time; then all that sends gets a disconnect."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, message: protocol.ServerMessage) -> None:
        await self.send_text(protocol.encode_text(message))

    async def send_text(self, text: str) -> None:
        self._check()
        await self._websocket.send_text(text)

    async def send_bytes(self, data: bytes) -> None:
        self._check()
        await self._websocket.send_bytes(data)

    async def close(self, error: ProtocolError) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            self._check()
            await self._websocket.close(error.code, _short(str(error)))

    def _check(self) -> None:
        # The stream and the receiving side both send: one may learn of the end before the other.
        if self._websocket.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnect(1006)


class _OwnStream:
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

    def _read(self, jpeg: bytes, timestamp: float, index: int) -> Analysis:
        started = time.perf_counter()
        image = decode_page_picture(jpeg)
        decode = time.perf_counter() - started
        analysis = self._analyze(Frame(image, index, timestamp, "page"))
        return dataclasses.replace(analysis, timings={"decode": decode, **analysis.timings})


def _read_still(services: Services, still: protocol.Still, jpeg: bytes) -> bytes:
    image = decode_page_picture(jpeg)
    analysis = services.make_analyzer()(Frame(image, 0, 0.0, "picture"))
    faces = [reading.face for reading in analysis.readings]
    parts = [services.explain(image, face) for face in faces] if still.parts else None
    return protocol.encode_still(still.id, analysis, parts)


class _Watching:
    """A source that the server reads for one page."""

    def __init__(
        self,
        services: Services,
        source: OfferedSource,
        sender: _Sender,
        tasks: anyio.abc.TaskGroup,
    ) -> None:
        self.shown = anyio.Event()
        self.done = anyio.Event()
        self._analyze = services.make_analyzer()
        self._meter = services.meter.stream()
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

    async def _run(self) -> None:
        try:
            await self._stream.open()
            await self._send_all()
            outcome: protocol.ServerMessage = protocol.Ended()
        except WebSocketDisconnect:
            raise
        except Exception as error:  # the page is told, whatever it is
            outcome = _failed(error)
        finally:
            await self._stream.close()
        self.done.set()
        await self._sender.send(outcome)

    async def _send_all(self) -> None:
        while (frame := await self._stream.next()) is not None:
            started = time.perf_counter()
            analysis, message = await to_thread.run_sync(self._read, frame)
            self._meter.add(analysis, started)
            # Made anew before sending, so that no acknowledgement can come too early.
            self.shown = anyio.Event()
            await self._sender.send_bytes(message)
            await self.shown.wait()

    def _take(self, notice: Notice) -> None:
        # That the source is back the page learns by the frame that comes. After the end of the
        # stream nothing may be said of it.
        if notice.waiting and not self.done.is_set():
            self._tasks.start_soon(self._say, protocol.Waiting(notice.message))

    async def _say(self, message: protocol.Waiting) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            await self._sender.send(message)

    def _read(self, frame: Frame) -> tuple[Analysis, bytes]:
        analysis = self._analyze(frame)
        return analysis, protocol.encode_frame(analysis, encode_for_page(frame.image))


def _failed(error: Exception) -> protocol.Failed:
    """Return what the page is told; an error that nobody foresaw is logged whole besides."""
    if isinstance(error, MienError):
        return protocol.Failed(str(error))
    LOG.error("reading for a page failed", exc_info=error)
    return protocol.Failed(
        f"mien failed ({type(error).__name__}: {one_line(error)}); "
        "the window in which it was started says more"
    )


def _short(reason: str) -> str:
    return reason.encode()[:MAX_REASON].decode(errors="ignore")
