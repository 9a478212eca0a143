"""How far apart the frames of a stream are, and so for how long each of them stands."""

from collections import deque

# One gap in a quick stream does not make it slow.
STEPS = 3


class Pace:
    """Measures the steps from frame to frame of one stream."""

    def __init__(self) -> None:
        """Begin a stream."""
        self._steps: deque[float] = deque(maxlen=STEPS)
        self._time: float | None = None

    def reset(self) -> None:
        """Begin another stream."""
        self._steps.clear()
        self._time = None

    def __call__(self, timestamp: float) -> float:
        """Take a frame, and return for how many seconds each one stands now.

        Args:
            timestamp: Seconds of stream time.

        Returns:
            The shortest of the last steps; 0 for a first frame.
        """
        if self._time is not None:
            self._steps.append(max(0.0, timestamp - self._time))
        self._time = timestamp
        return min(self._steps, default=0.0)
