"""Lists that people write beside tables: people, events, codes by hand. CSV of any locale."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from mien.errors import TableError
from mien.parsing import NO_UTF_8, delimiter_of, encoding_of


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list.

    Attributes:
        where: The file and the line, as errors call it.
        number: Of the line in the file.
        cells: By column, without spaces around; "" where there is none.
    """

    where: str
    number: int
    cells: Mapping[str, str]


def means(word: str, source: str) -> bool:
    """Whether a word means a source: its name, the file's name alone, or a pattern of it."""
    return word in (source, PurePath(source).name) or fnmatchcase(source, word)


def read_list(path: Path, needed: Sequence[str], optional: Sequence[str], made: str) -> list[Line]:
    """Read a list with commas, semicolons or tabs; other columns are not in the way.

    Args:
        path: The file.
        needed: Columns that it must have.
        optional: Columns that it may have.
        made: How to come by one, for who has another file.

    Raises:
        TableError: It cannot be read, or lacks a column.
    """
    try:
        with path.open("rb") as file:
            encoding = encoding_of(file.read(2))
        with path.open(encoding=encoding, newline="") as text:
            delimiter = delimiter_of(text.readline())
            text.seek(0)
            lines = csv.DictReader(text, delimiter=delimiter, strict=True)
            _check(path, list(lines.fieldnames or ()), needed, optional, made)
            return list(_lines(path, lines, (*needed, *optional)))
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeError) as error:
        raise TableError(f"{path}: {NO_UTF_8} and commas ({error}); save it as one") from error


def _lines(path: Path, lines: "csv.DictReader[str]", columns: Sequence[str]) -> Iterator[Line]:
    for cells in lines:
        number = lines.line_num
        told = {column: (cells.get(column) or "").strip() for column in columns}
        yield Line(f"{path}, line {number}", number, told)


def _check(
    path: Path, header: Sequence[str], needed: Sequence[str], optional: Sequence[str], made: str
) -> None:
    for wanted in needed:
        if wanted not in header:
            choice = f" and, by choice, {', '.join(optional)}" if optional else ""
            raise TableError(
                f"{path}: no column {wanted!r}; it has {', '.join(needed)}{choice}; {made}"
            )
