"""From tables of readings to a page and the figures beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Annotated

import msgspec

from mien.errors import SettingsError, TableError
from mien.recordings.intervals import IntervalSettings
from mien.recordings.people import People
from mien.recordings.read import Look, read_recordings
from mien.recordings.report.agreement import Agreement
from mien.recordings.report.cases import QUALITY, Case, Coding, cases_of
from mien.recordings.report.events import Events, read_events
from mien.recordings.report.hand import Hand, read_hand
from mien.recordings.report.page import page_of
from mien.recordings.report.study import Study
from mien.recordings.report.summary import agreement_csv, latencies_csv, summary_csv
from mien.recordings.report.times import lasting
from mien.recordings.tables.folders import AGREEMENT, LATENCIES, SUMMARY
from mien.recordings.timelines import Names
from mien.recordings.values import Recording
from mien.recordings.videos import link_of, sized
from mien.sinks.files import refuse_existing, write_new, writing

ENDINGS = (".html", ".htm")


class ReportSettings(IntervalSettings, frozen=True, kw_only=True):
    """What is told, and of what.

    Attributes:
        events: Events as a .csv with time (in seconds, or hh:mm:ss), word and, by choice, source.
        window: Seconds before and after an event that are looked at.
        hand: Codes by hand as a .csv with begin, end, label and, by choice, source and person.
        hand_column: The column of the tables that holds codes by hand.
        look: Which column says the look: "label", what a row's probabilities say by themselves, or
            "shown", the steady word of the screen.
        overwrite: Replace files that exist.
    """

    events: Annotated[Path, msgspec.Meta(extra={"metavar": "events.csv"})] | None = None
    window: Annotated[float, msgspec.Meta(gt=0, le=3600, extra={"metavar": "SECONDS"})] = 3.0
    hand: Annotated[Path, msgspec.Meta(extra={"metavar": "hand.csv"})] | None = None
    hand_column: Annotated[str, msgspec.Meta(extra={"metavar": "NAME"})] | None = None
    look: Look = "label"
    overwrite: bool = False


@dataclass(slots=True)
class Reported:
    """What was done.

    Attributes:
        files: What was written; the page is the last.
        recordings: How many recordings there were.
        people: How many people.
        timeless: Sources that have one moment only, as pictures.
        strange: Labels by hand that mean none of the tables' looks.
        without_video: Sources whose video was asked for and is not there.
        missed: A line for each row of people.csv, events or codes that is about nobody, or about no
            time that was read.
        elsewhere: A line for each recording that only people.csv knows.
    """

    files: list[Path] = field(default_factory=list)
    recordings: int = 0
    people: int = 0
    timeless: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    without_video: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Lists:
    """What is told beside the tables."""

    people: People
    events: Events | None
    hand: Hand | None
    column: str | None
    video: Path | None


def write_report(
    path: str | Path,
    out: str | Path,
    settings: ReportSettings = ReportSettings(),  # noqa: B008 - frozen
    *,
    people: People | None = None,
    video: Path | None = None,
    command: str = "",
) -> Reported:
    """Write the report of a study: a page, and beside it summary.csv.

    Where there are events, latencies.csv lies beside them, and where there are codes by hand,
    agreement.csv.

    Args:
        path: A table, or a folder of tables.
        out: The page, a .html file.
        settings: What is told.
        people: Who is who.
        video: The video, or the folder that holds the videos, to be played beside the strips.
        command: The command line, which the page names.

    Returns:
        What was done.

    Raises:
        SettingsError: Settings do not go together.
        TableError: A table or list cannot be used, or nobody was seen.
        SinkError: A file exists, or cannot be written.
        MissingExtraError: What writes the page is not installed.
    """
    out = Path(out)
    names = _names(out, settings)
    for one in names:
        with writing(one):
            refuse_existing(one, overwrite=settings.overwrite)
    lists = _Lists(
        people or People(),
        None if settings.events is None else read_events(settings.events),
        None if settings.hand is None else read_hand(settings.hand),
        settings.hand_column,
        video,
    )
    done, study = Reported(), Study(settings.window if lists.events else None)
    for recording, cases in _cases(path, settings, lists, done):
        study.add(recording, cases, lists.events)
    _check(path, study, done, lists)
    _link(study, out, video, done)
    facts = _facts(path, study)
    compared = [] if study.tally.is_empty else study.tally.agreements()
    page = page_of(study, compared, facts=facts, command=command)
    for name, data in zip(names, _files(names, study, compared, page), strict=True):
        write_new(name, data, overwrite=settings.overwrite)
        done.files.append(name)
    return done


def _names(out: Path, settings: ReportSettings) -> list[Path]:
    """Return the files that are to be, the page at the end, so that it is there when all is."""
    if out.suffix.lower() not in ENDINGS:
        raise SettingsError(f"--out {out}: name a .html file")
    if settings.hand is not None and settings.hand_column is not None:
        raise SettingsError(
            "--hand and --hand-column exclude each other: codes come from one place"
        )
    names = [SUMMARY]
    if settings.events is not None:
        names.append(LATENCIES)
    if settings.hand is not None or settings.hand_column is not None:
        names.append(AGREEMENT)
    return [*(out.with_name(name) for name in names), out]


def _cases(
    path: str | Path, settings: ReportSettings, lists: _Lists, done: Reported
) -> Iterator[tuple[Recording, list[Case]]]:
    column, names = settings.hand_column, Names()
    given = (lists.people.name, settings.events, settings.hand)
    recordings = read_recordings(
        path,
        look=settings.look,
        box=lists.people.by_place,
        words=(QUALITY,) if column is None else (QUALITY, column),
        without=[Path(one) for one in given if one is not None],
    )
    if lists.people.by_place:
        recordings = sized(recordings, lists.video)
    coding = Coding(lists.hand, column)
    for recording in recordings:
        done.recordings += 1
        if recording.step:
            cases = cases_of(recording, lists.people, settings, names, coding)
            yield recording, list(cases)
        else:
            done.timeless.append(recording.source)


def _check(path: str | Path, study: Study, done: Reported, lists: _Lists) -> None:
    """Refuse a study of nobody, and note what lists say of nobody."""
    if not done.recordings:
        raise TableError(f"{path}: holds no rows; read a video into it with mien predict")
    if done.recordings == len(done.timeless):
        raise TableError(f"{path}: holds no recording that lasts; pictures have no intervals")
    if not study.told:
        raise TableError(f"{path}: nobody is left there; nobody was seen, or people.csv drops all")
    done.people = len(study.people)
    done.missed = lists.people.missed()
    done.missed += lists.events.missed() if lists.events else []
    done.missed += lists.hand.missed() if lists.hand else []
    if study.tally.is_empty and (lists.hand or lists.column):
        done.missed.append(f"{lists.column or 'codes by hand'}: nobody was coded there")
    done.elsewhere, done.strange = lists.people.elsewhere(), study.tally.strange()


def _link(study: Study, out: Path, video: Path | None, done: Reported) -> None:
    """Find the videos that are asked for; one file is that of one recording."""
    if video is None:
        return
    sources = study.sources
    for source in sources:
        other = video.is_file() and len(sources) > 1 and PurePath(source).name != video.name
        link = None if other else link_of(source, out, video)
        if link is None:
            done.without_video.append(source)
        else:
            study.links[source] = link


def _facts(path: str | Path, study: Study) -> Sequence[tuple[str, str]]:
    people = ", ".join(study.people[:20]) + (" …" if len(study.people) > 20 else "")
    return (
        ("people", people),
        ("videos", f"{len(study.sources):,}"),
        ("in all", lasting(sum(one.seconds for one in study.told))),
        ("tables", str(path)),
        ("looks", ", ".join(study.labels)),
    )


def _files(
    names: Sequence[Path], study: Study, compared: Sequence[Agreement], page: str
) -> Iterator[bytes]:
    made = {
        SUMMARY: lambda: summary_csv(study),
        LATENCIES: lambda: latencies_csv(study),
        AGREEMENT: lambda: agreement_csv(compared),
    }
    yield from (made[name.name]() for name in names[:-1])
    yield page.encode()
