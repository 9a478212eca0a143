"""What all pages show, written into a table meanwhile: `mien live --out`."""

import contextlib
import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from mien.errors import MienError, SinkError, one_line
from mien.protocols import Sink
from mien.sinks.markers import PAGE, Markers
from mien.types import Analysis, Frame

Record = Callable[[Frame, Analysis], None]


class Recorder:
    """Writes the readings of all streams into the same sinks, whichever threads they come from.

    In the table each stream is a source of its own: the second of a name is "NAME (2)", for its
    time begins anew and its people have other numbers.
    """

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        markers: Markers | None = None,
        *,
        streams: bool = False,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        """Take what is written to; without any, nothing is recorded.

        Args:
            sinks: Take the readings.
            markers: Takes markers.
            streams: Whether a sink sends readings to other programs: pages say so.
            on_failure: Called once with what went wrong, for who has no page before them.
        """
        self._sinks, self._markers = sinks, markers
        self._on_failure, self._failure = on_failure, ""
        self.streams = streams
        self._lock = threading.Lock()
        self._count: Counter[str] = Counter()
        self._closed = False

    def stream(self) -> Record:
        """Return what takes the frames of one stream; it raises `SinkError` where that fails."""
        name = ""

        def record(frame: Frame, analysis: Analysis) -> None:
            nonlocal name
            if not self._sinks:
                return
            with self._lock:
                if self._closed:
                    return
                name = name or self._name(analysis.source)
                # Of a file or the sample that is played here, when it was.
                captured = time.time() if analysis.captured is None else analysis.captured
                kept = dataclasses.replace(analysis, source=name, captured=captured)
                self._write(frame, kept)

        return record

    @property
    def records(self) -> bool:
        """Whether anything is written of what is read."""
        return bool(self._sinks)

    @property
    def takes_markers(self) -> bool:
        """Whether there is somewhere for a marker to go."""
        return self._markers is not None

    def mark(self, word: str, moment: float) -> None:
        """Take a marker of a page.

        Args:
            word: What it says.
            moment: When it was set, in seconds since 1970.

        Raises:
            SinkError: It cannot be written, or there is nowhere for it to go.
        """
        if self._markers is None:
            raise SinkError("no markers are kept here; start mien live with --out or --lsl")
        self._markers.add(word, PAGE, moment)

    @property
    def failed(self) -> bool:
        """Whether something could not be written."""
        return bool(self._failure)

    def _write(self, frame: Frame, analysis: Analysis) -> None:
        if self._failure:
            # Later pages are told why, too, and not that the table is closed.
            raise SinkError(self._failure)
        try:
            for sink in self._sinks:
                sink.write(frame, analysis)
            if self._markers is not None:
                self._markers.follow(analysis)
        except (MienError, OSError) as error:
            self._failure = str(error) if isinstance(error, MienError) else one_line(error)
            if self._on_failure is not None:
                self._on_failure(self._failure)
            raise

    def close(self) -> None:
        """Finish the table; what comes later is not written."""
        with self._lock:
            self._closed = True
            with contextlib.ExitStack() as stack:
                for one in (self._markers, *self._sinks):
                    if one is not None:
                        stack.callback(one.close)

    def _name(self, source: str) -> str:
        self._count[source] += 1
        count = self._count[source]
        return source if count == 1 else f"{source} ({count})"
