"""What all pages show, written into a table meanwhile: `mien live --out`."""

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from mien.errors import MienError, SinkError, one_line
from mien.protocols import Sink
from mien.types import Analysis, Frame

Record = Callable[[Frame, Analysis], None]


class Recorder:
    """Writes the readings of all streams into the same sinks, whichever threads they come from.

    In the table each stream is a source of its own: the second of a name is "NAME (2)", for its
    time begins anew and its people have other numbers.
    """

    def __init__(
        self, sinks: Sequence[Sink] = (), *, on_failure: Callable[[str], None] | None = None
    ) -> None:
        """Take the sinks.

        Args:
            sinks: Without any, nothing is recorded.
            on_failure: Called once with what went wrong, for who has no page before them.
        """
        self._sinks, self._on_failure = sinks, on_failure
        self._failure = ""
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
        except (MienError, OSError) as error:
            self._failure = str(error) if isinstance(error, MienError) else one_line(error)
            if self._on_failure is not None:
                self._on_failure(self._failure)
            raise

    def close(self) -> None:
        """Finish the table; what comes later is not written."""
        with self._lock:
            self._closed = True
            for sink in self._sinks:
                sink.close()

    def _name(self, source: str) -> str:
        self._count[source] += 1
        count = self._count[source]
        return source if count == 1 else f"{source} ({count})"
