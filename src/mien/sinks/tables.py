"""Tables of readings, one row per face: CSV and JSON Lines.

Rows are handed to the system after every frame, so a run that is killed keeps what it had.
"""

import contextlib
import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from mien.errors import SinkError
from mien.sinks.files import make_folder, open_mode, writing
from mien.types import Analysis, Frame

STDOUT = "-"
PLACE = ("source", "frame", "time", "track_id")
BOX = ("x1", "y1", "x2", "y2")
VERDICT = ("label", "confidence", "quality")


def columns(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of the CSV: those of `Analysis.to_rows`, in the same order."""
    return (*PLACE, *BOX, *(f"p_{label}" for label in labels), *VERDICT)


class _TextFile:
    """A text file, or standard output, whose failures are `SinkError`."""

    def __init__(self, path: Path | str, *, overwrite: bool) -> None:
        self._owned = str(path) != STDOUT
        self._name = str(path) if self._owned else "standard output"
        self._stream: TextIO | None = sys.stdout
        if self._owned:
            path = Path(path)
            make_folder(path.parent)
            mode = open_mode(path, overwrite=overwrite)
            with writing(path):
                # A name that is no valid Unicode is written with escapes rather than lost.
                self._stream = path.open(
                    mode, encoding="utf-8", errors="backslashreplace", newline=""
                )

    def write(self, text: str) -> None:
        if self._stream is None:
            raise SinkError(f"{self._name}: is closed already")
        try:
            with writing(self._name):
                self._stream.write(text)
                self._stream.flush()
        except SinkError:
            # Closing tries to write the rest again; that it fails again is no news.
            with contextlib.suppress(SinkError):
                self.close()
            raise

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None and self._owned:
            with writing(self._name):
                stream.close()


class CsvSink:
    """A `Sink` that writes CSV: UTF-8, a header (even where there are no faces), one row per face.

    Numbers are written in full, so that reading them back gives the same values.
    """

    def __init__(self, path: Path | str, labels: Sequence[str], *, overwrite: bool = False) -> None:
        """Make the file and write the header.

        Args:
            path: The file; "-" is standard output. Its folder is made where it is missing.
            labels: The classes, in the order of the bundle.
            overwrite: Replace a file that exists.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = _TextFile(path, overwrite=overwrite)
        self._buffer = io.StringIO(newline="")
        self._writer = csv.DictWriter(self._buffer, columns(labels), lineterminator="\n")
        self._writer.writeheader()
        self._flush()

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the faces of one frame; raise `SinkError` where that fails."""
        self._writer.writerows(analysis.to_rows())
        self._flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _flush(self) -> None:
        """Hand the rows of a frame over in one piece."""
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        if text:
            self._file.write(text)


class JsonlSink:
    """A `Sink` that writes JSON Lines: UTF-8, one object per face.

    The keys are the columns of the CSV, but `box` is [x1, y1, x2, y2] and `probabilities` an object
    of label and probability.
    """

    def __init__(self, path: Path | str, *, overwrite: bool = False) -> None:
        """Make the file.

        Args:
            path: The file; "-" is standard output. Its folder is made where it is missing.
            overwrite: Replace a file that exists.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = _TextFile(path, overwrite=overwrite)

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the faces of one frame; raise `SinkError` where that fails."""
        pairs = zip(analysis.to_rows(), analysis.readings, strict=True)
        lines = []
        for row, reading in pairs:
            record = {name: row[name] for name in PLACE}
            record["box"] = list(reading.face.box.to_tuple())
            record["probabilities"] = reading.smoothed.to_dict()
            record |= {name: row[name] for name in VERDICT}
            lines.append(json.dumps(record, ensure_ascii=False) + "\n")
        if lines:
            self._file.write("".join(lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
