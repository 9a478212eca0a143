"""Numbers that people give: one check for all options, whoever takes them."""

import math
import os

from mien.errors import SettingsError

# More threads than processors only wait for each other, and thousands take minutes to start; but a
# few more than a small machine has are no mistake.
FEW_THREADS = 16


def check_number(
    option: str, value: float, least: float = -math.inf, most: float = math.inf
) -> None:
    """Refuse a number that is none, infinite, or out of range.

    Args:
        option: What to call it, as `--seconds`.
        value: The number.
        least: Smallest that is taken.
        most: Largest that is taken.

    Raises:
        SettingsError: It cannot be taken; the message says what can.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{option} must be a finite number, got {value}")
    if value < least:
        raise SettingsError(f"{option} must be {least:.12g} or more, got {value}")
    if value > most:
        raise SettingsError(f"{option} must be {most:,.12g} or less, got {value}")


def check_threads(option: str, threads: int, least: int = 1) -> None:
    """Refuse a number of threads or processes that this machine cannot use.

    Args:
        option: What to call it.
        threads: The number.
        least: 0 where that leaves the choice to a library.

    Raises:
        SettingsError: There are fewer than `least`, or many more than there are processors.
    """
    check_number(option, threads, least, max(FEW_THREADS, os.cpu_count() or 1))
