"""Tables of readings as Parquet: the columns of the CSV, for what is too much for text."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mien.errors import MissingExtraError, SinkError
from mien.files.locks import alone_on
from mien.files.writes import new_file
from mien.sinks.files import make_folder, refuse_existing, writing
from mien.sinks.tables import VERDICT, as_written, columns
from mien.types import Analysis, Frame

# Rows that are held in memory and written together.
ROW_GROUP = 20_000


class ParquetSink:
    """A `Sink` that writes Parquet, one row per face; the file appears when it is closed.

    What a run that is killed had read is lost, for such a file is read from its end.
    """

    def __init__(
        self,
        path: Path,
        labels: Sequence[str],
        *,
        other: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Make sure that there is room for the file.

        Args:
            path: The file. Its folder is made where it is missing.
            labels: The classes, in the order of the bundle.
            other: Whether the bundle tells something else apart.
            overwrite: Replace a file that exists, when all is read.

        Raises:
            SinkError: The file exists, or cannot be written.
            InUseError: Another process writes it.
            MissingExtraError: pyarrow is not installed.
        """
        self._schema = _schema(columns(labels, other=other))
        self._path, self._stack = path, contextlib.ExitStack()
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None
        make_folder(path.parent)
        with writing(path):
            refuse_existing(path, overwrite=overwrite)
            self._stack.enter_context(alone_on(path))

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Take the faces of one frame; raise `SinkError` where rows cannot be written."""
        if self._schema is None:
            raise SinkError(f"{self._path}: is closed already")
        with self._abandoned_on_error():
            if self._writer is None:
                self._begin()
            self._rows += analysis.to_rows()
            if len(self._rows) >= ROW_GROUP:
                self._flush()

    def close(self) -> None:
        """Finish the file; nothing is made where there was no frame."""
        if self._schema is None:
            return
        if self._writer is not None:
            with self._abandoned_on_error():
                self._flush()
                self._writer.close()
        self._schema = None
        with writing(self._path):
            self._stack.close()

    def _begin(self) -> None:
        import pyarrow.parquet as pq

        new = self._stack.enter_context(new_file(self._path))
        self._writer = pq.ParquetWriter(new, self._schema)

    def _flush(self) -> None:
        if self._rows:
            rows = [row | {"source": as_written(row["source"])} for row in self._rows]
            self._writer.write_table(load().Table.from_pylist(rows, schema=self._schema))
            self._rows = []

    @contextlib.contextmanager
    def _abandoned_on_error(self) -> Iterator[None]:
        try:
            with writing(self._path):
                yield
        except BaseException as error:
            self._schema = None
            with contextlib.suppress(OSError):
                if self._writer is not None:
                    self._writer.close()
            if self._writer is not None:
                self._writer.is_open = False  # it would try once more when it is collected
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise


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


def _schema(names: Sequence[str]) -> Any:
    pa = load()
    text = {"source", *VERDICT} - {"confidence"}
    kinds = {name: pa.string() if name in text else pa.float64() for name in names}
    kinds |= {name: pa.int64() for name in ("frame", "track_id")}
    return pa.schema([(name, kinds[name]) for name in names])
