"""What both files of FER2013 are: csv files with a header that is known."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from mien.errors import DatasetError
from mien.files.pickles import refuse_pickle

USAGES = ("Training", "PublicTest", "PrivateTest")
TRAINING = USAGES[0]


def open_file(path: Path) -> IO[bytes]:
    """Open a file.

    Raises:
        DatasetError: It is missing, or cannot be read.
    """
    refuse_pickle(path, DatasetError, "name the csv file")
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        # A name that no system could have is a ValueError.
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{path}: cannot be read: {reason}") from error


def read_rows(path: Path, lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the rows of a csv file.

    Raises:
        DatasetError: It is none, as where a field has no end.
    """
    try:
        yield from csv.reader(lines)
    except csv.Error as error:
        raise DatasetError(f"{path}: not a csv file ({error}); get the file again") from error


def check_header(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Compare a header with what it must be.

    Raises:
        DatasetError: It is another one.
    """
    if tuple(name.strip() for name in found) != tuple(wanted):
        raise DatasetError(
            f"{path}:1: the columns are {','.join(found)[:80]!r} instead of "
            f"{','.join(wanted)!r}; is this the right file?"
        )
