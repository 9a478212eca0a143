"""A source that the server reads for one page, at the pace of its own clock."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import anyio

from mien.protocols import Source
from mien.sources.reconnect import Notice, OnNotice
from mien.types import Frame
from mien.web.threads import in_daemon_thread

CLOSE_SECONDS = 1.0
# A file that is shown is never more than this late: frames in between are left out.
MAX_LATE = 0.1
# Where even decoding cannot keep up, the picture moves on all the same, slower than it should.
MAX_SKIPPED = 30


class ServerStream:
    """Opens, reads and closes a source without ever blocking the event loop."""

    def __init__(
        self,
        open_source: Callable[[OnNotice], Source],
        on_notice: OnNotice,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what opens the source; nothing is opened yet.

        Args:
            open_source: Opens it; is given what to tell when it breaks off and when it is back.
            on_notice: Called in the event loop, though the source is read in a thread.
            clock: Seconds; for tests.
        """
        self._open_source = open_source
        self._on_notice = on_notice
        self._clock = clock
        self._source: Source | None = None
        self._frames: Iterator[Frame] = iter(())
        self._closing = threading.Event()
        self._start: float | None = None
        self._last = 0.0

    async def open(self) -> None:
        """Open the source; raise `SourceError` where that fails."""
        loop = asyncio.get_running_loop()

        async def told(notice: Notice) -> None:
            self._on_notice(notice)

        def tell(notice: Notice) -> None:
            # As a task: in a bare callback nobody could start another one where sniffio, which many
            # packages bring, looks for the event loop.
            asyncio.run_coroutine_threadsafe(told(notice), loop)

        await in_daemon_thread(lambda: self._open(tell))

    async def next(self) -> Frame | None:
        """Return the next frame when it is due, or None at the end.

        Raises:
            SourceError: The source broke off.
        """
        frame = await in_daemon_thread(self._next)
        if frame is not None:
            await anyio.sleep(max(0.0, -self._lateness(frame)))
        return frame

    async def close(self) -> None:
        """Free the source, waiting at most a second for a device that hangs."""
        self._closing.set()
        source = self._source
        if source is not None:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await in_daemon_thread(source.close)
        # Whoever is told of its notices holds this stream and is held by it: what is large would
        # stay until somebody looks for such circles.
        self._source, self._frames = None, iter(())

    def _open(self, tell: OnNotice) -> None:
        source = self._open_source(tell)
        self._source = source
        if self._closing.is_set():
            # The page has left while the device was opening.
            source.close()
        else:
            self._frames = iter(source)

    def _next(self) -> Frame | None:
        for skipped, frame in enumerate(self._frames):
            if self._lateness(frame) <= MAX_LATE:
                return frame
            if skipped >= MAX_SKIPPED:
                self._start = self._clock() - frame.timestamp
                return frame
        return None

    def _lateness(self, frame: Frame) -> float:
        """Seconds since the frame was due; live sources are always on time."""
        if self._source is None or self._source.live:
            return 0.0
        now = self._clock()
        if self._start is None or frame.timestamp < self._last:
            # The first frame, or the next of several files: time begins anew.
            self._start = now - frame.timestamp
        self._last = frame.timestamp
        return now - self._start - frame.timestamp
