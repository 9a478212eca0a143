"""The grabber: reads a live source in a thread and keeps only its newest frame."""

import threading
import time
from collections.abc import Callable, Iterator

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources.around import Around
from mien.sources.saying import Says, called
from mien.types import Frame

# Some devices take long to wake; one that has run and then gives nothing hangs.
PATIENCE_SECONDS, STALL_SECONDS = 30.0, 5.0
CLOSE_SECONDS = 0.5
# A wait without a limit could not be interrupted with Ctrl-C on Windows.
WAIT_SECONDS = 0.2


class NewestFrame(Around):
    """A live `Source` around another: a slow consumer sees fresh frames, never a growing lag.

    The source is opened, read and freed in one thread of its own. What it raises is raised in the
    consumer, after the frame that came last. It can be iterated once. Where the source says that it
    is `recorded` nothing grows old, and it may wait for the consumer instead.

    Attributes:
        dropped: How many frames came while the consumer was busy.
    """

    live = True

    def __init__(
        self,
        source: Source,
        *,
        patience: float = PATIENCE_SECONDS,
        stall: float = STALL_SECONDS,
        keep_recorded: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap a source; nothing is read before the iteration starts.

        Args:
            source: The source; closed with this one.
            patience: Seconds without a first frame after which the source counts as dead.
            stall: Seconds without a next frame after which it does.
            keep_recorded: Leave no frame out of what is recorded.
            clock: Seconds; for tests.
        """
        super().__init__(source)
        self.dropped = 0
        self._limit = patience
        self._stall = stall
        self._keep_recorded = keep_recorded
        self._clock = clock
        self._change = threading.Condition()
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._ended = False
        self._hangs = False
        # A daemon, so that a driver or network that hangs cannot keep the process alive.
        self._thread = threading.Thread(target=self._grab, name=f"mien {self.name}", daemon=True)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the newest frame, each at most once, waiting where there is none yet.

        Raises:
            SourceError: The source broke off, or gave nothing for too long.
        """
        if self._ended:
            return
        self._thread.start()
        try:
            while (frame := self._next()) is not None:
                yield frame
        finally:
            self.close()

    def close(self) -> None:
        """End the iteration, even while it waits; returns within a second if the source hangs."""
        with self._change:
            self._ended = True
            self._frame = None
            self._change.notify_all()
        self._source.close()
        own = self._thread is threading.current_thread()
        # Every `finally` on the way out closes once more; a device that hangs is waited for once.
        if self._thread.is_alive() and not own and not self._hangs:
            self._thread.join(CLOSE_SECONDS)
            self._hangs = self._thread.is_alive()

    def _grab(self) -> None:
        error: Exception | None = None
        try:
            for frame in self._source:
                if not self._keep(frame):
                    break
        except Exception as raised:  # whatever it is, it is raised again in the consumer
            error = raised
        with self._change:
            self._error = None if self._ended else error
            self._ended = True
            self._change.notify_all()

    def _keep(self, frame: Frame) -> bool:
        with self._change:
            if self._keep_recorded and self._source.recorded:
                self._change.wait_for(lambda: self._frame is None or self._ended)
            if self._ended:
                return False
            self.dropped += self._frame is not None
            self._frame = frame
            self._change.notify_all()
            return True

    def _next(self) -> Frame | None:
        """Wait for a frame; None at the end."""
        deadline = self._clock() + self._limit
        with self._change:
            while self._frame is None and not self._ended:
                if self._clock() > deadline:
                    raise SourceError(Says.NO_PICTURE(name=called(self.name), seconds=self._limit))
                self._change.wait(WAIT_SECONDS)
            frame, self._frame = self._frame, None
            self._change.notify_all()
            self._limit = self._stall
            if frame is None and self._error is not None:
                raise self._error
            return frame
