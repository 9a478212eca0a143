"""Figures as Markdown: the rows of a card's tables."""

import math
from collections.abc import Mapping, Sequence

from mien.evaluation.figures.names import write_figure
from mien.models.info import MetricsInfo


def row(cells: Sequence[str]) -> str:
    """Return one row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def head(titles: Sequence[str]) -> list[str]:
    """Return the two lines that a table begins with."""
    return [row(titles), row(["---"] * len(titles))]


def figure(values: Mapping[str, float], name: str, *, share: bool, signed: bool = False) -> str:
    """Write a recorded figure, with its interval where there is one; a dash where it is absent.

    Args:
        values: `name`, and `name_low` and `name_high` for the ends of its interval.
        name: Which.
        share: In percent.
        signed: With its sign.
    """
    value, low, high = (values.get(name + end, math.nan) for end in ("", "_low", "_high"))
    text, interval = write_figure(value, low, high, share=share, signed=signed)
    if not text:
        return "–"
    return f"{text} ({interval})" if interval else text


def names(info: MetricsInfo, start: str) -> list[str]:
    """Return the classes of which there is a recorded figure whose name begins so."""
    ends = {f"{key}{end}" for key in info.values for end in ("_low", "_high")}
    return [key[len(start) :] for key in info.values if key.startswith(start) and key not in ends]
