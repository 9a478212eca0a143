"""Who is who in a study: people.csv gives names to tracks, merges and drops them.

    source,track_id,name,place
    monday/anna.mp4,1,Anna,
    monday/anna.mp4,4,Anna,
    monday/anna.mp4,7,-,
    *.mp4,,left chair,0 0 0.5 1

A row names one track of a source, or, by a place, all tracks whose mean box has its centre in a
rectangle; rows of tracks go before rows of places. One name twice is one person, and an empty name
or - drops. Whoever has no row keeps a name of his own. Other columns are not used.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mien.errors import TableError
from mien.recordings.tables.columns import short
from mien.recordings.tables.lists import Line, means, read_list
from mien.recordings.values import Recording, Track

COLUMNS = ("source", "track_id", "name", "place")
DROPPED = frozenset({"", "-"})
ALL: Final = "*"
LONGEST_NUMBER = 10  # digits
Place = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of people.csv says.

    Attributes:
        line: Its number in the file.
        source: A source, the end of its path, or a pattern such as *.mp4.
        track: The track; None where a place is meant.
        name: The person; "" or "-" drops.
        place: x1, y1, x2, y2 in fractions of the picture, or in pixels where one is above 1.
    """

    line: int
    source: str
    track: int | None
    name: str
    place: Place | None

    def speaks_of(self, source: str) -> bool:
        """Whether it is about a source."""
        return means(self.source, source)


@dataclass(slots=True)
class People:
    """A people.csv, and which of its rows have been of use.

    Attributes:
        name: The file, as it is called in errors.
        rows: What it says.
    """

    name: str = "people.csv"
    rows: Sequence[Row] = ()
    _used: set[int] = field(default_factory=set)
    _met: set[int] = field(default_factory=set)

    @property
    def by_place(self) -> bool:
        """Whether it needs boxes."""
        return any(row.place for row in self.rows)

    def names(self, recording: Recording) -> Mapping[int, str | None]:
        """Return the names of tracks by their numbers: None for dropped; none for not mentioned.

        Raises:
            TableError: A place is in fractions of a picture whose size is not known.
        """
        names: dict[int, str | None] = {}
        rows = [row for row in self.rows if row.speaks_of(recording.source)]
        self._met |= {row.line for row in rows}
        for row in sorted(rows, key=lambda row: row.track is None):
            for track in self._meant(row, recording):
                self._used.add(row.line)
                names.setdefault(track.track_id, None if row.name in DROPPED else row.name)
        return names

    def missed(self) -> list[str]:
        """Return a line for each row that named somebody who is not in his recording."""
        return [
            f"{self.name}, line {row.line}: {_whom(row)} is not in the table; mend that row"
            for row in self.rows
            if row.line in self._met - self._used
        ]

    def elsewhere(self) -> list[str]:
        """Return a line for each source that is not among the recordings that were read."""
        rows = [row for row in self.rows if row.line not in self._met]
        return [
            f"{self.name}: {source} is none of these recordings"
            for source in dict.fromkeys(row.source for row in rows)
        ]

    def _meant(self, row: Row, recording: Recording) -> Iterator[Track]:
        for track in recording.tracks:
            if row.place is None:
                if track.track_id == row.track:
                    yield track
            elif self._inside(row, row.place, track, recording):
                yield track

    def _inside(self, row: Row, place: Place, track: Track, recording: Recording) -> bool:
        box = track.mean_box()
        if box is None:
            return False
        width, height = 1, 1
        if max(place) <= 1:
            if recording.size is None:
                raise TableError(
                    f"{self.name}, line {row.line}: {short(row.name)} sits in fractions of a "
                    f"picture, and how large {recording.source} is, is not known; name its folder "
                    "with --video, or write the place in pixels"
                )
            width, height = recording.size
        x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
        return place[0] <= x < place[2] and place[1] <= y < place[3]


def _whom(row: Row) -> str:
    whom = f"track {row.track}" if row.place is None else "anybody in that place"
    return f"{short(row.name)}, {whom} of {row.source},"


def read_people(path: Path) -> People:
    """Read a people.csv: with commas, semicolons or tabs.

    Raises:
        TableError: It cannot be read, a column is missing, or a row is wrong.
    """
    lines = read_list(path, COLUMNS[:3], COLUMNS[3:], "mien people makes a first one")
    rows = [_row(line) for line in lines]
    _refuse_twice(path, rows)
    return People(str(path), rows)


def _row(line: Line) -> Row:
    where = line.where
    source, track, name, place = (line.cells[column] for column in COLUMNS)
    if track and not (track.isdecimal() and len(track) <= LONGEST_NUMBER):
        raise TableError(f"{where}: track_id is {short(track)}, which is no whole number; mend it")
    if bool(track) == bool(place):
        raise TableError(f"{where}: needs a track_id or a place, and not both; mend it")
    return Row(
        line.number,
        source or ALL,
        int(track) if track else None,
        name,
        _place(where, place) or None,
    )


def _place(where: str, text: str) -> Place | None:
    if not text:
        return None
    parts = text.replace(";", " ").split()
    try:
        x1, y1, x2, y2 = (float(part.strip(",").replace(",", ".")) for part in parts)
    except ValueError:
        x1 = y1 = x2 = y2 = math.nan
    if not (0 <= x1 < x2 < math.inf and 0 <= y1 < y2 < math.inf):
        raise TableError(
            f"{where}: place is {short(text)}; write x1 y1 x2 y2, as 0 0 0.5 1 for the left half"
        )
    return x1, y1, x2, y2


def _refuse_twice(path: Path, rows: Sequence[Row]) -> None:
    seen: dict[tuple[str, int | None, Place | None], Row] = {}
    for row in rows:
        first = seen.setdefault((row.source, row.track, row.place), row)
        if first.name != row.name:
            raise TableError(
                f"{path}, line {row.line}: {_whom(row)} is {short(first.name)} in line "
                f"{first.line}; keep one of them"
            )
