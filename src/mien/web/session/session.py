"""One page: what it asks for, and what it then gets."""

import time

import anyio
import anyio.abc
from anyio import to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from mien import __version__
from mien.errors import MienError
from mien.sources.saying import called
from mien.web import protocol, teaching
from mien.web.guard.limits import MAX_BURST, MESSAGES_PER_SECOND, TokenBucket
from mien.web.protocol import ProtocolError, SourceId
from mien.web.session.lesson import Lesson
from mien.web.session.sender import Sender, failed
from mien.web.session.sent import OwnStream, read_still
from mien.web.session.services import Services
from mien.web.session.watching import Watching


class PageSession:
    """Speaks the protocol with one page until it leaves."""

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        """Take an unaccepted connection that the guard has let through."""
        self._websocket = websocket
        self._sender = Sender(websocket)
        self._first = self._services = services  # a page's own model may read in its place
        self._own: OwnStream | None = None
        self._watching: Watching | None = None
        self._bucket = TokenBucket(MAX_BURST, MESSAGES_PER_SECOND)
        self._lesson = Lesson(services, self._sender)

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
                self._lesson.end()
                tasks.cancel_scope.cancel()

    def _hello(self) -> protocol.Hello:
        sources = self._services.sources.items()
        return protocol.Hello(
            version=__version__,
            labels=self._services.labels,
            sources=tuple(_info(key, source.name) for key, source in sources),
            mode=self._services.mode,
            model=self._services.model,
            markers=self._services.recorder.takes_markers,
            streams=self._services.recorder.streams,
            teaches=self._lesson.offered,
            adapted=self._services is not self._first,
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
            case protocol.Usual():
                # The stream may have ended meanwhile.
                stream = self._own or self._watching
                if stream is not None:
                    stream.obey(message)
            case protocol.Stop():
                await self._end_stream()
                await self._sender.send(protocol.Stopped())
            case protocol.Mark(word):
                await self._mark(word, time.time())
            case _:
                await self._learn(message, tasks)

    async def _learn(self, message: protocol.Teaching, tasks: anyio.abc.TaskGroup) -> None:
        match message:
            case teaching.Adapt(faces):
                await self._read_with(self._first)
                await self._lesson.learn(faces, tasks)
            case teaching.Choose(adapted):
                await self._read_with(self._lesson.reading(adapted=adapted))
            case teaching.Save():
                await self._lesson.save()
            case teaching.Forget():
                await self._read_with(self._first)
                await self._lesson.forget()

    async def _read_with(self, services: Services) -> None:
        """Have another model read from now on, which the page is told."""
        if services is self._services:
            return
        await self._end_stream()
        self._services = services
        await self._sender.send(self._hello())

    async def _mark(self, word: str, moment: float) -> None:
        recorder = self._services.recorder
        if not recorder.takes_markers:
            raise ProtocolError(protocol.POLICY_VIOLATION, "no markers are kept here")
        try:
            await to_thread.run_sync(recorder.mark, word, moment)
        except MienError as error:
            await self._sender.send(failed(error))

    async def _watch(self, key: SourceId, tasks: anyio.abc.TaskGroup) -> None:
        source = self._services.sources.get(key)
        if source is None:
            raise ProtocolError(protocol.POLICY_VIOLATION, f"there is no {key} source")
        self._watching = Watching(self._services, source, self._sender, tasks)
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
                answer = await to_thread.run_sync(read_still, self._services, header, jpeg)
            else:
                answer = await self._read_grab(header.time, jpeg)
        except ProtocolError:
            raise
        except Exception as error:  # the page is told, whatever it is
            await self._sender.send(failed(error))
        else:
            await self._sender.send_text(answer.decode())

    async def _read_grab(self, timestamp: float, jpeg: bytes) -> bytes:
        if self._watching is not None and not self._watching.done.is_set():
            raise ProtocolError(protocol.POLICY_VIOLATION, "send stop before pictures of a stream")
        self._own = self._own or OwnStream(self._services)
        return await self._own.read(timestamp, jpeg)


def _info(key: SourceId, name: str) -> protocol.SourceInfo:
    return protocol.SourceInfo(key, name, protocol.sentence(called(name)))
