"""Seconds since the first frame, from the stamps of a stream: they never go back."""

# Stamps that go back by more are those of another recording that was joined to the first, or of a
# camera that set its clock; by less they are out of order, as in some old files.
BACK_SECONDS = 0.5


class Timeline:
    """Places frames in time.

    Where stamps begin again, as where recordings were joined end to end, time goes on from there.
    """

    def __init__(self, step: float) -> None:
        """Begin.

        Args:
            step: Seconds from a frame to the next where no stamp says it.
        """
        self._step = step
        # Of this part of the stream: its first stamp, and when that was.
        self._start: tuple[float, float] | None = None
        self._stamp: float | None = None
        self._last: float | None = None

    def place(self, stamp: float | None) -> float:
        """Return the time of the next frame, given its stamp in seconds where it has one."""
        after = 0.0 if self._last is None else self._last + self._step
        if stamp is None:
            self._last = after
            return after
        if self._start is None or self._begins_anew(stamp, self._start[0]):
            self._start = stamp, after
        first, begin = self._start
        self._stamp = stamp
        self._last = max(self._last or 0.0, begin + (stamp - first))
        return self._last

    def _begins_anew(self, stamp: float, first: float) -> bool:
        if self._stamp is None or stamp >= self._stamp:
            return False
        return stamp <= first or self._stamp - stamp > BACK_SECONDS
