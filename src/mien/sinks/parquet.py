"""Tables of readings as Parquet: the columns of the CSV, for what is too much for text."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mien.errors import MissingExtraError, SinkError
from mien.sinks.columns import Column, Value
from mien.sinks.files import WholeFile
from mien.sinks.layout import Layout
from mien.types import Analysis, Frame

# Rows that are held in memory and written together.
ROW_GROUP = 20_000


class ParquetSink:
    """A `Sink` that writes Parquet, one row per face; the file appears when it is closed.

    What a run that is killed had read is lost, for such a file is read from its end.
    """

    def __init__(self, path: Path, layout: Layout, *, overwrite: bool = False) -> None:
        """Make sure that there is room for the file.

        Args:
            path: The file. Its folder is made where it is missing.
            layout: Its columns, and which rows it has.
            overwrite: Replace a file that exists, when all is read.

        Raises:
            SinkError: The file exists, or cannot be written.
            InUseError: Another process writes it.
            MissingExtraError: pyarrow is not installed.
        """
        self._schema = _schema(layout.columns)
        self._layout, self._path = layout, path
        self._rows: list[dict[str, Value]] = []
        self._writer: Any = None
        self._file = WholeFile(path, overwrite=overwrite)

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Take the faces of one frame; raise `SinkError` where rows cannot be written."""
        if self._schema is None:
            raise SinkError(f"{self._path}: is closed already")
        with self._file.abandoned_on_error(self._drop):
            if self._writer is None:
                self._begin()
            self._rows += self._layout.rows(analysis)
            if len(self._rows) >= ROW_GROUP:
                self._flush()

    def close(self) -> None:
        """Finish the file; nothing is made where there was no frame."""
        if self._schema is None:
            return
        if self._writer is not None:
            with self._file.abandoned_on_error(self._drop):
                self._flush()
                self._writer.close()
        self._schema = None
        self._file.finish()

    def _begin(self) -> None:
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(self._file.begin(), self._schema)

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(load().Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []

    def _drop(self) -> None:
        self._schema = None
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer.is_open = False  # it would try once more when it is collected


def load() -> Any:
    """Return pyarrow.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("writing Parquet", "train") from error
    return pa


def _schema(columns: Sequence[Column]) -> Any:
    pa = load()
    kinds = {
        "text": pa.string(),
        "whole number": pa.int64(),
        "number": pa.float64(),
        "true or false": pa.bool_(),
    }
    return pa.schema([(column.name, kinds[column.kind]) for column in columns])
