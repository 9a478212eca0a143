"""Arrays in files that are larger than memory: written row by row, mapped to be read.

They are not mapped to be written: a map of a file that the disk has no room for ends the process
with a signal (SIGBUS), where a write that fails is an error that can be told.
"""

import contextlib
import math
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[np.generic]


class Pictures(Protocol):
    """Pictures uint8 [N,S,S,C] that are read a part at a time: an array, or what stands for one.

    Attributes:
        shape: Of all of them.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """How many, of which sides and channels."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any: ...


# All that NumPy raises of a file that is no array, or of one whose header was changed.
_NO_ARRAY = (OSError, ValueError, TypeError, OverflowError, SyntaxError, tokenize.TokenError)


class DamagedError(Exception):
    """What was kept is cut short, or not what it is taken for; it has to be made again."""


@contextlib.contextmanager
def new_array(
    path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]
) -> Iterator[Callable[[AnyArray], None]]:
    """Write a .npy file.

    Args:
        path: The file.
        dtype: Of the array.
        shape: Of the array.

    Yields:
        A function that takes the next rows: any arrays that give `shape` one after the other.

    Raises:
        OSError: The disk is full.
        ValueError: Not as many numbers came as the shape says.
    """
    kind = np.dtype(dtype)
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        begin = file.tell()
        yield lambda rows: _write(file.write, rows, kind)
        if file.tell() - begin != math.prod(shape) * kind.itemsize:
            raise ValueError(f"{path}: rows for another shape than {shape}")


def _write(write: Callable[[bytes], object], rows: AnyArray, kind: np.dtype[np.generic]) -> None:
    write(np.ascontiguousarray(rows, kind).tobytes())


def map_array(path: Path, dtype: npt.DTypeLike, shape: tuple[int | None, ...]) -> AnyArray:
    """Map a .npy file to be read.

    Args:
        path: The file.
        dtype: What it must hold.
        shape: What it must be; None where any length will do.

    Raises:
        DamagedError: It is missing, cut short, or another array.
    """
    try:
        array = np.lib.format.open_memmap(path, "r")
    except _NO_ARRAY as error:
        raise DamagedError(path) from error
    wanted = [length in (None, found) for length, found in zip(shape, array.shape, strict=False)]
    if array.dtype != np.dtype(dtype) or array.ndim != len(shape) or not all(wanted):
        raise DamagedError(path)
    return array
