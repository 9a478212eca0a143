"""The beginning of a source: for trying something out, and for cameras, which have no end."""

import math
from collections.abc import Iterator

from mien.errors import SettingsError
from mien.protocols import Source
from mien.sources.around import Around
from mien.sources.batch import Batch
from mien.types import Frame


class Limited(Around):
    """A `Source` that ends early: after so many frames, or seconds of stream time.

    Of a batch each source gets the seconds, for each has a time of its own.
    """

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
                wanted = "more than 0 and finite"
                raise SettingsError(f"the limit of {name} must be {wanted}, got {limit}")
        super().__init__(source)
        self.live = source.live
        self._frames = frames
        self._seconds = seconds

    def __iter__(self) -> Iterator[Frame]:
        """Yield the source's frames until a limit is met."""
        name, start, over, count = "", 0.0, False, 0
        for frame in self._source:
            if frame.source != name or (over and frame.timestamp <= start):
                name, start, over = frame.source, frame.timestamp, False
            if self._seconds is not None and frame.timestamp - start >= self._seconds:
                if not isinstance(self._source, Batch):
                    return
                over = True
                self._source.skip()
                continue
            count += 1
            yield frame
            del frame  # as in `VideoSource`
            if count == self._frames:
                return

    @property
    def frames(self) -> int | None:
        """How many there are at most; None where nobody knows."""
        known = [count for count in (self._source.frames, self._frames) if count is not None]
        return min(known, default=None)
