"""Cases: one person in one recording, as intervals of what is told of them."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mien.errors import TableError
from mien.recordings.intervals import IntervalSettings, intervals_of
from mien.recordings.people import People
from mien.recordings.report.hand import Hand, meant
from mien.recordings.timelines import Names, by_person, merged
from mien.recordings.values import NOT_SEEN_WORD, Interval, Recording, Track, written

QUALITY = "quality"
FINE = "ok"
# Both columns part several words by it.
PARTED = ";"


@dataclass(frozen=True, slots=True)
class Case:
    """One person in one recording.

    Attributes:
        source: The recording's name in the table.
        video: Its short name.
        person: Who.
        begin: Where the recording begins, in seconds of stream.
        end: Where it ends.
        labels: The looks that the table speaks of.
        looks: What was read, from begin to end, without gaps.
        quality: What stood against being read, from begin to end; None where the table does not
            say. "not seen" where nobody was seen.
        hand: What a person coded, in order, without overlaps, in words of the table as far as it
            has them; None where nobody did. Between them nothing was coded.
    """

    source: str
    video: str
    person: str
    begin: float
    end: float
    labels: tuple[str, ...]
    looks: tuple[Interval, ...]
    quality: tuple[Interval, ...] | None = None
    hand: tuple[Interval, ...] | None = None

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.end - self.begin

    @property
    def seen(self) -> float:
        """For how many seconds the person was seen."""
        return sum(one.seconds for one in self.looks if one.look != NOT_SEEN_WORD)


@dataclass(frozen=True, slots=True)
class Coding:
    """Where codes by hand come from: a list, a column of the table, or nowhere."""

    hand: Hand | None = None
    column: str | None = None


def cases_of(
    recording: Recording, people: People, settings: IntervalSettings, names: Names, coding: Coding
) -> Iterator[Case]:
    """Yield the cases of one recording, in the order in which people come in the table.

    Raises:
        TableError: Its table lacks the column of codes, or a place needs a size that is not known.
    """
    name = names.of(recording.source)
    if coding.column is not None and coding.column not in recording.words:
        raise TableError(
            f"{recording.source}: its table has no column {coding.column!r}; name the one that "
            "holds the codes by hand (--hand-column)"
        )
    for who, tracks in by_person(recording, people, name).items():
        yield _case(recording, name, who, tracks, settings, coding)


def _case(
    recording: Recording,
    name: str,
    who: str,
    tracks: list[Track],
    settings: IntervalSettings,
    coding: Coding,
) -> Case:
    # Only looks are rid of what is short: it is mien that flickers.
    plain = IntervalSettings(gap=settings.gap)
    person = written(who)
    quality = hand = None
    if QUALITY in recording.words:
        quality = _told(recording, tracks, QUALITY, plain)
    if coding.column is not None:
        hand = _told(recording, tracks, coding.column, plain)
    elif coding.hand is not None:
        hand = coding.hand.of(recording.source, person, recording.begin, recording.end)
    return Case(
        *(recording.source, name, person, recording.begin, recording.end, recording.labels),
        intervals_of(recording, *merged(tracks), settings),
        quality,
        _as_looks(hand or (), recording.labels) or None,
    )


def _as_looks(hand: Sequence[Interval], labels: Sequence[str]) -> tuple[Interval, ...]:
    """Return codes in the table's words, without what was not coded."""
    return tuple(
        Interval(one.begin, one.end, meant(one.look, labels))
        for one in hand
        if one.look != NOT_SEEN_WORD
    )


def _told(
    recording: Recording, tracks: Sequence[Track], column: str, settings: IntervalSettings
) -> tuple[Interval, ...]:
    """Return the intervals of what a further column says."""
    as_looks = dataclasses.replace(recording, labels=recording.words[column])
    return intervals_of(as_looks, *merged(list(tracks), column), settings)
