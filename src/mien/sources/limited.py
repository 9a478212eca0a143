"""The beginning of a source: for trying something out, and for cameras, which have no end."""

import math
from collections.abc import Iterator

from mien.errors import SettingsError
from mien.protocols import Source
from mien.types import Frame


class Limited:
    """A `Source` that ends early: after so many frames, or seconds of stream time."""

    def __init__(
        self, source: Source, *, frames: int | None = None, seconds: float | None = None
    ) -> None:
        """Limit a source.

        Args:
            source: The source; closed with this one.
            frames: Frames after which to end.
            seconds: Seconds of stream time after which to end, from the first frame.

        Raises:
            SettingsError: A limit is not more than 0.
        """
        for name, limit in (("frames", frames), ("seconds", seconds)):
            if limit is not None and not 0 < limit < math.inf:
                raise SettingsError(f"the limit of {name} must be more than 0, got {limit}")
        self.name, self.live = source.name, source.live
        self._source = source
        self._frames = frames
        self._seconds = seconds

    def __iter__(self) -> Iterator[Frame]:
        """Yield the source's frames until a limit is met."""
        start: float | None = None
        for count, frame in enumerate(self._source, start=1):
            start = frame.timestamp if start is None else start
            if self._seconds is not None and frame.timestamp - start >= self._seconds:
                return
            yield frame
            if count == self._frames:
                return

    def close(self) -> None:
        """Close the source."""
        self._source.close()
