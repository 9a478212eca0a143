"""The parts of the page, from the figures of a study."""

import math
from collections.abc import Iterator, Sequence

from mien.evaluation.figures.summary import Estimate
from mien.evaluation.report.parts import (
    Bar,
    Cell,
    Heading,
    Note,
    Paragraph,
    Part,
    Section,
    Sentences,
    Table,
    Value,
    Words,
)
from mien.evaluation.report.texts import UNKNOWN
from mien.recordings.report.agreement import BLOCK, STEP, Agreement
from mien.recordings.report.events import Latency
from mien.recordings.report.shares import Episodes, share
from mien.recordings.report.study import Study, Told
from mien.recordings.report.times import clock, lasting
from mien.recordings.report.words import CAUTIONS, verdict
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD

# Rows of a table that somebody reads; the files beside the page have all.
MOST_ROWS = 300


def plain_words(study: Study, compared: Sequence[Agreement]) -> Section:
    """Return what the study comes to."""
    people, sources = len(study.people), len(study.sources)
    whole = sum(one.seconds for one in study.told)
    seen = sum(one.seen for one in study.told)
    unsure = sum(one.look(NOT_SURE_WORD).seconds for one in study.told)
    lead = (
        f"{_count(people, 'person', 'people')} in {_count(sources, 'video', 'videos')}, "
        f"{lasting(whole)} in all: seen for {_percent(share(seen, whole))} of the time, and in "
        f"{_percent(share(unsure, seen))} of that mien was not sure how they looked."
    )
    parts: list[Part] = [Paragraph(lead, leads=True)]
    if compared:
        parts.append(Sentences([verdict(one) for one in _main(compared)]))
    if study.deserted:
        parts.append(Sentences([f"Nobody is in {one}." for one in study.deserted[:MOST_ROWS]]))
    return Section("In plain words", parts)


def cautions() -> Section:
    """Return what must not be concluded."""
    return Section("What must not be concluded", [Sentences(CAUTIONS)])


def shares(study: Study) -> Section:
    """Return the shares of each look, by case."""
    labels = [one for one in study.labels if any(told.look(one).number for told in study.told)]
    heads = ("who", "video", "seen", *labels, NOT_SURE_WORD, NOT_SEEN_WORD)
    rows: list[Sequence[Cell]] = [
        (
            told.person,
            Words(told.video),
            lasting(told.seen),
            *(_bar(share(told.look(look).seconds, told.seen)) for look in (*labels, NOT_SURE_WORD)),
            _bar(share(told.look(NOT_SEEN_WORD).seconds, told.seconds)),
        )
        for told in study.told[:MOST_ROWS]
    ]
    note = Note(
        "Shares of looks and of “not sure” are of the time in which the person was seen, and come "
        "to 100% together; “not seen” is of the whole video."
    )
    table = Table("Share of the time, by person and video", heads, rows)
    return Section("Shares", [table], [note, *_left_out(len(study.told))])


def episodes(study: Study) -> Section:
    """Return number and length of the episodes of each look, by case."""
    looks = [one for one in _looks(study) if any(told.look(one).number for told in study.told)]
    rows: list[Sequence[Cell]] = [
        (told.person, Words(told.video), *(Words(_lengths(told.look(look))) for look in looks))
        for told in study.told[:MOST_ROWS]
    ]
    note = Note(
        "An episode lasts as long as nothing else is said. Single wrong frames part episodes: "
        "--shortest leaves out what is shorter than a time that you give."
    )
    caption = "How many, of what mean length, and the longest, by person and video"
    table = Table(caption, ("who", "video", *looks), rows)
    return Section("Episodes", [table], [note, *_left_out(len(study.told))])


def _lengths(one: Episodes) -> str:
    if not one.number:
        return UNKNOWN
    if one.number == 1:
        return f"1 of {lasting(one.mean)}"
    return f"{one.number:,} of {lasting(one.mean)}, longest {lasting(one.longest)}"


def quality(study: Study) -> Section | None:
    """Return what stood against being read, by case; None where the tables do not say."""
    known = [one for one in study.told if one.problems is not None]
    if not known:
        return None
    kinds = list(dict.fromkeys(kind for one in known for kind in one.problems or ()))
    if not kinds:
        return Section("Quality", [Paragraph("Nothing stood against reading the faces.")])
    rows: list[Sequence[Cell]] = [
        (
            one.person,
            Words(one.video),
            *(_bar(share((one.problems or {}).get(kind, 0.0), one.seen)) for kind in kinds),
        )
        for one in known[:MOST_ROWS]
    ]
    note = Note("Shares of the time in which the person was seen; a face may have several.")
    table = Table("What stood against being read", ("who", "video", *kinds), rows)
    return Section("Quality", [table], [note, *_left_out(len(known))])


def events(study: Study) -> Section | None:
    """Return how long after events looks changed; None where there are no events."""
    if study.window is None:
        return None
    found = [(told, one) for told in study.told for one in told.latencies]
    if not found:
        return Section("Events", [Paragraph("No event lies within these videos.")])
    notes = [
        Note(
            f"Latency: from the event to the next look that is another one, within "
            f"{study.window:g} s. “Not sure” and “not seen” are no change; where they lie between, "
            "the look may have changed earlier, and “unclear” says for how long."
        ),
        *_left_out(len(found)),
    ]
    parts: list[Part] = [_by_word(found), _each(found[:MOST_ROWS])]
    return Section("Events", parts, notes)


def _by_word(found: Sequence[tuple[Told, Latency]]) -> Table:
    groups: dict[tuple[str, str], list[Latency]] = {}
    for told, one in found:
        groups.setdefault((one.event.word, told.person), []).append(one)
    rows: list[Sequence[Cell]] = []
    for (word, person), some in list(groups.items())[:MOST_ROWS]:
        known = sorted(one.seconds for one in some if one.seconds is not None)
        mean = sum(known) / len(known) if known else math.nan
        middle = (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2 if known else math.nan
        counts = f"{len(some):,}", f"{len(known):,}"
        rows.append((word, Words(person), *counts, _seconds(mean), _seconds(middle)))
    heads = ("event", "who", "times", "look changed", "mean latency", "median latency")
    return Table("Latency by event and person", heads, rows)


def _each(found: Sequence[tuple[Told, Latency]]) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            one.event.word,
            Words(f"{told.video}, {clock(one.event.time)}"),
            Words(told.person),
            Words(one.before),
            Words(one.after or "no change"),
            _seconds(math.nan if one.seconds is None else one.seconds),
            _seconds(one.unclear) if one.unclear else "",
            Words(f"{one.mostly_before or UNKNOWN} → {one.mostly_after or UNKNOWN}"),
        )
        for told, one in found
    ]
    heads = ("event", "when", "who", "at it", "then", "latency", "unclear", "mostly before → after")
    return Table("Each event", heads, rows)


def agreement(study: Study, compared: Sequence[Agreement]) -> Section | None:
    """Return how far what was read agrees with codes by hand; None where there are none."""
    if not compared:
        return None
    parts: list[Part] = [_kappas(compared)]
    parts += [
        part
        for one in _main(compared)
        if one.moments
        for part in (Heading(f"Moment by moment, {_with_unsure(one)}"), _confusion(one))
    ]
    if strange := study.tally.strange():
        parts.append(
            Note(
                f"Codes that mien does not know: {', '.join(strange)}. They are classes too, in "
                "which it can never agree."
            )
        )
    notes = [Note(text) for text in _notes(compared)]
    return Section("Agreement with codes by hand", parts, notes)


def _kappas(compared: Sequence[Agreement]) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            one.name,
            Words(_unsure(one)),
            f"{one.moments:,}",
            Value(one.kappa, share=False),
            Value(one.alpha, share=False),
        )
        for one in compared[:MOST_ROWS]
    ]
    heads = ("who", "“not sure”", "moments", "Cohen's kappa", "Krippendorff's alpha")
    return Table("Agreement beyond chance", heads, rows)


def _confusion(one: Agreement) -> Table:
    heads = ("by hand, down; as read, across", *one.classes)
    rows: list[Sequence[Cell]] = [
        (look, *(f"{count:,}" if count else "0" for count in counts))
        for look, counts in zip(one.classes, one.counts.tolist(), strict=True)
    ]
    return Table(f"Moments of {STEP:g} s, {one.name}, {_with_unsure(one)}", heads, rows)


def _notes(compared: Sequence[Agreement]) -> Iterator[str]:
    yield (
        f"Compared every {STEP:g} s. “Not seen”, and what was not coded, is left out. 1 is full "
        "agreement, 0 what chance gives. A dash: only one class occurs, so that it cannot be said."
    )
    by_video = any(one.by_video for one in compared)
    what = "videos" if by_video else f"blocks of {BLOCK:g} s"
    if by_video and not all(one.by_video for one in compared):
        what += f", or blocks of {BLOCK:g} s of who is in one video only,"
    yield f"Beside each figure: its 95% interval, from drawing the {what} anew 1,000 times."
    yield (
        "Krippendorff advises to rely on what has an alpha of 0.8 and more, and to draw tentative "
        "conclusions only from 0.667 on. Two people who code agree less than fully, too: compare "
        "with that."
    )


def _unsure(one: Agreement) -> str:
    return "as a class" if one.with_unsure else "left out"


def _with_unsure(one: Agreement) -> str:
    return f"“not sure” {_unsure(one)}"


def _main(compared: Sequence[Agreement]) -> list[Agreement]:
    """Return those about all: with "not sure" as a class, and without it."""
    return [compared[0], *[one for one in compared if not one.with_unsure][:1]]


def _looks(study: Study) -> tuple[str, ...]:
    return (*study.labels, NOT_SURE_WORD, NOT_SEEN_WORD)


def _left_out(number: int) -> list[Note]:
    if number <= MOST_ROWS:
        return []
    return [Note(f"The first {MOST_ROWS:,} of {number:,} rows; the file beside has all.")]


def _bar(value: float) -> Bar:
    return Bar(Estimate(value, math.nan, math.nan))


def _seconds(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.2f} s"


def _percent(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.0%}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
