"""What the benchmarks' tests share."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

Importer = Callable[[str], ModuleType]


def check(result: Any, rows: int) -> None:
    """Every row has its numbers, all finite; none but a difference of memory is below zero."""
    assert len(result.rows) == rows
    for row in result.rows:
        numbers = {key: value for key, value in row.items() if isinstance(value, int | float)}
        assert len(numbers) >= 3
        for key, value in numbers.items():
            assert math.isfinite(value), key
            assert value >= 0 or key == "growth", key
    assert all(cells[0] for cells in result.cells())
