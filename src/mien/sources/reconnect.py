"""A camera or stream that breaks off is waited for, and picked up again when it is back.

What has never given a picture is not waited for: a camera that is missing is an error at once.
"""

import dataclasses
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from mien.errors import RecordingError, SourceError, Told
from mien.protocols import Source
from mien.sources.around import Around
from mien.sources.saying import Says
from mien.types import Frame

RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person should know of a source while it is read.

    Attributes:
        message: One line.
        waiting: Whether the source is waited for from now on; False where it is back.
        told: What the message is made of, where others can say it in another language.
    """

    message: str
    waiting: bool
    told: Told | None = dataclasses.field(default=None, compare=False)


OnNotice = Callable[[Notice], None]


class Reconnecting(Around):
    """A live `Source` that opens another anew as often as it breaks off.

    Numbers and time stamps of frames go on, so that to the consumer an outage is a gap in one
    stream. It can be iterated once.
    """

    live = True

    def __init__(
        self,
        opener: Callable[[], Source],
        *,
        on_notice: OnNotice | None = None,
        retry: float = RETRY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the source; nothing is read before the iteration starts.

        Args:
            opener: Opens it, again and again.
            on_notice: Called once when the source breaks off, and once when it is back, in the
                thread that iterates.
            retry: Seconds to wait before each new try.
            clock: Seconds; for tests.
        """
        super().__init__(opener())
        self._opener = opener
        self._on_notice = on_notice
        self._retry = retry
        self._timeline = _Timeline(clock)
        self._waiting = False
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the source ends or is closed.

        Raises:
            SourceError: It broke off before its first frame, or is a recording.
        """
        try:
            while (error := (yield from self._read())) is not None:
                self._lose(error)
                if not self._open_anew():
                    return
        finally:
            self.close()

    def close(self) -> None:
        """End the iteration, even while the source is waited for."""
        with self._lock:
            self._closed.set()
        self._source.close()

    def _read(self) -> Generator[Frame, None, SourceError | None]:
        """Yield the frames of one connection; return what broke it off, None at the end."""
        try:
            for frame in self._source:
                placed = self._timeline.place(frame)
                if self._waiting:
                    self._waiting = False
                    self._tell(Notice(f"{self.name}: is back", waiting=False))
                yield placed
        except SourceError as error:
            if self._closed.is_set():
                return None
            if not self._timeline.began or isinstance(error, RecordingError):
                raise
            return error
        return None

    def _lose(self, error: SourceError) -> None:
        self._timeline.cut()
        if not self._waiting:
            self._waiting = True
            told = Says.WAITS(reason=error.told or str(error))
            self._tell(Notice(str(told), waiting=True, told=told if error.told else None))

    def _open_anew(self) -> bool:
        """Open the source again; False where it was closed meanwhile."""
        self._source.close()
        while not self._closed.wait(self._retry):
            try:
                source = self._opener()
            except SourceError:
                continue
            with self._lock:
                if not self._closed.is_set():
                    self._source = source
                    return True
            source.close()
        return False

    def _tell(self, notice: Notice) -> None:
        if self._on_notice is not None:
            self._on_notice(notice)


class _Timeline:
    """Numbers and times that go on from one connection to the next, by the clock in between."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Of the last frame: its number, its time, and what the clock said when it came.
        self._index, self._time, self._came = -1, 0.0, 0.0
        # Of this connection: its first frame's own time, and its number and time here.
        self._start: tuple[float, int, float] | None = (0.0, 0, 0.0)

    @property
    def began(self) -> bool:
        return self._index >= 0

    def cut(self) -> None:
        self._start = None

    def place(self, frame: Frame) -> Frame:
        now = self._clock()
        if self._start is None:
            gap = now - self._came
            self._start = frame.timestamp, self._index + 1, self._time + gap
        own, index, start = self._start
        self._index, self._came = index + frame.index, now
        # In this order, because rounding could otherwise turn time back.
        self._time = start + (frame.timestamp - own)
        return dataclasses.replace(frame, index=self._index, timestamp=self._time)
