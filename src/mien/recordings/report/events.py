"""Events, and how long after each a person's look changed.

    source,time,word
    monday.mp4,12.5,joke
    monday.mp4,0:01:30,loud noise

Without a source an event is in every recording.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mien.errors import TableError
from mien.recordings.report.cases import Case
from mien.recordings.report.times import seconds_of
from mien.recordings.tables.columns import short
from mien.recordings.tables.lists import Line, means, read_list
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD, Interval, written

NEEDED, OPTIONAL = ("time", "word"), ("source",)
# What is no look: it is passed over in search of the next one.
NO_LOOK: Final = frozenset({NOT_SEEN_WORD, NOT_SURE_WORD})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a time in seconds of stream."""

    where: str
    source: str
    time: float
    word: str


@dataclass(slots=True)
class Events:
    """All events of a list, and what became of them."""

    events: Sequence[Event] = ()
    _used: set[str] = field(default_factory=set)
    _outside: list[str] = field(default_factory=list)

    def of(self, source: str, begin: float, end: float) -> tuple[Event, ...]:
        """Return the events within a recording, by time; those outside are kept for `missed`."""
        mine = [one for one in self.events if not one.source or means(one.source, source)]
        self._used |= {one.where for one in mine}
        self._outside += [
            f"{one.where}: {short(one.word)} at {one.time:g} s is outside {source}, which goes "
            f"from {begin:.3f} to {end:.3f} s; left out there"
            for one in mine
            if not begin <= one.time < end
        ]
        inside = [one for one in mine if begin <= one.time < end]
        return tuple(sorted(inside, key=lambda one: one.time))

    def missed(self) -> list[str]:
        """Return a line for each event that is in no recording, or outside of one."""
        return self._outside + [
            f"{one.where}: {short(one.source)} is none of these recordings; mend that row"
            for one in self.events
            if one.where not in self._used
        ]


@dataclass(frozen=True, slots=True)
class Latency:
    """What a person looked like around an event.

    Attributes:
        event: The event.
        before: What was said at the event: a look, "not sure" or "not seen".
        after: The first other look within the window; "" where there is none.
        seconds: From the event to the beginning of that look; None where there is none.
        unclear: Of those, seconds of "not sure" and "not seen": the look may have changed earlier.
        mostly_before: What was said longest in the window before the event; "" where it has none.
        mostly_after: What was said longest in the window after the event.
    """

    event: Event
    before: str
    after: str
    seconds: float | None
    unclear: float
    mostly_before: str
    mostly_after: str


def latency(case: Case, event: Event, window: float) -> Latency:
    """Return how long after an event a person's look changed.

    "not sure" and "not seen" are no change: mien does not know what the look was then. Where one of
    them is said at the event itself, the look that counts as the one before is the last that was
    read within the window before the event; where there is none, the first that is read after it is
    the change.

    Args:
        case: The person.
        event: Within the case's recording.
        window: Seconds before and after the event that are looked at.
    """
    at = event.time
    looks = case.looks
    now = _place(looks, at)
    known = _last_known(looks, now, at - window)
    changed = next(
        (
            one
            for one in _from(looks, now + 1, at + window)
            if one.look not in NO_LOOK and one.look != known
        ),
        None,
    )
    unclear = 0.0
    if changed is not None:
        spans = [one for one in _from(looks, now, changed.begin) if one.look in NO_LOOK]
        unclear = sum(one.end - max(one.begin, at) for one in spans)
    return Latency(
        event,
        looks[now].look,
        changed.look if changed else "",
        changed.begin - at if changed else None,
        unclear,
        _mostly(looks, at - window, at),
        _mostly(looks, at, at + window),
    )


def _place(looks: Sequence[Interval], time: float) -> int:
    """Return which interval a time is in; at a border the later."""
    return max(0, bisect_right(looks, time, key=lambda one: one.begin) - 1)


def _last_known(looks: Sequence[Interval], now: int, earliest: float) -> str | None:
    for index in range(now, -1, -1):
        one = looks[index]
        if one.end <= earliest:
            return None
        if one.look not in NO_LOOK:
            return one.look
    return None


def _from(looks: Sequence[Interval], first: int, until: float) -> list[Interval]:
    """Return the intervals from one on that begin before a time."""
    found = []
    for index in range(first, len(looks)):
        if looks[index].begin >= until:
            break
        found.append(looks[index])
    return found


def _mostly(looks: Sequence[Interval], begin: float, end: float) -> str:
    """Return what was said longest from one time to another; "" where nothing was."""
    seconds: dict[str, float] = {}
    for one in _from(looks, _place(looks, begin), end):
        lasts = min(one.end, end) - max(one.begin, begin)
        if lasts > 0:
            seconds[one.look] = seconds.get(one.look, 0.0) + lasts
    return max(seconds, key=lambda look: seconds[look], default="")


def read_events(path: Path) -> Events:
    """Read a list of events.

    Raises:
        TableError: It cannot be read, a column is missing, or a row is wrong.
    """
    lines = read_list(path, NEEDED, OPTIONAL, "a row for each event")
    if not lines:
        raise TableError(f"{path}: holds no events; write a row for each")
    return Events([_event(line) for line in lines])


def _event(line: Line) -> Event:
    word = written(line.cells["word"])
    if not word:
        raise TableError(f"{line.where}: has no word; say what happened")
    return Event(line.where, line.cells["source"], seconds_of(line, "time"), word)
