"""One small reader for each format: each yields chunks of columns, and holds no more than one."""

import contextlib
import csv
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mien.errors import MissingExtraError, TableError, told_as
from mien.files.pickles import refuse_pickle
from mien.parsing import NO_UTF_8, decode_json, delimiter_of, encoding_of
from mien.recordings.tables.columns import Chunk, Layout, Wanted
from mien.sinks.columns import BOX

# Rows of a chunk: large enough for numpy, small as text.
ROWS = 50_000


def read_csv(wanted: Wanted) -> Iterator[Chunk]:
    """Read a csv file: with commas, semicolons or tabs, in UTF-8 or UTF-16, with a mark or not."""
    path = wanted.path
    with _opened(path):
        with path.open("rb") as file:
            encoding = encoding_of(file.read(2))
        with path.open(encoding=encoding, newline="") as text:
            first = text.readline()
            text.seek(0)
            lines = csv.reader(text, delimiter=delimiter_of(first), strict=True)
            try:
                yield from _from_rows(wanted, lines)
            except csv.Error as error:
                raise TableError(
                    f"{path}, line {lines.line_num}: is damaged ({error}); mend or remove it"
                ) from error


def read_xlsx(wanted: Wanted) -> Iterator[Chunk]:
    """Read the first sheet of an Excel workbook."""
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtraError("reading .xlsx", "study") from error
    path = wanted.path
    with _opened(path), told_as(TableError, str(path), "no Excel workbook that can be read"):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        with contextlib.closing(book):
            yield from _from_rows(wanted, book.worksheets[0].iter_rows(values_only=True))


def read_jsonl(wanted: Wanted) -> Iterator[Chunk]:
    """Read JSON Lines; `box` and `probabilities` are nested there."""
    path = wanted.path
    with _opened(path), path.open("rb") as file:
        rows = _flat_rows(path, file)
        first = next(rows, None)
        if first is None:
            return
        layout, names = wanted.layout(list(first))
        row = 1
        for some in _groups(itertools.chain([first], rows)):
            cells = {name: [one.get(name) for one in some] for name in names}
            yield Chunk(layout, cells, row, len(some))
            row += len(some)


def read_parquet(wanted: Wanted) -> Iterator[Chunk]:
    """Read Parquet."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "train") from error
    path = wanted.path
    what = told_as(TableError, str(path), "no Parquet file that can be read")
    with _opened(path), what, pq.ParquetFile(path) as file:
        layout, names = wanted.layout(file.schema_arrow.names)
        row = 1
        for batch in file.iter_batches(batch_size=ROWS, columns=list(names)):
            cells = {name: _values(batch.column(name)) for name in names}
            yield Chunk(layout, cells, row, batch.num_rows)
            row += batch.num_rows


READERS: Mapping[str, Callable[[Wanted], Iterator[Chunk]]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
    ".xlsx": read_xlsx,
}


def read_chunks(wanted: Wanted) -> Iterator[Chunk]:
    """Read a table in chunks, by the ending of its name.

    Raises:
        TableError: It cannot be read, or is no table of readings.
        MissingExtraError: What reads it is not installed.
    """
    reader = READERS.get(wanted.path.suffix.lower())
    if reader is None:
        refuse_pickle(wanted.path, TableError, "save the table as .csv, with to_csv in pandas")
        *most, last = READERS
        raise TableError(
            f"{wanted.path}: no table that mien reads; name a {', '.join(most)} or {last} file, or "
            "a folder of them"
        )
    return reader(wanted)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be read."""
    try:
        yield
    except UnicodeError as error:
        raise TableError(f"{path}: {NO_UTF_8}; save it as one") from error
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror or error}") from error


def _from_rows(wanted: Wanted, rows: Iterable[Sequence[Any]]) -> Iterator[Chunk]:
    """Yield chunks of rows of cells, the first of which is the header."""
    rows = iter(rows)
    header = ["" if name is None else str(name).strip() for name in next(rows, ())]
    layout, names = wanted.layout(header)
    places = [header.index(name) for name in names]
    row = 2
    for some in _groups(one for one in rows if any(cell not in ("", None) for cell in one)):
        _refuse_cut(layout, row, some, len(header))
        cells = {n: [one[p] for one in some] for n, p in zip(names, places, strict=True)}
        yield Chunk(layout, cells, row, len(some))
        row += len(some)


def _refuse_cut(layout: Layout, row: int, some: Sequence[Sequence[Any]], width: int) -> None:
    """Refuse a row that has too few cells, as the last one of a copy that broke off."""
    for index, one in enumerate(some):
        if len(one) < width:
            raise TableError(
                f"{layout.name}, row {row + index}: has {len(one)} cells and not {width}; mend or "
                "remove it"
            )


def _groups(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while some := list(itertools.islice(rows, ROWS)):
        yield some


def _flat_rows(path: Path, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _flat(decode_json(line, dict))
        except (ValueError, TypeError, AttributeError) as error:
            raise TableError(
                f"{path}, line {number}: is damaged ({error}); mend or remove it"
            ) from error


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    box = row.pop("box", None) or (None,) * len(BOX)
    probabilities = row.pop("probabilities", None) or {}
    flat = {f"p_{name}": value for name, value in probabilities.items()}
    return {**row, **dict(zip(BOX, box, strict=True)), **flat}


def _values(column: Any) -> Any:
    """Return a column of Arrow's: numbers as an array, texts as a list."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return column.to_numpy(zero_copy_only=False)
    return column.to_pylist()
