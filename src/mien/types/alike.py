"""Values that hold arrays: equal by what is in them, and made anew when unpickled."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np


class ByValue:
    """Base of frozen dataclasses with arrays among their fields (`eq=False`).

    They are equal where all fields are, arrays by what is in them. Copies and what comes out of
    pickle go through the constructor: they are checked, and their arrays read-only, as all are.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(map(_alike, _values(self), _values(other)))

    def __hash__(self) -> int:
        return hash(tuple(one for one in _values(self) if not isinstance(one, _UNHASHED)))

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), tuple(_values(self))


_UNHASHED = (np.ndarray, Mapping)


def _values(one: object) -> list[Any]:
    return [getattr(one, field.name) for field in dataclasses.fields(one)]  # type: ignore[arg-type]


def _alike(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    # An array and something else would be compared element by element.
    return not isinstance(one, np.ndarray) and not isinstance(other, np.ndarray) and one == other
