"""Codes by hand: who looked how from when to when, as a person saw it.

    source,person,begin,end,label
    monday.mp4,Anna,0,2.4,happy
    monday.mp4,Anna,2.4,3.1,neutral

Times are seconds of the video, or hh:mm:ss. Without `source` a row is about every recording,
without `person` about everybody in it. What is not coded is left out of all figures.
"""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.errors import TableError
from mien.recordings.report.times import seconds_of
from mien.recordings.tables.columns import short
from mien.recordings.tables.lists import Line, means, read_list
from mien.recordings.values import NOT_SEEN_WORD, Interval, written
from mien.vision.looks import name_of

NEEDED, OPTIONAL = ("begin", "end", "label"), ("source", "person")


@dataclass(frozen=True, slots=True)
class Code:
    """One row: a label from one time to another."""

    where: str
    source: str
    person: str
    begin: float
    end: float
    label: str

    def is_about(self, source: str, person: str) -> bool:
        """Whether it is about a person in a recording."""
        here = not self.source or means(self.source, source)
        return here and self.person in ("", person)


@dataclass(slots=True)
class Hand:
    """All codes of a list, and which have been of use."""

    codes: Sequence[Code] = ()
    _used: set[str] = field(default_factory=set)

    def of(self, source: str, person: str, begin: float, end: float) -> tuple[Interval, ...] | None:
        """Return what was coded of a person in a recording, cut to the recording; None if nothing.

        Raises:
            TableError: Two codes are about the same time.
        """
        mine = [one for one in self.codes if one.is_about(source, person)]
        mine.sort(key=lambda one: one.begin)
        for one, after in itertools.pairwise(mine):
            if after.begin < one.end:
                raise TableError(
                    f"{after.where}: {short(after.label)} of {person} begins before "
                    f"{short(one.label)} ends ({after.begin:g} and {one.end:g} s); keep one code "
                    "for each time"
                )
        inside = [one for one in mine if one.begin < end and one.end > begin]
        self._used |= {one.where for one in inside}
        return (
            tuple(Interval(max(c.begin, begin), min(c.end, end), c.label) for c in inside) or None
        )

    def missed(self) -> list[str]:
        """Return a line for each code that is about nobody, or about no time of a recording."""
        return [
            f"{one.where}: {short(one.label)} from {one.begin:g} to {one.end:g} s is about nobody, "
            f"or no time, of these recordings ({one.source or 'any'}, {one.person or 'anybody'}); "
            "mend that row"
            for one in self.codes
            if one.where not in self._used
        ]


def meant(word: str, labels: Collection[str]) -> str:
    """Return the table's look for what a person calls it: "happy" for "Joy"; else the word."""
    if word in labels:
        return word
    key = _key(word)
    return next((label for label in labels if _key(label) == key), word)


def _key(label: str) -> str:
    return name_of(label) or label.casefold()


def read_hand(path: Path) -> Hand:
    """Read a list of codes.

    Raises:
        TableError: It cannot be read, a column is missing, or a row is wrong.
    """
    lines = read_list(path, NEEDED, OPTIONAL, "a row for each time that was coded")
    if not lines:
        raise TableError(f"{path}: holds no codes; write a row for each time that was coded")
    return Hand([_code(line) for line in lines])


def _code(line: Line) -> Code:
    begin, end = (seconds_of(line, column) for column in ("begin", "end"))
    if end <= begin:
        raise TableError(f"{line.where}: ends at {end:g} s and begins at {begin:g} s; mend it")
    label = written(line.cells["label"]) or NOT_SEEN_WORD
    return Code(line.where, line.cells["source"], written(line.cells["person"]), begin, end, label)
