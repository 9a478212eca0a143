"""What a measure found, and its three forms: a table in the terminal, Markdown, JSON."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
from rich.console import Console
from rich.table import Table

PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "torch", "pyarrow")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        key: Which value of a row it shows.
        title: Its heading.
        form: How a number is written, as for `format`.
    """

    key: str
    title: str
    form: str = ""


# What is held against a goal; `goal_row` makes the rows.
GOAL_COLUMNS = (
    Column("case", "what"),
    Column("value", "measured", ",.4g"),
    Column("unit", "in"),
    Column("goal", "goal"),
    Column("met", "met"),
)


def goal_row(
    case: str, value: float, unit: str, limit: float | None = None, *, at_least: bool = False
) -> dict[str, str | float]:
    """Return a row for `GOAL_COLUMNS`; without a limit there is no goal."""
    row: dict[str, str | float] = {"case": case, "value": float(value), "unit": unit}
    if limit is None:
        return row
    met = value >= limit if at_least else value <= limit
    goal = f"{'≥' if at_least else '≤'} {limit:.4g}"
    return {**row, "limit": float(limit), "goal": goal, "met": "yes" if met else "no"}


def goals_met(rows: Sequence[Mapping[str, str | float]]) -> str:
    """Say which goals were missed, in a sentence."""
    missed = [str(row["case"]) for row in rows if row.get("met") == "no"]
    return f"Missed: {'; '.join(missed)}." if missed else "Every goal was met."


@dataclass(frozen=True, slots=True)
class Result:
    """What one measure found.

    Attributes:
        name: The measure.
        title: What was measured against what.
        columns: What the table shows, in order.
        rows: Values by key: texts, and numbers as they were measured.
        findings: What follows from the table, in sentences.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, str | float], ...]
    findings: tuple[str, ...] = ()

    def cells(self) -> list[list[str]]:
        """Return the table's text, row by row; what a row lacks is left empty."""
        return [
            [format(row[c.key], c.form) if c.key in row else "" for c in self.columns]
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class Environment:
    """Where figures were measured; without it they mean little."""

    cpu: str
    cores: int
    opencv_threads: int
    load: float
    system: str
    python: str
    packages: Mapping[str, str]

    @classmethod
    def look(cls) -> "Environment":
        """Look at this machine. `load` is the mean number of busy programs in the last minute."""
        return cls(
            cpu=_cpu_name(),
            cores=os.cpu_count() or 1,
            opencv_threads=cv2.getNumThreads(),
            load=os.getloadavg()[0],
            system=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            packages={name: _version(name) for name in PACKAGES},
        )

    def describe(self) -> str:
        """Say all of it in a sentence."""
        packages = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (
            f"{self.cpu}, {self.cores} cores, {self.system}, load {self.load:.1f} at the start; "
            f"OpenCV may use {self.opencv_threads} threads; Python {self.python}, {packages}."
        )


def print_result(result: Result, console: Console) -> None:
    """Print a table and what follows from it."""
    table = Table(title=f"{result.name}: {result.title}", title_justify="left")
    for number, column in enumerate(result.columns):
        table.add_column(column.title, justify="right" if number else "left")
    for cells in result.cells():
        table.add_row(*cells)
    console.print(table)
    for finding in result.findings:
        console.print(finding, markup=False)
    console.print()


def to_markdown(results: Sequence[Result], environment: Environment, command: str) -> str:
    """Return all tables, with the machine and the command that made them."""
    parts = [f"Measured by `{command}` on: {environment.describe()}"]
    for result in results:
        rows = [
            [column.title for column in result.columns],
            ["---", *["---:"] * (len(result.columns) - 1)],
            *result.cells(),
        ]
        table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
        parts += [f"### {result.name}: {result.title}", table, *result.findings]
    return "\n\n".join(parts)


def to_plain(results: Sequence[Result], environment: Environment) -> dict[str, object]:
    """Return everything as values for JSON, numbers unrounded."""
    measures = {
        result.name: {
            "title": result.title,
            "rows": [dict(row) for row in result.rows],
            "findings": list(result.findings),
        }
        for result in results
    }
    return {"environment": asdict(environment), "measures": measures}


def replace_marked(path: Path, text: str, *, name: str = "bench") -> None:
    """Put text between the markers of a file, `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: The file cannot be read or lacks the markers.
    """
    before, after = split_marked(path, name=name)
    begin, end = _marks(name)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def split_marked(path: Path, *, name: str = "bench") -> tuple[str, str]:
    """Return what a file has before and after its markers.

    Raises:
        ValueError: The file cannot be read or lacks the markers.
    """
    first, last = _marks(name)
    try:
        before, begin, rest = path.read_text(encoding="utf-8").partition(first)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{path}: needs the lines {first} and {last}, to write between them")
    return before, after


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- /{name} -->"


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
