"""From recordings to timelines: tracks become people, and their rows intervals."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

import numpy as np

from mien.recordings.intervals import IntervalSettings, intervals_of
from mien.recordings.people import People
from mien.recordings.values import NOT_SEEN, CodeArray, Lane, Recording, Timeline, Track, written
from mien.sinks.files import FORMULA
from mien.types import RealArray

# What a name of a file must not hold on some system, beside what nobody can see.
_NOT_IN_NAMES = frozenset('<>:"/\\|?*')
_LONGEST = 100
_BEGINS_NO_NAME = "".join(FORMULA) + " ."


class Names:
    """Short names of sources, each another one's: "anna" of "monday/anna.mp4".

    Where two would be the same, the later has more of its path: "tuesday-anna".
    """

    def __init__(self) -> None:
        """Know no source."""
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, source: str) -> str:
        """Return the name of a source: fit for a file on any system, and always the same."""
        if source not in self._names:
            name = next(one for one in _tries(source) if one.casefold() not in self._taken)
            self._names[source] = name
            self._taken.add(name.casefold())
        return self._names[source]


def _tries(source: str) -> Iterator[str]:
    path = PurePath(source.replace("\\", "/"))
    parts = [*path.parent.parts, path.stem or "recording"]
    for count in range(1, len(parts) + 1):
        yield _plain("-".join(parts[-count:]))
    # Two files that differ in their suffixes alone, or in what cannot be written.
    name, number = _plain(path.name or "recording"), 2
    yield name
    while True:
        yield f"{name}-{number}"
        number += 1


def _plain(text: str) -> str:
    text = "".join("-" if letter in _NOT_IN_NAMES else letter for letter in written(text))
    # What is left begins no formula either: names go into people.csv, which spreadsheets open.
    return text.strip(" .-")[-_LONGEST:].lstrip(_BEGINS_NO_NAME) or "recording"


def timelines(
    recordings: Iterable[Recording],
    people: People,
    settings: IntervalSettings = IntervalSettings(),  # noqa: B008 - frozen
    names: Names | None = None,
) -> Iterator[Timeline]:
    """Yield what happened in each recording, by person.

    Args:
        recordings: As `mien.recordings.read.read_recordings` yields them.
        people: Who is who; whom it does not mention is called by the recording and his track.
        settings: How rows become intervals.
        names: Those of the sources, where some have been given already.

    Raises:
        TableError: A place is in fractions of a picture whose size is not known.
    """
    names = names or Names()
    for recording in recordings:
        yield timeline(recording, people, settings, names)


def timeline(
    recording: Recording, people: People, settings: IntervalSettings, names: Names
) -> Timeline:
    """Return what happened in one recording; see `timelines`."""
    name = names.of(recording.source)
    lanes = tuple(
        Lane(written(who), intervals_of(recording, *merged(tracks), settings))
        for who, tracks in by_person(recording, people, name).items()
    )
    return Timeline(
        recording.source,
        name,
        recording.begin,
        recording.end,
        recording.step,
        lanes,
        recording.labels,
    )


def by_person(recording: Recording, people: People, name: str) -> dict[str, list[Track]]:
    """Return the tracks of each person, in the order in which they come in the table.

    Args:
        recording: The recording.
        people: Who is who.
        name: The recording's short one, of which those without a name get theirs.
    """
    known = people.names(recording)
    found: dict[str, list[Track]] = {}
    for track in recording.tracks:
        who = known.get(track.track_id, f"{name} {track.track_id}")
        if who is not None:
            found.setdefault(who, []).append(track)
    return found


def merged(tracks: list[Track], column: str | None = None) -> tuple[RealArray, CodeArray]:
    """Return several tracks as one; of two at a time the first that is seen.

    Args:
        tracks: Of one person in one recording.
        column: A further column, one of `Track.words`; the look unless given.

    Returns:
        float64 [N], seconds of stream, and int16 [N], codes.
    """
    values = [track.label if column is None else track.words[column] for track in tracks]
    if len(tracks) == 1:
        return tracks[0].time, values[0]
    time, label = np.concatenate([track.time for track in tracks]), np.concatenate(values)
    order = np.lexsort((label == NOT_SEEN, time))
    time, label = time[order], label[order]
    first = np.ones(len(time), bool)
    first[1:] = time[1:] != time[:-1]
    return time[first], label[first]
