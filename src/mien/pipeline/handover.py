"""From a thread that blocks to an event loop that must not: a few values at a time."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
# Values that are made and not yet taken, as of `mien.pipeline.run`.
WAITING = 3


class Handover(Generic[T]):
    """Iterates in a thread of its own; the event loop takes what comes of it.

    The thread waits where `WAITING` values have not been taken; or, where only the newest counts,
    it goes on, and that one takes the place of the one before.
    """

    def __init__(self, make: Callable[["Handover[T]"], Iterator[T]]) -> None:
        """Start the thread; only in a running event loop.

        Args:
            make: Returns what to iterate, in the thread; its `close`, where it has one, is called
                there at the end.
        """
        self.newest_only = False
        self._loop, self._came = asyncio.get_running_loop(), asyncio.Event()
        self._change, self._values = threading.Condition(), deque[T]()
        self._error: BaseException | None = None
        self._closed = False
        self._ended = asyncio.Event()
        # A daemon, so that a device that hangs cannot keep the process alive.
        thread = threading.Thread(target=self._run, args=(make,), name="mien awatch", daemon=True)
        thread.start()

    async def take(self) -> tuple[T, ...]:
        """Wait for a value, and return it; nothing at the end, or where `wake` was called.

        Raises:
            BaseException: What was raised in the thread, after all values before it.
        """
        await self._came.wait()
        with self._change:
            taken = (self._values.popleft(),) if self._values else ()
            if not self._values and not self._ended.is_set():
                self._came.clear()
            self._change.notify_all()
        if not taken and self._error is not None:
            error, self._error = self._error, None
            raise error
        return taken

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._ended.is_set() and not self._values

    @property
    def failed(self) -> bool:
        """Whether `take` is going to raise."""
        return self._error is not None

    def wake(self) -> None:
        """Let `take` return, from any thread."""
        self._call(self._came.set)

    def close(self) -> None:
        """Take nothing more; the thread ends with what it is about."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    async def wait_ended(self, seconds: float) -> None:
        """Wait until the thread has ended, or so long."""
        try:
            await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return

    def _run(self, make: Callable[["Handover[T]"], Iterator[T]]) -> None:
        error: BaseException | None = None
        try:
            values = make(self)
            try:
                for value in values:
                    if not self._put(value):
                        break
            finally:
                getattr(values, "close", bool)()
        except BaseException as raised:  # whatever it is, it is raised again in the event loop
            error = raised
        self._call(lambda: self._end(error))

    def _end(self, error: BaseException | None) -> None:
        self._error = error
        self._ended.set()
        self._came.set()

    def _put(self, value: T) -> bool:
        with self._change:
            if self.newest_only:
                self._values.clear()
            self._change.wait_for(lambda: len(self._values) < WAITING or self._closed)
            if self._closed:
                return False
            self._values.append(value)
        self.wake()
        return not self._closed

    def _call(self, function: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the event loop is closed: nobody takes any more
            self._closed = True
