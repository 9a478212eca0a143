"""Tables of readings, one row per face: CSV and JSON Lines.

Rows are handed to the system after every frame, so a run that is killed keeps what it had.
"""

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TextIO

from mien.errors import SinkError
from mien.files.disk import sync
from mien.files.locks import alone_on
from mien.sinks.files import make_folder, open_mode, writing
from mien.types import Analysis, Frame

STDOUT = "-"
ESCAPES = "backslashreplace"
PLACE = ("source", "frame", "time", "track_id")
BOX = ("x1", "y1", "x2", "y2")
VERDICT = ("label", "confidence", "shown", "quality", "reason")
OTHER = "p_other"


def columns(labels: Sequence[str], *, other: bool = False) -> tuple[str, ...]:
    """Return the columns of the CSV: those of `Analysis.to_rows`, in the same order.

    Args:
        labels: The classes, in the order of the bundle.
        other: Whether the bundle tells something else apart; without, the last column is left out.
    """
    return (*PLACE, *BOX, *(f"p_{label}" for label in labels), *VERDICT, *([OTHER] * other))


class _TextFile:
    """A text file, or standard output, whose failures are `SinkError`.

    A file that exists is emptied when there is something to replace it with, not before; one that
    was made for nothing is removed, so that it is not in the way of the next try.
    """

    def __init__(self, path: Path | str, *, overwrite: bool) -> None:
        self._path = None if str(path) == STDOUT else Path(path)
        self._name = "standard output" if self._path is None else str(path)
        self._stream: TextIO | None = sys.stdout
        self._begun = self._made = False
        self._size = 0
        self._claim = contextlib.ExitStack()
        if self._path is not None:
            make_folder(self._path.parent)
            with writing(path):
                self._claim.enter_context(alone_on(self._path))
            try:
                self._stream = self._open(self._path, overwrite)
            except SinkError:
                self._claim.close()
                raise

    def _open(self, path: Path, overwrite: bool) -> TextIO:
        mode: Literal["a", "x"] = "a" if open_mode(path, overwrite=overwrite) == "w" else "x"
        with writing(path):
            self._made = not path.exists()
            # A name that is no valid Unicode is written with escapes rather than lost.
            return path.open(mode, encoding="utf-8", errors=ESCAPES, newline="")

    def write(self, text: str) -> None:
        """Hand whole lines to the system; where that fails, none of them is left half."""
        if self._stream is None:
            raise SinkError(f"{self._name}: is closed already")
        text = _as_on_disk(text)
        try:
            with writing(self._name):
                self._begin(self._stream)
                self._stream.write(text)
                self._stream.flush()
        except SinkError:
            self._cut()
            raise
        self._size += len(text.encode("utf-8", ESCAPES))

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None or self._path is None:
            return
        with self._claim, writing(self._name):
            stream.close()
            if self._made and not self._begun:
                self._path.unlink()
            elif self._path.is_file():
                sync(self._path)

    def _begin(self, stream: TextIO) -> None:
        if not self._begun and self._path is not None and self._path.is_file():
            stream.truncate(0)
        self._begun = True

    def _cut(self) -> None:
        """Close, and leave what was written before; that more of it fails is no news."""
        with contextlib.suppress(SinkError):
            self.close()
        if self._path is None or not self._path.is_file():
            return
        with contextlib.suppress(OSError):
            if self._made and not self._size:
                self._path.unlink()
            else:
                os.truncate(self._path, self._size)


def as_written(name: str) -> str:
    """Return a file's name as tables have it: what is no valid Unicode as escapes."""
    return _as_on_disk(name).encode("utf-8", ESCAPES).decode("utf-8")


def _as_on_disk(text: str) -> str:
    """Return names as they are stored, also where the system says that it knows ASCII only."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return text


class CsvSink:
    """A `Sink` that writes CSV: UTF-8, a header (even where there are no faces), one row per face.

    Numbers are written in full, so that reading them back gives the same values.
    """

    def __init__(
        self,
        path: Path | str,
        labels: Sequence[str],
        *,
        other: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Make the file.

        Args:
            path: The file; "-" is standard output. Its folder is made where it is missing.
            labels: The classes, in the order of the bundle.
            other: Whether the bundle tells something else apart.
            overwrite: Replace a file that exists, with the first frame.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = _TextFile(path, overwrite=overwrite)
        self._buffer = io.StringIO(newline="")
        self._writer = csv.DictWriter(
            self._buffer,
            columns(labels, other=other),
            extrasaction="ignore",
            lineterminator="\n",
        )
        self._writer.writeheader()

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the faces of one frame; raise `SinkError` where that fails."""
        self._writer.writerows(analysis.to_rows())
        # In one piece, the first time with the header.
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        self._file.write(text)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class JsonlSink:
    """A `Sink` that writes JSON Lines: UTF-8, one object per face.

    The keys are the columns of the CSV, but `box` is [x1, y1, x2, y2] and `probabilities` an object
    of label and probability.
    """

    def __init__(self, path: Path | str, *, other: bool = False, overwrite: bool = False) -> None:
        """Make the file.

        Args:
            path: The file; "-" is standard output. Its folder is made where it is missing.
            other: Whether the bundle tells something else apart.
            overwrite: Replace a file that exists, with the first frame.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = _TextFile(path, overwrite=overwrite)
        self._verdict = (*VERDICT, *([OTHER] * other))

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the faces of one frame; raise `SinkError` where that fails."""
        pairs = zip(analysis.to_rows(), analysis.readings, strict=True)
        lines = []
        for row, reading in pairs:
            record = {name: row[name] for name in PLACE}
            record["box"] = list(reading.face.box.to_tuple())
            record["probabilities"] = reading.smoothed.to_dict()
            record |= {name: row[name] for name in self._verdict}
            lines.append(json.dumps(record, ensure_ascii=False) + "\n")
        self._file.write("".join(lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
