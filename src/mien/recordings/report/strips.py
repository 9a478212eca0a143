"""Strips: a case over time as rows of bars, one for each look, of a size that is bounded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien.recordings.report.cases import Case
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD, Interval

# Columns that are told apart, about as many as a wide screen has pixels for them.
COLUMNS: Final = 1200
PARTS: Final = 10  # of a column
WIDTH: Final = COLUMNS * PARTS
ROW: Final = 16  # height
READ, CODED = (2, 9), (12, 3)  # where bars begin in a row, and how high they are


@dataclass(frozen=True, slots=True)
class Row:
    """One look of a strip.

    Attributes:
        look: A label, "not sure" or "not seen".
        read: A path of SVG: when it was read.
        coded: When it was coded by hand; "" where it was not.
    """

    look: str
    read: str
    coded: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A case over time.

    Attributes:
        rows: From top to bottom.
        ends: When each interval ends, in whole milliseconds after the recording's begin.
        looks: Which row each is in.
        step: Seconds of a column, where there are more intervals than columns: each then tells what
            lasted longest in it. 0 where all are told.
    """

    rows: tuple[Row, ...]
    ends: tuple[int, ...]
    looks: tuple[int, ...]
    step: float

    @property
    def height(self) -> int:
        """Height of all rows, where COLUMNS * PARTS are its width."""
        return ROW * len(self.rows)


def strip_of(case: Case) -> Strip:
    """Return a case as a strip of at most COLUMNS intervals."""
    read, step = _thinned(case.looks, case)
    coded, _ = _thinned(case.hand or (), case)
    words = _rows([one.look for one in (*read, *coded)], case.labels)
    places = {look: place for place, look in enumerate(words)}
    rows = tuple(
        Row(look, _path(read, look, place, READ, case), _path(coded, look, place, CODED, case))
        for look, place in places.items()
    )
    ends = tuple(round((one.end - case.begin) * 1000) for one in read)
    return Strip(rows, ends, tuple(places[one.look] for one in read), step)


def _rows(looks: Iterable[str], labels: Sequence[str]) -> list[str]:
    """Return the looks that occur: those of the table, those of hands, and what is no look."""
    there = dict.fromkeys(looks)
    last = (NOT_SURE_WORD, NOT_SEEN_WORD)
    own = [look for look in there if look not in labels and look not in last]
    return [look for look in (*labels, *own, *last) if look in there]


def _path(
    intervals: Iterable[Interval], look: str, row: int, bar: tuple[int, int], case: Case
) -> str:
    top, height = ROW * row + bar[0], bar[1]
    scale = WIDTH / case.seconds
    parts = []
    for one in intervals:
        if one.look == look:
            x = round((one.begin - case.begin) * scale)
            width = max(PARTS, round((one.end - case.begin) * scale) - x)
            parts.append(f"M{min(x, WIDTH - PARTS)} {top}h{width}v{height}h-{width}z")
    return "".join(parts)


def _thinned(intervals: Sequence[Interval], case: Case) -> tuple[Sequence[Interval], float]:
    """Return at most COLUMNS intervals, and the seconds of a column where there were more."""
    if len(intervals) <= COLUMNS:
        return intervals, 0.0
    edges = np.linspace(case.begin, case.end, COLUMNS + 1)
    looks = list(dict.fromkeys(one.look for one in intervals))
    borders = np.array([t for one in intervals for t in (one.begin, one.end)])
    said = np.array([looks.index(one.look) for one in intervals])
    lasts = np.array([one.seconds for one in intervals])
    seconds = np.empty((len(looks), COLUMNS))
    for index in range(len(looks)):
        so_far = np.cumsum(np.where(said == index, lasts, 0))
        known = np.stack((np.append(0, so_far[:-1]), so_far), axis=1).ravel()
        seconds[index] = np.diff(np.interp(edges, borders, known))
    # What was not coded by hand stays a gap.
    longest = np.where(seconds.sum(axis=0) > 0, seconds.argmax(axis=0), -1)
    firsts = np.append(0, np.flatnonzero(np.diff(longest)) + 1)
    ends = np.append(firsts[1:], COLUMNS)
    kept = tuple(
        Interval(float(edges[first]), float(edges[end]), looks[longest[first]])
        for first, end in zip(firsts, ends, strict=True)
        if longest[first] >= 0
    )
    return kept, case.seconds / COLUMNS
