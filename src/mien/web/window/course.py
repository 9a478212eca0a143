"""Whether a window is open, was closed or never opened, from what can be seen of it.

Neither of the two signs will do alone. On macOS a browser goes on without windows; and one that
hands its page over to another process, as on Windows for administrators, ends at once.
"""

from dataclasses import dataclass
from enum import Enum

# A browser that ended sooner than this may have handed its page over. Seconds, all of these.
HANDING_OVER = 10.0
# So long a page may be away (a reload, a laptop that slept), and one that is handed over may take.
AWAY = 10.0


class Fate(Enum):
    """What became of a window."""

    OPEN = "open"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(slots=True)
class Course:
    """What was seen of a window so far.

    Attributes:
        started: When its browser was started, in seconds of any clock.
        seen: When the page was there last.
        ended: When the browser was first seen to have ended.
    """

    started: float
    seen: float | None = None
    ended: float | None = None

    def judge(self, now: float, status: int | None, *, shown: bool) -> Fate:
        """Tell what became of it.

        Args:
            now: Seconds of the same clock.
            status: The browser's exit status; None while it runs.
            shown: Whether the page is there now.
        """
        if shown:
            self.seen = now
        if status is not None and self.ended is None:
            self.ended = now
        if self.seen is None:
            return self._unseen(now, status)
        if self.ended is not None and self.ended - self.started >= HANDING_OVER:
            return Fate.CLOSED
        return Fate.OPEN if now - self.seen < AWAY else Fate.CLOSED

    def _unseen(self, now: float, status: int | None) -> Fate:
        if self.ended is None:
            return Fate.OPEN  # it takes its time
        return Fate.FAILED if status or now - self.ended >= AWAY else Fate.OPEN
