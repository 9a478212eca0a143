"""The files of a folder as a table: some 70 bytes a file and no object, for folders of millions."""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


class Column(Sequence[T], Generic[T]):
    """Values that are made when they are asked for.

    Args:
        count: How many there are.
        make: Makes one, by its number from 0.
    """

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._rows, self._make = range(count), make

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, rows: int) -> T: ...
    @overload
    def __getitem__(self, rows: slice) -> "Column[T]": ...
    def __getitem__(self, rows: int | slice) -> "T | Column[T]":
        if isinstance(rows, int):
            return self._make(self._rows[rows])
        chosen, make = self._rows[rows], self._make
        return Column(len(chosen), lambda row: make(chosen[row]))


def stamp_of(path: Path) -> tuple[int, int]:
    """Return a file's size in bytes and the time of its last change in nanoseconds.

    Raises:
        OSError: There is none.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns


class Listing:
    """Files below a folder, in the order in which they are added.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names, self._ends = bytearray(), array("q", [0])
        self._folders, self._sizes, self._times = array("i"), array("q"), array("q")

    def __len__(self) -> int:
        return len(self._folders)

    def add(self, path: Path, folder: int) -> None:
        """Take a file, as it is now.

        Args:
            path: It lies below the root.
            folder: What the caller calls the folder of its class.

        Raises:
            OSError: It is gone.
        """
        size, time = stamp_of(path)
        # Names that are no UTF-8 keep their bytes.
        name = path.relative_to(self._root).as_posix().encode("utf-8", "surrogateescape")
        self._names += name
        self._ends.append(len(self._names))
        self._folders.append(folder)
        self._sizes.append(size)
        self._times.append(time)

    def origin(self, row: int) -> str:
        """Return how a file is called: its path below the root, as text that can be written."""
        return self._name(row).decode("utf-8", "backslashreplace")

    def path(self, row: int) -> Path:
        """Return where a file is."""
        return self._root / self._name(row).decode("utf-8", "surrogateescape")

    def folder(self, row: int) -> int:
        """Return the folder that it was added with."""
        return self._folders[row]

    def stamp(self, row: int) -> tuple[int, int]:
        """Return what `stamp_of` said of a file when it was added."""
        return self._sizes[row], self._times[row]

    @property
    def folders(self) -> npt.NDArray[np.int32]:
        """The folders of all files: int32 [N]."""
        return np.frombuffer(self._folders, dtype=np.int32)

    @property
    def origins(self) -> Column[str]:
        """How all files are called."""
        return Column(len(self), self.origin)

    @property
    def paths(self) -> Column[Path]:
        """Where all files are."""
        return Column(len(self), self.path)

    def _name(self, row: int) -> bytes:
        return bytes(self._names[self._ends[row] : self._ends[row + 1]])
