"""Numbers that are none, infinite or absurd are refused in one line that names the option."""

import math
import os

import pytest

from mien.errors import SettingsError
from mien.settings import FEW_THREADS, check_number, check_threads


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_refused(value: float) -> None:
    with pytest.raises(SettingsError, match=f"--x must be a finite number, got {value}"):
        check_number("--x", value)


@pytest.mark.parametrize(
    ("value", "told"), [(0, "0.5 or more"), (10**400, "1,000 or less"), (1000.5, "1,000 or less")]
)
def test_what_is_out_of_range_is_refused(value: float, told: str) -> None:
    with pytest.raises(SettingsError, match=f"--x must be {told}, got"):
        check_number("--x", value, 0.5, 1000)


def test_what_is_in_range_is_taken() -> None:
    for value in (0.5, 1000, 7):
        check_number("--x", value, 0.5, 1000)


def test_threads_are_those_that_the_machine_can_use() -> None:
    most = max(FEW_THREADS, os.cpu_count() or 1)
    for threads in (1, 2, most):
        check_threads("--threads", threads)
    check_threads("--threads", 0, least=0)
    for threads in (0, -1, most + 1, 100_000):
        with pytest.raises(SettingsError, match=f"--threads must be .*, got {threads}"):
            check_threads("--threads", threads)
