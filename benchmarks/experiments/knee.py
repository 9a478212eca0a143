"""Which networks no other one beats in both accuracy and time: a table, and a plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Column, Result

NAME = "higher definition"
COLUMNS = (
    Column("network", "network"),
    Column("epochs", "epochs", ".0f"),
    Column("seconds", "s", ".0f"),
    Column("accuracy", "accuracy", ".1%"),
    Column("balanced", "balanced", ".1%"),
    Column("milliseconds", "ms a face", ".2f"),
    Column("knee", "not beaten"),
)


def with_knee(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, those marked that no other one beats in accuracy and in time."""
    timed = [row for row in rows if "milliseconds" in row and "balanced" in row]

    def beaten(row: dict[str, Any]) -> bool:
        return any(
            other["balanced"] >= row["balanced"] and other["milliseconds"] < row["milliseconds"]
            for other in timed
        )

    return [{**row, "knee": "yes" if row in timed and not beaten(row) else ""} for row in rows]


def result_of(rows: Sequence[dict[str, Any]], title: str) -> Result:
    """Return the table."""
    return Result(NAME, title, COLUMNS, tuple(with_knee(rows)))


def draw(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Draw balanced accuracy over milliseconds, the knee as a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    known = [row for row in with_knee(rows) if "milliseconds" in row and "balanced" in row]
    for row in known:
        place = (row["milliseconds"], 100 * row["balanced"])
        axes.plot(*place, "o", color="C0" if row["knee"] else "0.6")
        axes.annotate(row["network"], place, (5, -10), textcoords="offset points", fontsize=8)
    knee = sorted((r["milliseconds"], 100 * r["balanced"]) for r in known if r["knee"])
    axes.plot([x for x, _ in knee], [y for _, y in knee], color="C0", linewidth=1)
    axes.set_xlabel("milliseconds of a face, one thread")
    axes.set_ylabel("balanced accuracy of the validation faces, %")
    figure.savefig(path)
