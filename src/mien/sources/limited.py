"""A part of a source: for trying something out, and for cameras, which have no end."""

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from mien.errors import SettingsError
from mien.protocols import Source
from mien.sources.around import Around
from mien.sources.batch import Batch
from mien.types import Frame, Skipped
from mien.vision.images.formats import SUFFIXES

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)", re.ASCII)


def parse_time(option: str, text: str) -> float:
    """Return seconds from seconds, or from hh:mm:ss or mm:ss, both with a fraction.

    Raises:
        SettingsError: It is neither.
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is not None and float(found[3]) < 60:
        return int(found[1] or 0) * 3600.0 + int(found[2]) * 60 + float(found[3])
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise SettingsError(f"{option} {text}: give seconds, such as 90.5, or a time, as 0:01:30.5")
    return seconds


def parse_part(start: str | None, end: str | None) -> tuple[float | None, float | None]:
    """Return the seconds of --start and --end; None for those that are not given.

    Raises:
        SettingsError: One is no time.
    """
    return (
        None if start is None else parse_time("--start", start),
        None if end is None else parse_time("--end", end),
    )


def check_times(start: float | None, end: float | None) -> None:
    """Refuse an end that is not after the start.

    Raises:
        SettingsError: It is not.
    """
    if end is not None and end <= (start or 0.0):
        raise SettingsError(f"--end {end:g} must be after --start {start or 0:g}")


def is_still(frame: Frame) -> bool:
    """Whether a frame is a picture, which has no time, and none of a video or animation."""
    return PurePath(frame.source).suffix.lower() in SUFFIXES and not frame.moving


def limited(
    source: Source,
    *,
    frames: int | None = None,
    seconds: float | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Source:
    """Return a source, limited where there is a limit; see `Limited`."""
    if (frames, seconds, start, end) == (None, None, None, None):
        return source
    return Limited(source, frames=frames, seconds=seconds, start=start, end=end)


class Limited(Around):
    """A `Source` that begins late or ends early, by frames or seconds of stream time.

    Of a batch each source gets the seconds, for each has a time of its own. Still pictures have
    none, and are all read. What comes before `start` is decoded, and no more. A source that ends
    before it is among `skipped`.
    """

    def __init__(
        self,
        source: Source,
        *,
        frames: int | None = None,
        seconds: float | None = None,
        start: float | None = None,
        end: float | None = None,
    ) -> None:
        """Limit a source.

        Args:
            source: The source; closed with this one.
            frames: Frames after which to end.
            seconds: Seconds of stream time after which to end, from the first frame that is read.
            start: Stream time of the first frame.
            end: Stream time at which to end.

        Raises:
            SettingsError: A limit is not more than 0, or the end is not after the start.
        """
        for name, limit in (("frames", frames), ("seconds", seconds)):
            if limit is not None and not 0 < limit < math.inf:
                wanted = "more than 0 and finite"
                raise SettingsError(f"the limit of {name} must be {wanted}, got {limit}")
        check_times(start, end)
        self._start, self._end = start or 0.0, math.inf if end is None else end
        super().__init__(source)
        self.live = source.live
        self._frames = frames
        self._seconds = math.inf if seconds is None else seconds
        self._early: list[Skipped] = []

    def __iter__(self) -> Iterator[Frame]:
        """Yield the source's frames until a limit is met."""
        part, count = _Part(""), 0
        for frame in self._source:
            if frame.source != part.name or (part.over and frame.timestamp <= part.begin):
                self._note(part)
                part = _Part(frame.source)
            part.last = frame.timestamp
            if frame.timestamp < self._start and not is_still(frame):
                continue
            part.met(frame.timestamp)
            if self._is_over(part, frame):
                if not isinstance(self._source, Batch):
                    return
                part.over = True
                self._source.skip()
                continue
            count += 1
            yield frame
            del frame  # as in `VideoSource`
            if count == self._frames:
                return
        self._note(part)

    @property
    def frames(self) -> int | None:
        """How many there are at most; None where nobody knows."""
        known = [count for count in (self._source.frames, self._frames) if count is not None]
        return min(known, default=None)

    @property
    def skipped(self) -> Sequence[Skipped]:
        """What the source left out so far, and what ended before it was to begin."""
        return [*self._source.skipped, *self._early] if self._early else self._source.skipped

    def _is_over(self, part: "_Part", frame: Frame) -> bool:
        if is_still(frame):
            return False
        return frame.timestamp >= self._end or frame.timestamp - part.begin >= self._seconds

    def _note(self, part: "_Part") -> None:
        if part.name and not part.began:
            words = f"ends at {part.last:.2f} s, before --start {self._start:g}"
            self._early.append(Skipped(part.name, words, named=True))


class _Part:
    """What is known of the source whose frames come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.began = self.over = False
        self.begin = self.last = 0.0

    def met(self, timestamp: float) -> None:
        """Take a frame that is late enough; the first is where the seconds begin."""
        if not self.began:
            self.began, self.begin = True, timestamp
