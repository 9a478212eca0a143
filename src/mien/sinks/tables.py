"""Tables of readings as text, one row per face: CSV and JSON Lines.

Rows are handed to the system after every frame, so a run that is killed keeps what it had.
"""

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from mien.errors import SinkError
from mien.files.disk import sync
from mien.files.locks import alone_on
from mien.sinks.columns import COLUMNS, Column, Value
from mien.sinks.files import ESCAPES, as_on_disk, make_folder, open_mode, try_out, writing
from mien.sinks.layout import Decimal, Layout
from mien.types import Analysis, Frame

STDOUT = "-"
# By which Excel knows UTF-8.
BOM = "\ufeff"


class TextFile:
    """A text file, or standard output, whose failures are `SinkError`.

    It is made, or emptied, when there is something to write, not before: what is made for nothing
    is in the way of the next try.
    """

    def __init__(self, path: Path | str, *, overwrite: bool) -> None:
        self._path = None if str(path) == STDOUT else Path(path)
        self._name = "standard output" if self._path is None else str(path)
        self._overwrite = overwrite
        self._stream: TextIO | None = None
        self._closed = self._begun = self._made = False
        self._size = 0
        self._claim = contextlib.ExitStack()
        if self._path is not None:
            make_folder(self._path.parent)
            with writing(path):
                self._claim.enter_context(alone_on(self._path))
            try:
                try_out(self._path, overwrite=overwrite)
            except SinkError:
                self._claim.close()
                raise

    def _open(self) -> TextIO:
        path = self._path
        if path is None and sys.stdout is None:
            raise SinkError(f"{self._name}: is closed already")
        if path is None:
            return sys.stdout
        mode: Literal["a", "x"] = "a" if open_mode(path, overwrite=self._overwrite) == "w" else "x"
        self._made = not path.exists()
        # A name that is no valid Unicode is written with escapes rather than lost.
        return path.open(mode, encoding="utf-8", errors=ESCAPES, newline="")

    def write(self, text: str) -> None:
        """Hand whole lines to the system; where that fails, none of them is left half."""
        if self._closed:
            raise SinkError(f"{self._name}: is closed already")
        text = as_on_disk(text)
        try:
            with writing(self._name):
                stream = self._begin()
                stream.write(text)
                stream.flush()
        except SinkError:
            self._cut()
            raise
        self._size += len(text.encode("utf-8", ESCAPES))

    def close(self) -> None:
        """Close it."""
        self._closed = True
        stream, self._stream = self._stream, None
        with self._claim, writing(self._name):
            if stream is None or self._path is None:
                return
            stream.close()
            if self._path.is_file():
                sync(self._path)

    def _begin(self) -> TextIO:
        """Return what is written to; the first time it is made, or emptied."""
        self._stream = self._stream or self._open()
        if not self._begun and self._path is not None and self._path.is_file():
            self._stream.truncate(0)
        self._begun = True
        return self._stream

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


class CsvSink:
    """A `Sink` that writes CSV: UTF-8, a header (even where there are no faces), one row per face.

    Numbers are written in full, so that reading them back gives the same values.
    """

    def __init__(
        self,
        path: Path | str,
        layout: Layout,
        *,
        overwrite: bool = False,
        decimal: Decimal = ".",
        bom: bool = False,
    ) -> None:
        """Make the file.

        Args:
            path: The file; "-" is standard output. Its folder is made where it is missing.
            layout: Its columns, and which rows it has.
            overwrite: Replace a file that exists, with the first frame.
            decimal: Between a number's whole and its fraction; with a comma, semicolons part
                columns.
            bom: Begin with the mark by which Excel knows UTF-8.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = TextFile(path, overwrite=overwrite)
        self._layout, self._decimal = layout, decimal
        self._buffer = io.StringIO(newline="")
        self._buffer.write(BOM if bom else "")
        delimiter = "," if decimal == "." else ";"
        self._writer = csv.writer(self._buffer, delimiter=delimiter, lineterminator="\n")
        self._writer.writerow(layout.names)

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the rows of one frame; raise `SinkError` where that fails."""
        for row in self._layout.rows(analysis):
            self._writer.writerow(map(self._cell, row.values()))
        # In one piece, the first time with the header.
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        self._file.write(text)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _cell(self, value: Value) -> Value:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and self._decimal != ".":
            return repr(value).replace(".", self._decimal)
        return value


class JsonlSink:
    """A `Sink` that writes JSON Lines: UTF-8, one object per face.

    The keys are the columns of the CSV, but `box` is [x1, y1, x2, y2], `probabilities` (and `raw`)
    an object of label and probability, and `landmarks` five pairs [x, y].
    """

    def __init__(self, path: Path | str, layout: Layout, *, overwrite: bool = False) -> None:
        """Make the file.

        Args:
            path: The file; "-" is standard output. Its folder is made where it is missing.
            layout: Its columns, and which rows it has.
            overwrite: Replace a file that exists, with the first frame.

        Raises:
            SinkError: The file exists, or cannot be written.
        """
        self._file = TextFile(path, overwrite=overwrite)
        self._layout = layout
        self._keys = tuple(_keys(layout.columns))

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the rows of one frame; raise `SinkError` where that fails."""
        lines = []
        for row in self._layout.rows(analysis):
            record = {key: _nested(row, columns) for key, columns in self._keys}
            lines.append(json.dumps(record, ensure_ascii=False) + "\n")
        self._file.write("".join(lines))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _keys(columns: Sequence[Column]) -> Iterator[tuple[str, list[Column]]]:
    """Yield each key of a record with its columns: several where they are one value there."""
    nests: dict[str, list[Column]] = {}
    for column in columns:
        nests.setdefault(column.nest, []).append(column)
    for column in columns:
        beside = nests[column.nest]
        # Of half a box there is no box.
        is_whole = column.label or len(beside) == sum(one.nest == column.nest for one in COLUMNS)
        if not column.nest or not is_whole:
            yield column.name, [column]
        elif column is beside[0]:
            yield column.nest, sorted(beside, key=_place)


def _place(column: Column) -> int:
    return next((at for at, one in enumerate(COLUMNS) if one.name == column.name), 0)


def _nested(row: dict[str, Value], columns: Sequence[Column]) -> Any:
    values = [row[column.name] for column in columns]
    first = columns[0]
    if len(columns) == 1 and not first.label:
        return values[0]
    if all(value is None for value in values):
        return None
    if first.label:
        return {column.label: row[column.name] for column in columns}
    if first.nest == "landmarks":
        return [list(pair) for pair in zip(values[::2], values[1::2], strict=True)]
    return values
