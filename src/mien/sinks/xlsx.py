"""Tables of readings as .xlsx, for Excel and LibreOffice: the columns of the CSV."""

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mien.errors import MissingExtraError, SinkError
from mien.sinks.columns import Value
from mien.sinks.files import WholeFile
from mien.sinks.layout import Layout
from mien.types import Analysis, Frame

# Of a sheet, the header among them: Excel takes no more, and what is beyond goes on the next one.
MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
SHEET = "readings"
# In the place of the time at which it was written, so that two runs agree byte for byte.
MADE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)


class XlsxSink:
    """A `Sink` that writes .xlsx, one row per face; the file appears when it is closed.

    Rows wait on the disk and not in memory. After a million of them another sheet begins. What a
    run that is killed had read is lost.
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
            MissingExtraError: XlsxWriter is not installed.
        """
        load()
        self._layout, self._path = layout, path
        self._book: Any = None
        self._sheet: Any = None
        self._sheets = self._row = 0
        self._closed = False
        self._file = WholeFile(path, overwrite=overwrite)

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Write the rows of one frame; raise `SinkError` where that fails."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed already")
        with self._file.abandoned_on_error(self._drop), _unwrapped():
            if self._book is None:
                self._begin()
            for row in self._layout.rows(analysis):
                self._put(list(row.values()))

    def close(self) -> None:
        """Finish the file; nothing is made where there was no frame."""
        if self._closed:
            return
        with self._file.abandoned_on_error(self._drop), _unwrapped():
            if self._book is not None:
                self._book.close()
        self._closed = True
        self._file.finish()

    def _begin(self) -> None:
        new = self._file.begin()
        # What waits lies beside the file: a full disk is then the one that was named.
        options = {"constant_memory": True, "tmpdir": str(new.parent)}
        self._book = load().Workbook(str(new), options)
        self._book.use_zip64()
        self._book.set_properties({"created": MADE})
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        name = SHEET if self._sheets == 1 else f"{SHEET}-{self._sheets}"
        self._sheet, self._row = self._book.add_worksheet(name), 0
        self._sheet.freeze_panes(1, 0)
        self._put(list(self._layout.names))

    def _put(self, values: list[Value]) -> None:
        if self._row == MOST_ROWS:
            self._begin_sheet()
        for column, value in enumerate(values):
            # By kind, so that no text is taken for a formula, a number or an address.
            if isinstance(value, bool):
                self._sheet.write_boolean(self._row, column, value)
            elif isinstance(value, str):
                self._sheet.write_string(self._row, column, value[:LONGEST_TEXT])
            elif value is not None:
                self._sheet.write_number(self._row, column, value)
        self._row += 1

    def _drop(self) -> None:
        self._closed = True
        if self._book is not None:
            self._book.fileclosed = True  # it would warn when it is collected


@contextlib.contextmanager
def _unwrapped() -> Iterator[None]:
    """Raise what the system reported, where the library has put it into an error of its own."""
    try:
        yield
    except load().exceptions.FileCreateError as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


def load() -> Any:
    """Return XlsxWriter.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise MissingExtraError("writing .xlsx", "xlsx") from error
    return xlsxwriter
