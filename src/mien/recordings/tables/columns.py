"""Which columns of a table are read, and how their cells become numbers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import TableError
from mien.sinks.columns import BOX, OTHER
from mien.types import RealArray

SOURCE, FRAME, TIME, TRACK = "source", "frame", "time", "track_id"
SIZE = ("width", "height")
PROBABILITY = "p_"
# Of what a row says in an error: a cell may be as long as a book.
LONGEST = 60

Cells = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a table are read.

    Attributes:
        name: The table, as it is called in errors.
        look: The column that says the look: "label" or "shown".
        labels: The looks that have a column of probabilities, in the table's order.
        columns: All columns that are read.
    """

    name: str
    look: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]

    def needed(self, *, box: bool, probabilities: bool) -> tuple[str, ...]:
        """Return the columns that are wanted of those that there are."""
        no = set() if box else set(BOX)
        if not probabilities:
            no |= {PROBABILITY + label for label in self.labels}
        return tuple(name for name in self.columns if name not in no)


def layout(name: str, header: Sequence[str], look: str, words: Sequence[str] = ()) -> Layout:
    """Return which columns of a table are read; others are not in the way.

    Args:
        name: The table.
        header: Its columns.
        look: The column that says the look.
        words: Further columns, which need not be there.

    Raises:
        TableError: One that is needed is missing, or there twice.
    """
    for wanted in (SOURCE, TIME, TRACK, look):
        if wanted not in header:
            raise TableError(
                f"{name}: no column {wanted!r}; a table of readings has {SOURCE}, {TIME}, {TRACK} "
                f"and {look}, as mien predict --out writes it"
            )
        if header.count(wanted) > 1:
            raise TableError(f"{name}: two columns are called {wanted!r}; rename one")
    labels = tuple(
        one.removeprefix(PROBABILITY)
        for one in header
        if one.startswith(PROBABILITY) and one != OTHER
    )
    probabilities = tuple(PROBABILITY + label for label in labels)
    known = {SOURCE, FRAME, TIME, TRACK, look, *BOX, *SIZE, *probabilities, *words}
    return Layout(name, look, labels, tuple(dict.fromkeys(c for c in header if c in known)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table that follow each other.

    Attributes:
        layout: What the table is made of.
        cells: Of each column that is read, texts or values, as many as there are rows.
        row: Number of the first of them, as a person would count: the header is row 1.
        rows: How many.
    """

    layout: Layout
    cells: Mapping[str, Cells]
    row: int
    rows: int

    def place(self, index: int) -> str:
        """Return where a row is, as errors call it."""
        return f"{self.layout.name}, row {self.row + index}"

    def numbers(self, column: str) -> RealArray:
        """Return a column as float64 [N], NaN where a cell is empty or there is no such column.

        Raises:
            TableError: A cell holds something else.
        """
        cells = self.cells.get(column)
        if cells is None:
            return np.full(self.rows, np.nan)
        return self._numbers(column, cells)

    def _numbers(self, column: str, cells: Cells) -> RealArray:
        try:
            return np.array(cells, np.float64)
        except (ValueError, TypeError):
            return np.array(list(self._one_by_one(column, cells)), np.float64)

    def _one_by_one(self, column: str, cells: Cells) -> Iterator[float]:
        for index, cell in enumerate(cells):
            try:
                yield _number(cell)
            except (ValueError, TypeError, OverflowError) as error:
                raise TableError(
                    f"{self.place(index)}: {column} is {short(cell)}, which is no number; mend it"
                ) from error


def _number(cell: object) -> float:
    """Return a cell as a number; a decimal comma is one, and an empty cell is NaN."""
    if cell is None:
        return np.nan
    if isinstance(cell, str):
        text = cell.strip()
        return float(text.replace(",", ".")) if text else np.nan
    return float(cell)  # type: ignore[arg-type]  # what is no number raises


def short(cell: object) -> str:
    """Return a cell for an error, cut."""
    text = json.dumps(cell, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of which table.

    Attributes:
        path: The file.
        look: The column that says the look.
        box: Whether boxes are wanted.
        probabilities: Whether probabilities are.
        words: Further columns of words that are, where they are there.
    """

    path: Path
    look: str
    box: bool
    probabilities: bool
    words: tuple[str, ...] = ()

    def layout(self, header: Sequence[str]) -> tuple[Layout, tuple[str, ...]]:
        """Return what a table with this header is made of, and the columns to read of it."""
        made = layout(str(self.path), header, self.look, self.words)
        return made, made.needed(box=self.box, probabilities=self.probabilities)
