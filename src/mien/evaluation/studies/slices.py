"""Figures by how well a face can be seen, and by what is told of it: who is read worse.

How faces are split says `mien.evaluation.figures.slicing`.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import msgspec
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table as TerminalTable

from mien.datasets.inputs.patterns import SlicePattern
from mien.errors import SettingsError
from mien.evaluation.figures.slicing import Slice, slices
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.pictures import measures
from mien.evaluation.predictions import Evaluation
from mien.evaluation.report import markdown
from mien.evaluation.report.parts import (
    Bar,
    Cell,
    Heading,
    Note,
    Paragraph,
    Part,
    Section,
    Table,
    Value,
    Words,
)
from mien.evaluation.report.texts import UNKNOWN, percent, terminal_cells, terminal_table
from mien.evaluation.report.words import FEW_FACES, WHO_IS_READ_WORSE, capital, count
from mien.evaluation.study import SHOWING, Finding, Recorded, Run, Started, Study
from mien.models.info import MetricsInfo, SliceInfo

# Of what is measured, what is about people and how they are seen.
ABOUT_PEOPLE = (measures.SIZE, measures.BRIGHTNESS, measures.TURN, measures.SKIN)


class SliceOptions(msgspec.Struct, frozen=True):
    r"""What is split by beside measures and sources.

    Attributes:
        slices: Show figures by brightness, sharpness, size, head turn, votes and source, too (they
            are always in the report).
        slice_pattern: Split the faces by what the regex's first group finds in each picture's path,
            as in 'sex=/[AB]([FM])\d' (repeatable).
    """

    slices: Annotated[bool, SHOWING] = False
    slice_pattern: Annotated[
        tuple[str, ...], msgspec.Meta(extra={"repeated": True, "metavar": "NAME=REGEX"})
    ] = ()


@dataclass(frozen=True, slots=True)
class SlicesStudy(Study[SliceOptions]):
    """Splits the faces; always asked.

    Attributes:
        patterns: What to split by beside measures and sources.
        is_shown: Whether the terminal shows all; those by patterns are shown always.
    """

    options = SliceOptions

    patterns: tuple[SlicePattern, ...] = ()
    is_shown: bool = False

    @classmethod
    def asked(cls, options: SliceOptions, given: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Return the study with the patterns that are given."""
        patterns = tuple(map(SlicePattern.parse, options.slice_pattern))
        twice = [name for name, times in Counter(p.name for p in patterns).items() if times > 1]
        if twice:
            raise SettingsError(
                f"--slice-pattern: {twice[0]!r} is there twice; name each otherwise"
            )
        return cls(patterns, options.slices)

    def start(self, run: Run) -> Started:
        """Watch nothing: what an evaluation measures is enough."""

        def finish(evaluation: Evaluation) -> Slices:
            parts = slices(evaluation, self.patterns, **run.draws)
            names = tuple(pattern.name for pattern in self.patterns)
            return Slices(parts, names, is_shown=self.is_shown)

        return Started(finish)

    @classmethod
    def for_whom(cls, info: MetricsInfo) -> list[tuple[str, str, str]]:
        """Return a row for each measure: the parts read worst and best, of enough faces."""
        rows = []
        for measure in dict.fromkeys(part.measure for part in info.slices):
            parts = [p for p in info.slices if p.measure == measure and p.faces >= FEW_FACES]
            if len(parts) > 1:
                parts.sort(key=lambda part: part.values["accuracy"])
                rows.append((measure, _written(parts[0]), _written(parts[-1])))
        return rows


@dataclass(frozen=True, slots=True)
class Slices(Finding):
    """Figures of parts of the faces.

    Attributes:
        parts: All of one measure together.
        asked: The measures that patterns asked for.
        is_shown: Whether the terminal shows all.
    """

    parts: tuple[Slice, ...]
    asked: tuple[str, ...] = ()
    is_shown: bool = False

    def figures(self) -> Mapping[str, Any]:
        """Return all parts."""
        return {"slices": self.parts}

    def shown(self, summary: Summary) -> Sequence[RenderableType]:
        """Return one table, of what was asked for; and what of that is not there."""
        chosen = [part for part in self.parts if self.is_shown or part.measure in self.asked]
        absent = dict.fromkeys(self.asked).keys() - {part.measure for part in chosen}
        tables = [_terminal_table(chosen, summary.evaluation.model.labels)] if chosen else []
        lines = (f"No picture's path fits the slice pattern of {name}." for name in absent)
        return [*tables, *lines]

    def section(self, summary: Summary) -> Section | None:
        """Say which parts are read clearly worse, over the figures of each measure."""
        content: list[Part] = []
        for measure, parts in _by_measure(self.parts).items():
            verdict = Paragraph(slices_verdict(parts, summary))
            content += [Heading(capital(measure)), verdict, _table(measure, parts, summary)]
            content += [Note(measures.NOTES[measure])] if measure in measures.NOTES else []
        hint = (
            "Clearly worse: the interval of the part ends below the figure of all faces together, "
            "which is the upright line in each bar. By chance alone about one figure in forty "
            "looks so."
        )
        return Section(WHO_IS_READ_WORSE, content, [Note(hint)]) if content else None

    def recorded(self) -> Recorded:
        """Return those about people and how they are seen, and those of patterns."""
        kept = [
            SliceInfo(part.measure, part.part, part.faces, _values(part))
            for part in self.parts
            if part.measure in ABOUT_PEOPLE or part.measure not in measures.NAMES
        ]
        return Recorded(slices=tuple(kept))


def slices_verdict(parts: Sequence[Slice], summary: Summary) -> str:
    """Say which parts of the faces are read clearly worse than the whole."""
    if not any(_has_interval(part) for part in parts):
        return "Without intervals nobody can say whether a part is read clearly worse."
    worse = [
        f"{part.part}, with {_listed(figures)} on {count(part.faces, 'face')}"
        for part in parts
        if (figures := worse_than_whole(part, summary))
    ]
    if not worse:
        return "No part is read clearly worse than all faces together."
    whole = _listed({name: summary.figures[name] for name in ("accuracy", "balanced_accuracy")})
    return f"Read clearly worse than all faces together ({whole}): {'; '.join(worse)}."


def worse_than_whole(part: Slice, summary: Summary) -> dict[str, Estimate]:
    """Return the figures, by name, in which a part of the faces is clearly worse than the whole.

    Clearly: its interval ends below the figure of the whole. So few faces that their interval means
    nothing are not compared at all.
    """
    if part.faces < FEW_FACES:
        return {}
    figures = {"accuracy": part.accuracy, "balanced_accuracy": part.balanced_accuracy}
    whole = summary.figures
    return {name: ours for name, ours in figures.items() if ours.high < whole[name].value}


def _table(measure: str, parts: Sequence[Slice], summary: Summary) -> Table:
    whole = summary.figures
    rows: list[tuple[Cell, ...]] = [
        (
            Words(part.part),
            f"{part.faces:,}",
            Words(_against_whole(part, summary)),
            Bar(part.accuracy, whole=whole["accuracy"].value),
            Bar(part.balanced_accuracy, whole=whole["balanced_accuracy"].value),
            percent(part.confidence),
            percent(part.answered),
            *(Value(recall) for recall in part.recalls),
        )
        for part in parts
    ]
    recalls = (f"recall of {label}" for label in summary.evaluation.model.labels)
    heads = ("part", "faces", "against all faces", "accuracy", "balanced accuracy")
    more = ("mean confidence", "coverage", *recalls)
    return Table(f"Figures by {measure}", (*heads, *more), rows)


def _against_whole(part: Slice, summary: Summary) -> str:
    if not _has_interval(part):
        return UNKNOWN
    if part.faces < FEW_FACES:
        return "too few faces"
    worse = " and ".join(worse_than_whole(part, summary)).replace("_", " ")
    return f"clearly worse in {worse}" if worse else "not clearly worse"


def _listed(figures: Mapping[str, Estimate]) -> str:
    texts = (f"{name} {percent(figure.value)}" for name, figure in figures.items())
    return ", ".join(texts).replace("_", " ")


def _has_interval(part: Slice) -> bool:
    return not math.isnan(part.accuracy.high)


def _terminal_table(slices: Sequence[Slice], labels: Sequence[str]) -> TerminalTable:
    heads = ("faces", "accuracy", "balanced", "lowest recall", "coverage")
    table = terminal_table("faces by", *heads, narrow=True)
    # The longest name of a part that mien gives; longer ones of the user are broken.
    table.columns[0].width = 25
    by_measure = _by_measure(slices)
    for measure, parts in by_measure.items():
        table.add_row(escape(measure), style="bold")
        for part in parts:
            shares = (part.accuracy, part.balanced_accuracy)
            table.add_row(
                escape(part.part),
                f"{part.faces:,}",
                *(terminal_cells(share)[0] for share in shares),
                escape(_lowest_recall(part, labels)),
                f"{part.answered:.1%}",
            )
    notes = [measures.NOTES[name] for name in by_measure if name in measures.NOTES]
    table.caption = " ".join(notes) or None
    return table


def _lowest_recall(part: Slice, labels: Sequence[str]) -> str:
    known = [
        (recall.value, label)
        for recall, label in zip(part.recalls, labels, strict=True)
        if not math.isnan(recall.value)
    ]
    value, label = min(known)
    return f"{label} {value:.0%}"


def _by_measure(parts: Sequence[Slice]) -> dict[str, list[Slice]]:
    found: dict[str, list[Slice]] = {}
    for part in parts:
        found.setdefault(part.measure, []).append(part)
    return found


def _written(part: SliceInfo) -> str:
    figure = markdown.figure(part.values, "accuracy", share=True)
    return f"{part.part}: {figure}, {part.faces:,} faces"


def _values(part: Slice) -> dict[str, float]:
    balanced = part.balanced_accuracy.named("balanced_accuracy")
    return {**part.accuracy.named("accuracy"), **balanced}


STUDY = SlicesStudy
