"""Tables become files that other programs read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mien.errors import SettingsError, TableError
from mien.recordings.formats.bids import TASK, Bids
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
    out, done, people = Path(out), Converted(), people or People()
    name = settings.to or format_of(out)
    if name in KINDS:
        KINDS[name].check()
    recordings = _with_time(read_recordings(path, look=settings.look, box=people.by_place), done)
    if people.by_place:
        recordings = sized(recordings, video)
    told = timelines(recordings, people, settings)
    for file, data in _files(name, told, out, settings, video):
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


def _files(
    name: str, told: Iterable[Timeline], out: Path, settings: ConvertSettings, video: Path | None
) -> Iterator[tuple[Path, bytes]]:
    """Yield the files of a format, and what is in them."""
    if name == BIDS:
        bids = Bids(settings.task)
        for one in told:
            yield from ((out / path, data) for path, data in bids.files(one))
        yield from ((out / path, data) for path, data in bids.of_all())
    elif name == BORIS:
        yield from _boris(told, out)
    else:
        yield from _one_each(KINDS[name], told, out, video)


def _boris(told: Iterable[Timeline], out: Path) -> Iterator[tuple[Path, bytes]]:
    if _is_file(out, ".tsv"):
        if all_of := list(told):
            yield out, to_boris(all_of)
        return
    for one in told:
        yield out / f"{one.name}.tsv", to_boris([one])


def _one_each(
    kind: Kind, told: Iterable[Timeline], out: Path, video: Path | None
) -> Iterator[tuple[Path, bytes]]:
    told = iter(told)
    single = _is_file(out, kind.suffix)
    for one in told:
        if single and (other := next(told, None)) is not None:
            raise SettingsError(
                f"{out}: holds one recording, and there are {one.source} and {other.source}; name "
                "a folder, which ends with a slash"
            )
        file = out if single else out / f"{one.name}{kind.suffix}"
        yield file, kind.encode(one, link_of(one.source, file, video))


def _is_file(out: Path, suffix: str) -> bool:
    return out.suffix.lower() == suffix and not out.is_dir()
