"""What metadata.csv adds to folders of pictures: who is who, and labels that are shares.

    file_name,group,angry,happy
    happy/anna 1.jpg,anna,0.1,0.9

docs/folders.md describes it. A column of file names, with paths below the folder; perhaps one that
says who or what must not be torn apart, such as a person; perhaps one per class, all or none of
them, with the share of each class, for instance votes. Other columns are not used.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.datasets.inputs.nobody import is_nobody
from mien.errors import DatasetError
from mien.parsing import delimiter_of, encoding_of

FILE_COLUMNS = (
    *("file_name", "filename", "file", "file_path", "filepath", "path", "name"),
    *("image", "image_name", "image_path", "image_file", "picture", "picture_name", "img", "photo"),
)
# In the order in which they are taken where there are several; `_id`, `_no` and so on may follow.
GROUP_COLUMNS = (
    *("group", "person", "subject", "participant", "identity", "individual", "actor"),
    *("patient", "proband", "speaker", "subj", "sub", "ppt", "pid", "vp", "id"),
)
_ENDS = re.compile(r"_(id|ids|no|nr|num|number|code|name)$")
# Of what a row says in an error: a field may be as long as a book.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class FileNote:
    """What is said of one file.

    Attributes:
        group: Who or what must not be torn apart; "" where that is not known.
        soft: Its soft label; () for none.
    """

    group: str = ""
    soft: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a metadata.csv says.

    Attributes:
        notes: What is said of each file, by the file name as it is written.
        group_column: The column that says who is who; "" where there is none.
        unused: The columns that are not used.
        nobody: The words of that column that name nobody, such as "NA", or "" for none.
    """

    notes: Mapping[str, FileNote] = field(default_factory=dict)
    group_column: str = ""
    unused: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Columns:
    file: str
    group: str
    shares: tuple[str, ...]
    unused: tuple[str, ...]


def read_metadata(path: Path, classes: Sequence[str]) -> Metadata:
    """Read metadata.csv: separated by commas, semicolons or tabs, in UTF-8 or UTF-16.

    Args:
        path: The file; it may be absent.
        classes: The classes, which may be columns.

    Returns:
        What it says; nothing where there is no such file.

    Raises:
        DatasetError: A column is missing, or a row is wrong.
    """
    if not path.exists():
        return Metadata()
    try:
        text = _text(path)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        header = [name.strip() for name in next(rows, [])]
        columns = _columns(path, header, classes)
        notes, nobody = dict[str, FileNote](), set[str]()
        for row in rows:
            if any(cell.strip() for cell in row):
                cells = _cells(f"{path}:{rows.line_num}", row, header, columns)
                _take(notes, nobody, f"{path}:{rows.line_num}", cells, columns)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeError) as error:
        raise DatasetError(f"{path}: not a csv file in UTF-8 ({error}); save it as one") from error
    return Metadata(notes, columns.group, columns.unused, tuple(sorted(nobody)))


def _text(path: Path) -> str:
    data = path.read_bytes()
    return data.decode(encoding_of(data))


def _delimiter(text: str) -> str:
    return delimiter_of(text.lstrip("\r\n").split("\n", 1)[0])


def _columns(path: Path, header: Sequence[str], classes: Sequence[str]) -> _Columns:
    twice = [name for name in header if name and header.count(name) > 1]
    if twice:
        raise DatasetError(f"{path}:1: two columns are called {_short(twice[0])!r}; rename one")
    plain = {name: _plain(name) for name in header if name not in classes}
    file = _first(plain, FILE_COLUMNS)
    if not file:
        raise DatasetError(
            f"{path}:1: no column 'file_name' among {_listing(header) or 'none'}; call the column "
            "of the files' paths so"
        )
    rest = {name: _ENDS.sub("", text) for name, text in plain.items() if name != file}
    group = _first(rest, GROUP_COLUMNS)
    absent = [name for name in classes if name not in header]
    if absent and len(absent) < len(classes):
        raise DatasetError(
            f"{path}:1: no column for class {absent[0]!r}; give all classes a column, or none"
        )
    shares = () if absent else tuple(classes)
    used = {file, group, "", *shares}
    return _Columns(file, group, shares, tuple(name for name in header if name not in used))


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().casefold())


def _first(names: Mapping[str, str], wanted: Sequence[str]) -> str:
    """Return the name whose plain form comes first among the wanted ones; "" for none."""
    known = [name for name, plain in names.items() if plain in wanted]
    return min(known, key=lambda name: wanted.index(names[name]), default="")


def _cells(
    place: str, row: Sequence[str], header: Sequence[str], columns: _Columns
) -> Mapping[str, str]:
    """Return what a row says in each column; the last ones may be absent."""
    cells = dict(zip(header, map(str.strip, row), strict=False))
    if not cells.get(columns.file) or len(row) > len(header):
        raise DatasetError(f"{place}: no file name, or too many columns; mend this row")
    return cells


def _take(
    notes: dict[str, FileNote],
    nobody: set[str],
    place: str,
    cells: Mapping[str, str],
    columns: _Columns,
) -> None:
    """Add what a row says of its file."""
    name = cells[columns.file]
    shares = _shares(place, [cells.get(column, "") for column in columns.shares])
    group = cells.get(columns.group, "") if columns.group else ""
    if columns.group and is_nobody(group):
        # Else all these rows were one person, and kept in one split.
        nobody.add(group)
        group = ""
    note = FileNote(group, shares)
    if notes.setdefault(name, note) != note:
        raise DatasetError(
            f"{place}: {_short(name)} has another row, which says something else; keep one of them"
        )


def _shares(place: str, texts: Sequence[str]) -> tuple[float, ...]:
    if not any(texts):
        return ()
    try:
        values = [float(text.replace(",", ".") or "0") for text in texts]
    except ValueError:
        values = [math.nan]
    total = sum(values)
    if not (math.isfinite(total) and total > 0 and min(values) >= 0):
        raise DatasetError(
            f"{place}: the shares {_listing(texts)} must be numbers of 0 or more, one of "
            "them above 0; mend this row"
        )
    return tuple(value / total for value in values)


def _listing(texts: Sequence[str]) -> str:
    return _short(", ".join(_short(text) for text in texts), 3 * LONGEST)


def _short(text: str, length: int = LONGEST) -> str:
    return text if len(text) <= length else f"{text[:length]}…"
