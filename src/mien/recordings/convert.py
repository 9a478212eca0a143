"""Tables become files that other programs read."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mien.errors import SettingsError, TableError
from mien.recordings.formats.bids import TASK, Bids, refuse_others
from mien.recordings.formats.boris import to_boris
from mien.recordings.formats.kinds import BIDS, BORIS, KINDS, Kind, format_of
from mien.recordings.intervals import IntervalSettings
from mien.recordings.people import People
from mien.recordings.read import Look, read_recordings
from mien.recordings.timelines import timelines
from mien.recordings.values import Recording, Timeline
from mien.recordings.videos import link_of, sized
from mien.sinks.files import write_new

Format = Literal["vtt", "srt", "eaf", "boris", "bids"]


class ConvertSettings(IntervalSettings, frozen=True, kw_only=True):
    """What becomes of tables.

    Attributes:
        to: The format; the ending of --out says it, too.
        look: Which column says the look: "label", what a row's probabilities say by themselves, or
            "shown", the steady word of the screen.
        task: What people did, for names of BIDS: letters and digits.
        overwrite: Replace files that exist.
    """

    to: Format | None = None
    look: Look = "label"
    task: str = TASK
    overwrite: bool = False


@dataclass(slots=True)
class Converted:
    """What was done.

    Attributes:
        files: What was written.
        recordings: How many recordings there were.
        timeless: Sources that have one moment only, as pictures, of which no interval can be made.
        missed: A line for each row of people.csv that names somebody who is not in his recording.
        elsewhere: A line for each recording that only people.csv knows.
    """

    files: list[Path] = field(default_factory=list)
    recordings: int = 0
    timeless: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def convert(
    path: str | Path,
    out: str | Path,
    settings: ConvertSettings = ConvertSettings(),  # noqa: B008 - frozen
    *,
    people: People | None = None,
    video: Path | None = None,
) -> Converted:
    """Write what tables say in a format that other programs read.

    Args:
        path: A table, or a folder of tables.
        out: A file, where there is one recording or the format holds many; else a folder, which
            gets a file for each recording.
        settings: What becomes of the tables.
        people: Who is who.
        video: The video, or the folder that holds the videos, for formats that link to them.

    Returns:
        What was done.

    Raises:
        SettingsError: The format is not known, or there are several recordings for one file.
        TableError: A table, or people.csv, cannot be used.
        SinkError: A file exists, or cannot be written; those before it are there.
        MissingExtraError: What writes the format is not installed.
    """
    done, people = Converted(), people or People()
    folder, out = str(out).endswith(("/", os.sep)) or Path(out).is_dir(), Path(out)
    name = settings.to or format_of(out)
    if name in KINDS:
        KINDS[name].check()
    if name == BIDS:
        refuse_others(out)
    recordings = _with_time(read_recordings(path, look=settings.look, box=people.by_place), done)
    if people.by_place:
        recordings = sized(recordings, video)
    told = timelines(recordings, people, settings)
    where = _Where(out, folder, video)
    for file, data in _files(name, told, where, settings.task):
        write_new(file, data, overwrite=settings.overwrite)
        done.files.append(file)
    if done.recordings == len(done.timeless):
        raise TableError(f"{path}: holds no recording that lasts; pictures have no intervals")
    done.missed, done.elsewhere = people.missed(), people.elsewhere()
    return done


def _with_time(recordings: Iterable[Recording], done: Converted) -> Iterator[Recording]:
    for recording in recordings:
        done.recordings += 1
        if recording.step:
            yield recording
        else:
            done.timeless.append(recording.source)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where files go: a file, or a folder; and where the videos are."""

    out: Path
    folder: bool
    video: Path | None

    def is_file(self, suffix: str) -> bool:
        return self.out.suffix.lower() == suffix and not self.folder


def _files(
    name: str, told: Iterable[Timeline], where: _Where, task: str
) -> Iterator[tuple[Path, bytes]]:
    """Yield the files of a format, and what is in them."""
    if name == BIDS:
        bids = Bids(task)
        for one in told:
            yield from ((where.out / path, data) for path, data in bids.files(one))
        yield from ((where.out / path, data) for path, data in bids.of_all())
    elif name == BORIS:
        yield from _boris(told, where)
    else:
        yield from _one_each(KINDS[name], told, where)


def _boris(told: Iterable[Timeline], where: _Where) -> Iterator[tuple[Path, bytes]]:
    if where.is_file(".tsv"):
        if all_of := list(told):
            yield where.out, to_boris(all_of)
        return
    for one in told:
        yield where.out / f"{one.name}.tsv", to_boris([one])


def _one_each(kind: Kind, told: Iterable[Timeline], where: _Where) -> Iterator[tuple[Path, bytes]]:
    told, single = iter(told), where.is_file(kind.suffix)
    for one in told:
        if single and (other := next(told, None)) is not None:
            raise SettingsError(
                f"{where.out}: holds one recording, and there are {one.source} and "
                f"{other.source}; name a folder, which ends with a slash"
            )
        file = where.out if single else where.out / f"{one.name}{kind.suffix}"
        yield file, kind.encode(one, link_of(one.source, file, where.video))
