"""Markers beside a table: what happened when, by the clock of the table's rows.

They are a file of their own, NAME.markers.csv, for a marker belongs to a moment and not to a face.
"""

import csv
import io
import threading
from collections.abc import Callable
from pathlib import Path

from mien.errors import printable
from mien.sinks.columns import iso
from mien.sinks.files import FORMULA, as_written
from mien.sinks.tables import TextFile
from mien.types import Analysis

SUFFIX = ".markers.csv"
COLUMNS = ("utc", "source", "time", "origin", "marker")
PAGE = "page"

Forward = Callable[[str, float], None]


def markers_path(table: Path) -> Path:
    """Return where the markers of a table are."""
    return table.with_name(table.stem + SUFFIX)


class Markers:
    """Takes markers from whichever threads they come, and writes each as a row at once.

    `utc` is the time of day, `source` and `time` the stream that was read last and its time at that
    moment, both empty before the first frame; `origin` is "page" or the name of a stream.
    """

    def __init__(
        self, path: Path | None, *, overwrite: bool = False, forward: Forward | None = None
    ) -> None:
        """Make the file.

        Args:
            path: The file; None for none.
            overwrite: Replace a file that exists, with the first marker.
            forward: Is given markers of the page, and when they were in seconds since 1970.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = None if path is None else TextFile(path, overwrite=overwrite)
        self._forward, self._lock = forward, threading.Lock()
        self._source, self._zero = "", 0.0
        self._begun = self._closed = False

    def follow(self, analysis: Analysis) -> None:
        """Take the clock of the stream that is read now."""
        if analysis.captured is not None:
            with self._lock:
                self._source = analysis.source
                self._zero = analysis.captured - analysis.timestamp

    def add(self, word: str, origin: str, moment: float) -> None:
        """Write a marker.

        Args:
            word: What it says.
            origin: Who set it.
            moment: When, in seconds since 1970.

        Raises:
            SinkError: That fails.
        """
        with self._lock:
            if self._closed:
                return
            if self._forward is not None and origin == PAGE:
                self._forward(word, moment)
            if self._file is not None:
                self._file.write(self._row(word, origin, moment))

    def close(self) -> None:
        """Close the file; what comes later is not written."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

    def _row(self, word: str, origin: str, moment: float) -> str:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        if not self._begun:
            self._begun = True
            writer.writerow(COLUMNS)
        place = ("", "")
        if self._source:
            place = (as_written(self._source), f"{moment - self._zero:.3f}")
        writer.writerow((iso(moment), *place, _safe(origin), _safe(word)))
        return buffer.getvalue()


def _safe(text: str) -> str:
    """Return a text of anybody's making as one line that no spreadsheet runs."""
    text = printable(text)
    try:
        float(text)
    except ValueError:
        return f"'{text}" if text.startswith(FORMULA) else text
    return text
