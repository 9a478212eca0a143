"""Figures written out, on a page and in a terminal's table; a dash for what nobody knows."""

import math

from rich import box
from rich.table import Table

from mien.evaluation.figures.names import write_figure
from mien.evaluation.figures.summary import Estimate

UNKNOWN = "–"


def percent(value: float) -> str:
    """Write a share with one decimal; a dash for nan."""
    return UNKNOWN if math.isnan(value) else f"{_tenths(value)}%"


def decimal(value: float, *, signed: bool = False) -> str:
    """Write a figure that is no share with three decimals; a dash for nan."""
    return UNKNOWN if math.isnan(value) else f"{value:{'+' * signed}.3f}".replace("-", "−")


def interval(estimate: Estimate, *, share: bool = True, signed: bool = False) -> str:
    """Write the two ends of an interval; a dash where there is none."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return UNKNOWN
    if share:
        return f"{_tenths(estimate.low)} to {percent(estimate.high)}"
    return " to ".join(decimal(end, signed=signed) for end in (estimate.low, estimate.high))


def terminal_table(first: str, *numbers: str, narrow: bool = False) -> Table:
    """Make a table for the terminal: a column of names, then of numbers.

    Args:
        first: Title of the names.
        numbers: Titles of the numbers, which stand to the right.
        narrow: As narrow as it can be: it must fit into 80 columns.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=not narrow)
    table.add_column(first)
    for title in numbers:
        table.add_column(title, justify="right")
    return table


def terminal_cells(
    estimate: Estimate, *, share: bool = True, signed: bool = False
) -> tuple[str, str]:
    """Write a figure and its interval as two cells of a terminal's table."""
    parts = (estimate.value, estimate.low, estimate.high)
    value, ends = write_figure(*parts, share=share, signed=signed)
    return value or UNKNOWN, ends + "%" * share if ends else UNKNOWN


def _tenths(share: float) -> str:
    # Adding 0 makes a -0.0 of a tiny difference 0.0.
    return f"{round(100 * share, 1) + 0:.1f}".replace("-", "−")
