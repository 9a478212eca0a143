"""What metadata.csv adds to folders of pictures: groups, and labels that are shares.

    file_name,group,angry,happy
    happy/anna 1.jpg,anna,0.1,0.9

`file_name` is the path below the folder. `group` names what must not be torn apart, such as a
person. A column per class, all or none of them, gives the share of each class, for instance votes;
where they are empty the folder's name is the label.
"""

import csv
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.errors import DatasetError

METADATA = "metadata.csv"


@dataclass(frozen=True, slots=True)
class FileNote:
    """What is said of one file: its group, "" for none, and its soft label, () for none."""

    group: str = ""
    soft: tuple[float, ...] = ()


def note_key(name: str) -> str:
    """Return a file name as it is compared: macOS writes accents otherwise than editors do."""
    return unicodedata.normalize("NFC", name.removeprefix("./"))


def read_metadata(path: Path, classes: Sequence[str]) -> dict[str, FileNote]:
    """Read metadata.csv.

    Args:
        path: The file; it may be absent.
        classes: The classes, which may be columns.

    Returns:
        What is said of each file, under its `note_key`; empty where there is no such file.

    Raises:
        DatasetError: A column is missing or unknown, or a row is wrong.
    """
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, list(reader.fieldnames or ()), classes)
            return dict(_note(path, reader.line_num, row, classes) for row in reader)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a csv file in UTF-8 ({error}); save it as one") from error


def _check_columns(path: Path, columns: Sequence[str], classes: Sequence[str]) -> None:
    unknown = [name for name in columns if name not in ("file_name", "group", *classes)]
    if "file_name" not in columns or unknown:
        fault = f"unknown column {unknown[0]!r}" if unknown else "no column 'file_name'"
        raise DatasetError(
            f"{path}:1: {fault}; it may hold file_name, group and one column per class folder"
        )
    absent = [name for name in classes if name not in columns]
    if absent and len(absent) < len(classes):
        raise DatasetError(
            f"{path}:1: no column for class {absent[0]!r}; give all classes a column, or none"
        )


def _note(
    path: Path, line: int, row: dict[str, str | None], classes: Sequence[str]
) -> tuple[str, FileNote]:
    name = row["file_name"]
    if not name or None in row:
        raise DatasetError(f"{path}:{line}: no file name, or too many columns; mend this row")
    texts = [(row.get(c) or "").strip() for c in classes]
    return note_key(name), FileNote(row.get("group") or "", _shares(path, line, texts))


def _shares(path: Path, line: int, texts: Sequence[str]) -> tuple[float, ...]:
    if not any(texts):
        return ()
    try:
        values = [float(text or "0") for text in texts]
    except ValueError:
        values = [math.nan]
    total = sum(values)
    if not (math.isfinite(total) and total > 0 and min(values) >= 0):
        raise DatasetError(
            f"{path}:{line}: the shares {', '.join(texts)} must be numbers of 0 or more, one of "
            "them above 0; mend this row"
        )
    return tuple(value / total for value in values)
