"""The page of a study: one HTML file that loads nothing but videos that lie beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from mien.errors import MissingExtraError

try:
    import jinja2  # noqa: F401 - the page that is shared with `mien evaluate` names another extra
    from markupsafe import Markup
except ImportError as error:
    raise MissingExtraError("writing a report", "study") from error

from mien.evaluation.report.page import Page, template
from mien.evaluation.report.parts import Code, Definitions, Drawn, Note, Part, Section
from mien.recordings.report import sections
from mien.recordings.report.agreement import Agreement
from mien.recordings.report.events import Event
from mien.recordings.report.strips import ROW, WIDTH, Row
from mien.recordings.report.study import MOST_STRIPS, Study, Told
from mien.recordings.report.times import clock, lasting
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD
from mien.vision.looks import SIDE, Entry, entry_of, verdict

TEMPLATES = Path(__file__).parent / "templates"
# Seconds between the marks of an axis, and how many of them a narrow screen has room for.
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
MOST_MARKS = 5
MOST_EVENTS = 200
# More numbers would stand on each other.
MOST_NUMBERED = 20


@dataclass(frozen=True, slots=True)
class Sign:
    """How a row of a strip is told: its word, colours and shape."""

    row: Row
    word: str
    kind: str
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a place of a strip, in percent of its width."""

    at: str
    text: str


def page_of(
    study: Study,
    compared: Sequence[Agreement],
    *,
    facts: Sequence[tuple[str, str]],
    command: str,
) -> str:
    """Return the page of a study, to be written as UTF-8.

    Args:
        study: The study.
        compared: Its agreement with codes by hand; none where there are none.
        facts: What it is about.
        command: The command line that makes it; "" where there was none.
    """
    parts = (
        sections.plain_words(study, compared),
        sections.cautions(),
        _over_time(study),
        sections.shares(study),
        sections.episodes(study),
        sections.events(study),
        sections.agreement(study, compared),
        sections.quality(study),
        _made(facts, command),
    )
    return Page(
        title="Report of a study",
        heading="How they looked",
        facts=facts[:3],
        sections=[part for part in parts if part is not None],
        style=_own("strips.css"),
        script=_own("strips.js"),
        with_videos=bool(study.links),
    ).html()


def _made(facts: Sequence[tuple[str, str]], command: str) -> Section:
    parts: list[Part] = [Definitions(facts)]
    if command:
        parts.append(Code(command, label="Command"))
    return Section("How it was made", parts)


@cache
def _own(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _over_time(study: Study) -> Section:
    drawn = [one for one in study.told if one.strip is not None]
    write = template(TEMPLATES, "strips.html").render
    parts = [
        Drawn(Markup(write(**_recording(study, source, drawn))))  # noqa: S704 - it is escaped
        for source in dict.fromkeys(one.source for one in drawn)
    ]
    notes = [Note(text) for text in _notes(study, drawn)]
    return Section("Over time", parts, notes)


def _notes(study: Study, drawn: Sequence[Told]) -> Iterator[str]:
    yield (
        "Click a strip, or go to it with Tab and use the arrow keys, to see time and look; with "
        "Shift they go from change to change."
    )
    if not study.tally.is_empty:
        yield "The thin dark bars are the codes by hand."
    coarse = {one.strip.step for one in drawn if one.strip is not None and one.strip.step}
    if coarse:
        yield (
            f"Long strips are drawn in steps, of {max(coarse):.1f} s at most, each by the look "
            "that lasted longest in it."
        )
    if len(drawn) < len(study.told):
        yield f"The first {MOST_STRIPS} of {len(study.told):,} strips; the tables have all."


def _recording(study: Study, source: str, drawn: Sequence[Told]) -> dict[str, object]:
    told = [one for one in drawn if one.source == source]
    link = study.links.get(source)
    return {
        "name": told[0].video,
        "begin": told[0].begin,
        "seconds": told[0].seconds,
        "lasts": lasting(told[0].seconds),
        "link": None if link is None else quote(link),
        "strips": [(one, one.strip, _signs(study, one), _summary(one)) for one in told],
        "marks": _marks(told[0]),
        "events": _events(told[0], study.events.get(source, ())),
        "numbered": len(study.events.get(source, ())) <= MOST_NUMBERED,
        "width": WIDTH,
        "row": ROW,
        "side": SIDE,
    }


def _signs(study: Study, told: Told) -> list[Sign]:
    rows = () if told.strip is None else told.strip.rows
    labels = {*study.labels, *(row.look for row in rows)} - {NOT_SURE_WORD, NOT_SEEN_WORD}
    return [_sign(row, labels) for row in rows]


def _sign(row: Row, labels: set[str]) -> Sign:
    if row.look == NOT_SEEN_WORD:
        return Sign(row, row.look, "unseen", None)
    if row.look == NOT_SURE_WORD:
        return Sign(row, row.look, "unsure", entry_of(None, labels))
    return Sign(row, verdict(row.look), "look", entry_of(row.look, labels))


def _summary(told: Told) -> str:
    """Return a strip in words, for who cannot see it."""
    most = sorted(told.episodes.items(), key=lambda pair: -pair[1].seconds)[:3]
    parts = [f"{look} for {lasting(one.seconds)}" for look, one in most]
    return f"{told.person} in {told.video}: {', '.join(parts)}"


def _marks(told: Told) -> list[Mark]:
    step = next((one for one in STEPS if told.seconds / one <= MOST_MARKS), STEPS[-1])
    step = max(step, told.seconds / (4 * MOST_MARKS))
    first = -(-told.begin // step) * step
    marks, time = [], first
    while time < told.end:
        marks.append(Mark(_place(told, time), clock(time, 0 if step >= 1 else 1)))
        time += step
    return marks


def _events(told: Told, events: Sequence[Event]) -> list[Mark]:
    return [
        Mark(_place(told, one.time), f"{one.word}, {clock(one.time)}")
        for one in events[:MOST_EVENTS]
    ]


def _place(told: Told, time: float) -> str:
    return f"{100 * (time - told.begin) / told.seconds:.3f}"
