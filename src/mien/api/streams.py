"""Sources as a reader takes them: opened, read in a thread, and what they left out in words."""

import asyncio
import contextlib
import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mien.errors import SourceError
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.handover import Handover
from mien.protocols import Source
from mien.sources.open import ACCEPTED, open_source
from mien.sources.reconnect import Notice
from mien.types import Analysis, Skipped

# How many of the files that were left out a message names.
NAMED_SKIPPED = 3
# How long a source that hangs is waited for when it is closed.
CLOSE_SECONDS = 2.0
# How far up the caller of `watch`'s iterator is from a notice of its source.
WATCHER = 6


class Stream:
    """A source that is read in a thread, for `Reader.awatch`."""

    def __init__(self, analyzer: Analyzer, source: str | Path | int | Source) -> None:
        """Take what reads, and of what; opened in the thread."""
        self.remarks: list[str] = []
        self.wake: Callable[[], object] = bool
        self.opened: Source | None = None
        self._analyzer, self._source = analyzer, source

    def read(self, handover: Handover[Analysis]) -> Iterator[Analysis]:
        """Yield the readings; in the thread."""
        frames = 0
        with contextlib.closing(opened(self._source, self._take)) as source:
            self.opened = source
            handover.newest_only = not source.recorded
            for frame in source:
                frames += 1
                yield self._analyzer(frame)
        if told := told_of_skipped(source, frames):
            self.remarks.append(told)

    def _take(self, notice: Notice) -> None:
        if notice.waiting:
            self.remarks.append(notice.message)
            self.wake()


async def freed(stream: Stream, handover: Handover[Analysis]) -> None:
    """Close the source, even while it waits for a frame, and let the thread end."""
    if stream.opened is not None and not handover.ended:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(stream.opened.close), CLOSE_SECONDS)
    await handover.wait_ended(CLOSE_SECONDS)


def opened(
    source: str | Path | int | Source, on_notice: Callable[[Notice], None] | None = None
) -> Source:
    """Return what was named, opened, or a source as it is; raise `SourceError` where it is none."""
    if isinstance(source, str | Path | int):
        return open_source(source, on_notice=on_notice or _warn)
    if not isinstance(source, Source):
        raise SourceError(
            f"{type(source).__name__} is no source; {ACCEPTED}. A class of your own inherits from "
            "mien.Source"
        )
    return source


def _warn(notice: Notice) -> None:
    if notice.waiting:
        warnings.warn(notice.message, RuntimeWarning, stacklevel=WATCHER)


def told_of_skipped(source: Source, frames: int) -> str:
    """Say what a source left out, "" for nothing; raise `SourceError` where that was all."""
    skipped = source.skipped
    if not skipped:
        return ""
    if not frames:
        raise SourceError(f"nothing could be read: {told_of(skipped)}")
    return f"{len(skipped):,} skipped: {told_of(skipped)}"


def told_of(skipped: Sequence[Skipped]) -> str:
    """Name the first of what was left out, and say how many more there are."""
    parts = (f"{item.path}: {item.reason}" if item.path else item.reason for item in skipped)
    names = "; ".join(itertools.islice(parts, NAMED_SKIPPED))
    rest = len(skipped) - NAMED_SKIPPED
    return f"{names}; and {rest:,} more" if rest > 0 else names
