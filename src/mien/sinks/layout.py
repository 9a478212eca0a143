"""Which columns and rows a table has: what a user chooses of `mien.sinks.columns`."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from mien.errors import SettingsError
from mien.protocols import Sink
from mien.settings import check_number
from mien.sinks.columns import COLUMNS, EACH, GROUPS, OTHERS, Column, Row, Value
from mien.types import Analysis, Frame

Decimal = Literal[".", ","]
DEFAULT, ALL = "default", "all"
# Of stream time, so that a step of exactly so many frames is none too short.
TINY = 1e-6


class TableSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a table holds, and how it is written.

    Attributes:
        columns: Its columns, by name or group, with commas, such as time,track_id,label,pose; with
            a + before the first they are added to the default. Groups are place, box, smoothed,
            verdict, clock, picture, detail, raw, pose, landmarks, default, all; docs/columns.md
            tells of each (default: default).
        empty_frames: Write a row for each frame without a face, too, whose label is "not seen".
        every: Write at most one frame in so many seconds of the stream; those between are read,
            since steady words need them, and left out of the table.
        decimal: Between a number's whole and its fraction in CSV. With a comma, semicolons part the
            columns.
        bom: Begin a CSV with the mark by which Excel knows UTF-8.
    """

    columns: Annotated[
        tuple[str, ...], msgspec.Meta(extra={"split": True, "metavar": "NAME,…"})
    ] = ()
    empty_frames: bool = False
    every: Annotated[float | None, msgspec.Meta(extra={"metavar": "SECONDS"})] = None
    decimal: Decimal = "."
    bom: bool = False

    def check(self) -> None:
        """Refuse what no table can be, before anything is loaded.

        Raises:
            SettingsError: There is no such column, or the step is none.
        """
        check_names(self.columns)
        if self.every is not None:
            check_number("--every", self.every, 0.0)

    def layout(self, labels: Sequence[str], *, other: bool = False, live: bool = False) -> "Layout":
        """Return what a table of a model's readings holds; see `choose`."""
        return Layout(choose(self.columns, labels, other=other, live=live), self.empty_frames)


def expand(
    columns: Iterable[Column], labels: Sequence[str], *, other: bool = False
) -> tuple[Column, ...]:
    """Return the columns that a model's tables have: one for each class where one stands for all.

    Args:
        columns: Some of `COLUMNS`.
        labels: The classes, in the order of the bundle.
        other: Whether the bundle tells something else apart; without, `OTHERS` are left out.
    """
    found: list[Column] = []
    for column in columns:
        if EACH in column.name:
            found += map(column.of, labels)
        elif other or column.name not in OTHERS:
            found.append(column)
    return tuple(found)


def choose(
    wanted: Sequence[str],
    labels: Sequence[str],
    *,
    other: bool = False,
    live: bool = False,
) -> tuple[Column, ...]:
    """Return the columns that were asked for, each once, in the order in which they were.

    Args:
        wanted: Names of columns and groups, "default" and "all"; with a "+" before the first they
            are added to the default. Empty for the default.
        labels: The classes, in the order of the bundle.
        other: Whether the bundle tells something else apart.
        live: Whether the source is live, so that the default tells the time of day, too.

    Raises:
        SettingsError: There is no such column.
    """
    names = [name.removeprefix("+").strip() for name in wanted]
    if not wanted or wanted[0].startswith("+"):
        names.insert(0, DEFAULT)
    known = {column.name: (column,) for column in expand(COLUMNS, labels, other=other)}
    groups = _groups(live=live)
    sets = {name: expand(group, labels, other=other) for name, group in groups.items()}
    # Of a model that does not tell, p_other is known and has no column.
    table = dict.fromkeys(OTHERS, ()) | sets | known
    chosen = [column for name in names for column in _found(name, table)]
    return tuple({column.name: column for column in chosen}.values())


def check_names(wanted: Sequence[str]) -> None:
    """Refuse names that no model could have, before a model is loaded.

    Raises:
        SettingsError: There is no such column.
    """
    known = [column.name for column in COLUMNS] + list(_groups(live=False))
    for name in wanted:
        name = name.removeprefix("+").strip()
        if name not in known and not name.startswith(("p_", "raw_")):
            raise _unknown(name, known)


def _groups(*, live: bool) -> dict[str, tuple[Column, ...]]:
    groups = {name: tuple(column for column in COLUMNS if column.group == name) for name in GROUPS}
    default = [column for column in COLUMNS if column.default or (live and column.name == "utc")]
    return groups | {DEFAULT: tuple(default), ALL: COLUMNS}


def _found(name: str, table: Mapping[str, tuple[Column, ...]]) -> tuple[Column, ...]:
    if name not in table:
        raise _unknown(name, table)
    return table[name]


def _unknown(name: str, known: Iterable[str]) -> SettingsError:
    near = difflib.get_close_matches(name, list(known), 3)
    meant = f"did you mean {' or '.join(near)}?" if near else f"groups are {', '.join(GROUPS)}"
    return SettingsError(f"--columns {name}: there is no such column; {meant} (docs/columns.md)")


@dataclass(frozen=True, slots=True)
class Layout:
    """What one table holds.

    Attributes:
        columns: Its columns, in order.
        empty_frames: Whether a frame without a face has a row, too.
    """

    columns: tuple[Column, ...]
    empty_frames: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    def rows(self, analysis: Analysis) -> list[dict[str, Value]]:
        """Return the rows of one frame, each by the names of the columns."""
        return [
            {column.name: column.value(row) for column in self.columns}
            for row in rows_of(analysis, empty_frames=self.empty_frames)
        ]


def rows_of(analysis: Analysis, *, empty_frames: bool) -> list[Row]:
    """Return a row for each face of a frame; for one without, a row of its own where wanted."""
    pairs = zip(analysis.readings, analysis.to_rows(), strict=True)
    rows = [Row(analysis, reading, plain) for reading, plain in pairs]
    if rows or not empty_frames:
        return rows
    return [Row(analysis, None, analysis.to_place())]


def default_layout(labels: Sequence[str], *, other: bool = False) -> Layout:
    """Return what a table holds where nothing was chosen."""
    return Layout(choose((), labels, other=other))


class Thinned:
    """A `Sink` around another, which gets at most one frame in so many seconds of stream time.

    Frames are taken as near as can be to a steady beat from the first one on: of 30 a second and a
    step of 0.25 s those at 0, 0.267, 0.5, 0.767 s. Another source, or time that runs backwards,
    begins a beat of its own.
    """

    def __init__(self, sink: Sink, every: float) -> None:
        """Take the other sink; closed with this one."""
        self._sink, self._every = sink, every
        self._source: str | None = None
        self._start = self._last = 0.0
        self._beat = 0

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Write the frame where it is due; raise `SinkError` where that fails."""
        if self._is_due(analysis.source, analysis.timestamp):
            self._sink.write(frame, analysis)

    def close(self) -> None:
        """Close the other sink."""
        self._sink.close()

    def _is_due(self, source: str, time: float) -> bool:
        if source != self._source or time < self._last:
            self._source, self._start, self._beat = source, time, 0
        self._last = time
        passed = time - self._start + TINY
        if passed < self._beat * self._every:
            return False
        self._beat = math.floor(passed / self._every) + 1
        return True
