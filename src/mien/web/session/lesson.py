"""A model that one page makes for itself: learnt in a thread, kept until the connection ends."""

import contextlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence

import anyio
import anyio.abc
from anyio import from_thread, to_thread
from starlette.websockets import WebSocketDisconnect

from mien.errors import Sentence, SettingsError
from mien.web import protocol
from mien.web.protocol import ProtocolError
from mien.web.session.sender import Sender, failed
from mien.web.session.services import Services, Taught
from mien.web.teaching import Adapting, KeptFace

# Between two words of how far it is, in seconds.
TOLD_EVERY = 0.2
# The folder in the archive of a bundle.
FOLDER = "mine"


class Says(Sentence):
    """What the page is told of a lesson."""

    BUSY = "another page is learning just now; try again when that is done"


class _EndedError(Exception):
    """The page wants no more of it, or has left."""


class Lesson:
    """What one page has had learnt, and what it learns."""

    def __init__(self, services: Services, sender: Sender) -> None:
        """Take what all pages share; nothing is learnt yet."""
        self._services, self._sender = services, sender
        self._taught: Taught | None = None
        self._ends = threading.Event()
        self._done = anyio.Event()
        self._done.set()

    @property
    def offered(self) -> bool:
        """Whether a page can learn here: not where a table is written, whose words are set."""
        return self._services.teach is not None and not self._services.recorder.records

    async def learn(self, faces: Sequence[KeptFace], tasks: anyio.abc.TaskGroup) -> None:
        """Begin to learn from faces, in place of what was learnt before.

        Raises:
            ProtocolError: It is learning, or cannot learn.
        """
        if not self.offered:
            raise ProtocolError(protocol.POLICY_VIOLATION, "there is no learning here")
        if not self._done.is_set():
            raise ProtocolError(protocol.POLICY_VIOLATION, "one lesson at a time")
        self._taught, self._ends, self._done = None, threading.Event(), anyio.Event()
        tasks.start_soon(self._learn, faces, self._ends)

    def end(self) -> None:
        """Stop learning, soon."""
        self._ends.set()

    async def forget(self) -> None:
        """Stop learning, wait for that, and forget what was learnt."""
        self.end()
        await self._done.wait()
        self._taught = None

    def reading(self, *, adapted: bool) -> Services:
        """Return what pages are read with: what was learnt, or the model from before.

        Raises:
            ProtocolError: Nothing was learnt.
        """
        return self._services.reading(self._found()) if adapted else self._services

    async def save(self) -> None:
        """Send what was learnt as a bundle.

        Raises:
            ProtocolError: Nothing was learnt.
        """
        archive = await to_thread.run_sync(_packed, self._found().files)
        await self._sender.send_bytes(protocol.encode_bundle(archive))

    def _found(self) -> Taught:
        if self._taught is None:
            raise ProtocolError(protocol.POLICY_VIOLATION, "nothing was learnt")
        return self._taught

    async def _learn(self, faces: Sequence[KeptFace], ends: threading.Event) -> None:
        try:
            with contextlib.suppress(WebSocketDisconnect, _EndedError):
                await self._say_what_comes(faces, ends)
        finally:
            self._done.set()

    async def _say_what_comes(self, faces: Sequence[KeptFace], ends: threading.Event) -> None:
        try:
            taught = await to_thread.run_sync(self._teach, faces, ends)
        except (WebSocketDisconnect, _EndedError):
            raise
        except Exception as error:  # the page is told, whatever it is
            told = failed(error)
            await self._sender.send(protocol.Unadapted(told.message, told.told))
            return
        if not ends.is_set():
            self._taught = taught
            await self._sender.send(taught.told)

    def _teach(self, faces: Sequence[KeptFace], ends: threading.Event) -> Taught:
        """Learn; runs in a thread."""
        last = -TOLD_EVERY

        def tell(_: str, done: int, total: int | None) -> None:
            nonlocal last
            if ends.is_set():
                raise _EndedError
            now = time.monotonic()
            if now - last >= TOLD_EVERY:
                last = now
                from_thread.run(self._sender.send, Adapting(done, total or done))

        teach = self._services.teach
        assert teach is not None  # noqa: S101  # `learn` has looked
        with self._alone():
            return teach(faces, tell)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Learn while no other page does: each would take a processor of its own."""
        if not self._services.lesson.acquire(blocking=False):
            raise SettingsError(Says.BUSY())
        try:
            yield
        finally:
            self._services.lesson.release()


def _packed(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP archive with a folder that is a bundle."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(f"{FOLDER}/{name}", data)
    return archive.getvalue()
