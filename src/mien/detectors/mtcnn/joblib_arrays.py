"""Reads float32 arrays out of a file written by joblib, and lets nothing else happen.

A pickle is a program, and the usual readers run whatever it asks for. This one knows three names,
stands its own inert classes in for them, and refuses every other. joblib is not needed.

joblib writes a list as a pickle in which each array is a `NumpyArrayWrapper` that says shape and
type; the array's bytes lie in the stream right behind the wrapper, after a padding whose length is
in its first byte.
"""

import io
import math
import pickle
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from mien.errors import BundleError, one_line
from mien.types import FloatArray


def read_arrays(data: bytes, name: str) -> list[FloatArray]:
    """Read a list of arrays.

    Args:
        data: The uncompressed contents of a joblib file, as joblib 1.2 and later write it.
        name: What to call it in errors.

    Returns:
        The float32 arrays in the order of the list.

    Raises:
        BundleError: The file is damaged, or holds anything but little-endian float32 arrays.
    """
    try:
        stored = _ArrayUnpickler(io.BytesIO(data)).load()
    # What `pickle` documents for damaged input, and what its opcodes raise in practice.
    except (
        *(pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError),
        *(MemoryError, OverflowError, TypeError, ValueError),
    ) as error:
        reason = one_line(error)
        raise BundleError(f"{name}: not a list of arrays as joblib writes it ({reason})") from error
    if not isinstance(stored, list) or not all(isinstance(item, _Stored) for item in stored):
        raise BundleError(f"{name}: not a list of arrays as joblib writes it; get the file again")
    return [item.values for item in stored]


class _Ndarray:
    """Stands for `numpy.ndarray`, which a wrapper only names."""

    def __new__(cls) -> "_Ndarray":
        raise pickle.UnpicklingError("an array outside a wrapper")


class _Float32:
    """Stands for `numpy.dtype`, and is satisfied with little-endian float32 only."""

    def __init__(self, code: str, *_flags: object) -> None:
        if code != "f4":
            raise pickle.UnpicklingError(f"elements of type {code!r} instead of 'f4'")

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1] != "<":
            raise pickle.UnpicklingError(f"byte order {state[1]!r} instead of '<'")


class _Stored:
    """Stands for joblib's `NumpyArrayWrapper`: reads its array as soon as it knows the shape."""

    stream: ClassVar[io.BytesIO]
    values: FloatArray

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        shape = tuple(int(side) for side in state["shape"])
        if not isinstance(state["dtype"], _Float32) or state["subclass"] is not _Ndarray:
            raise pickle.UnpicklingError("something that is not a plain float32 array")
        self.stream.read(self.stream.read(1)[0])
        raw = self.stream.read(4 * math.prod(shape))
        flat = np.frombuffer(raw, dtype="<f4").astype(np.float32)
        self.values = flat.reshape(shape, order=state["order"])


class _ArrayUnpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        # The wrapper is made by the pickle itself, so a class attribute hands it the stream.
        wrapper = type("_StoredHere", (_Stored,), {"stream": stream})
        self._allowed: dict[tuple[str, str], type] = {
            ("joblib.numpy_pickle", "NumpyArrayWrapper"): wrapper,
            ("numpy", "ndarray"): _Ndarray,
            ("numpy", "dtype"): _Float32,
        }

    def find_class(self, module: str, name: str) -> type:
        """Return the stand-in for one of the three known names; refuse all others."""
        try:
            return self._allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None
