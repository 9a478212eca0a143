"""Bounds on what a page, or a crowd of pages, can cost. Used from the event loop only."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

from mien.web.protocol import ProtocolError

# A page sends one message per frame, so at most 60 per second, or twice that on a fast screen.
MESSAGES_PER_SECOND = 120
MAX_BURST = 240
MAX_PAGES = 16
# What others can make this process log.
LOGGERS = ("uvicorn.error", "asyncio", "mien.web.guard.connections", "mien.web.session.sender")
LOGGED_EVERY = 60.0
# Registered with IANA after RFC 6455.
TRY_AGAIN_LATER = 1013


class TokenBucket:
    """Lets a number of things happen at once, and then as many as time brings back."""

    def __init__(
        self,
        capacity: float,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with a full bucket.

        Args:
            capacity: How many may happen at once, after a pause.
            per_second: How many come back in a second.
            clock: Seconds; for tests.
        """
        self._capacity = capacity
        self._per_second = per_second
        self._clock = clock
        self._left = capacity
        self._last = clock()

    def take(self) -> bool:
        """Return whether one more may happen now, and count it if so."""
        now = self._clock()
        self._left = min(self._capacity, self._left + (now - self._last) * self._per_second)
        self._last = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class OpenPages:
    """Counts the pages that are open."""

    def __init__(self, most: int = MAX_PAGES) -> None:
        """Let at most this many be open at once."""
        self._most = most
        self._count = 0

    @contextlib.contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a page while the block lasts.

        Raises:
            ProtocolError: There are as many as may be.
        """
        if self._count >= self._most:
            reason = f"{self._most} pages are open, which is the most; close one"
            raise ProtocolError(TRY_AGAIN_LATER, reason)
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


class Seldom(logging.Filter):
    """Lets a message of each kind through once a minute: whoever causes it can do so all day."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Let the first of each kind through; `clock` gives seconds."""
        super().__init__()
        self._clock = clock
        self._next: dict[tuple[object, ...], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is the first of its kind in a minute."""
        # What comes after the first line, and of what was raised all but its type, may be another
        # each time.
        first = str(record.msg).partition("\n")[0]
        kind = (record.name, first, record.exc_info and record.exc_info[0])
        now = self._clock()
        if now < self._next.get(kind, now):
            return False
        self._next[kind] = now + LOGGED_EVERY
        return True


@contextlib.contextmanager
def seldom_logged() -> Iterator[None]:
    """Have all that others can make the server log pass a `Seldom` while the block lasts."""
    seldom = Seldom()
    for name in LOGGERS:
        logging.getLogger(name).addFilter(seldom)
    try:
        yield
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(seldom)
