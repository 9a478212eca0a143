"""Figures by fold and by person, where each face was read by a network that had not seen it.

The spread is that between folds, or between persons. It is no standard error of their mean: the
folds share most of what they learn from (Bengio and Grandvalet, "No Unbiased Estimator of the
Variance of K-Fold Cross-Validation", JMLR 2004). The intervals draw persons anew, with the networks
as they are.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from rich.markup import escape
from rich.table import Table as TerminalTable

from mien.datasets.records import PHOTO_GROUP
from mien.evaluation.figures.intervals import RESAMPLES
from mien.evaluation.figures.parts import (
    FIGURES,
    OF_PERSONS,
    Part,
    Spread,
    alone,
    part_of,
    spread,
    spread_drawn,
)
from mien.evaluation.figures.summary import UNKNOWN as NOTHING
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.predictions import Evaluation
from mien.evaluation.report.parts import Cell, Note, Paragraph, Plot, Section, Table, Value
from mien.evaluation.report.parts import Part as SectionPart
from mien.evaluation.report.texts import decimal, interval, percent, terminal_table
from mien.evaluation.report.words import count
from mien.evaluation.study import Finding, NoOptions, Run, Started, Study
from mien.types import OnProgress, ignore_progress

if TYPE_CHECKING:  # drawing needs an extra
    from matplotlib.figure import Figure

STAGE = "intervals of the mean person"
PLOT, BY_FOLD, BY_PERSON = "folds", "folds.csv", "persons.csv"
SHOWN = 20  # persons in the terminal


@dataclass(frozen=True, slots=True)
class FoldsStudy(Study[NoOptions]):
    """Compares folds; always asked, and silent where there are none."""

    options = NoOptions
    plots = (PLOT,)
    files = (BY_FOLD, BY_PERSON)

    @classmethod
    def asked(cls, options: NoOptions, given: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Return the study."""
        return cls()

    def start(self, run: Run) -> Started:
        """Watch nothing: the answers are enough."""
        return Started(lambda evaluation: by_fold(evaluation, **run.draws))


@dataclass(frozen=True, slots=True)
class Folds(Finding):
    """What a cross-validation gives.

    Attributes:
        folds: One part for each fold.
        persons: One part for each person who is known, by name.
        over_folds: Each figure over the folds.
        over_persons: Each figure but the calibration error over the persons; empty without them.
    """

    folds: tuple[Part, ...]
    persons: tuple[Part, ...]
    over_folds: Mapping[str, Spread]
    over_persons: Mapping[str, Spread]

    def figures(self) -> Mapping[str, Any]:
        """Return all figures."""
        return {"cross_validation": self}

    def shown(self, summary: Summary) -> Sequence[TerminalTable]:
        """Return a table by fold, and one by person."""
        table = terminal_table("left out", "persons", "faces", *_titles(FIGURES))
        for part in self.folds:
            cells = [_written(name, getattr(part, name)) for name in FIGURES]
            table.add_row(f"fold {part.name}", f"{part.persons:,}", f"{part.faces:,}", *cells)
        for title, values in self._rows(summary):
            table.add_row(title, "", "", *(_written(n, e.value) for n, e in values.items()))
        worst = sorted(self.persons, key=lambda part: part.accuracy)[:SHOWN]
        people = terminal_table("person", "fold", "faces", "classes", *_titles(OF_PERSONS))
        for part in worst:
            cells = [_written(name, getattr(part, name)) for name in OF_PERSONS]
            people.add_row(escape(part.name), *_counts(part), *cells)
        if len(self.persons) > len(worst):
            people.caption = f"the {SHOWN} read worst of {len(self.persons):,}; all: {BY_PERSON}"
        return [table, people] if worst else [table]

    def section(self, summary: Summary) -> Section:
        """Say how evenly folds and persons are read."""
        over: list[tuple[Cell, ...]] = [
            (title, *(Value(values.get(name, NOTHING), share=_is_share(name)) for name in FIGURES))
            for title, values in self._rows(summary)
        ]
        by_fold = [
            (f"fold {p.name}", f"{p.persons:,}", f"{p.faces:,}", *_cells(p, FIGURES))
            for p in self.folds
        ]
        by_person = [(p.name, *_counts(p), *_cells(p, OF_PERSONS)) for p in self.persons]
        tables = [
            Table("Over all that was left out", ("of", *_titles(FIGURES)), over),
            Table("By fold", ("left out", "persons", "faces", *_titles(FIGURES)), by_fold),
        ]
        if by_person:
            heads = ("person", "fold", "faces", "classes", *_titles(OF_PERSONS))
            tables.append(Table("By person", heads, by_person))
        notes = [
            Note(
                "The spread is the standard deviation between folds or persons. It is no standard "
                "error of the mean: the folds learn from mostly the same faces."
            ),
            Note(
                "The balanced accuracy is the mean over the classes that a fold or person shows: "
                "of somebody with one class it is the recall of that class."
            ),
        ]
        parts: list[SectionPart] = [Paragraph(self.verdict(summary)), *tables]
        return Section("By who was left out", parts, notes, is_early=True)

    def verdict(self, summary: Summary) -> str:
        """Say in a few sentences what came out."""
        accuracy, folds = self.over_folds["accuracy"], count(len(self.folds), "fold")
        text = (
            f"Every face was read by a network that had learnt from other groups alone. Over "
            f"{folds} the mean accuracy is {percent(accuracy.mean.value)}"
        )
        if not math.isnan(accuracy.deviation):
            text += f", with a spread of {_points(accuracy.deviation)}"
        text += f"; over all faces it is {percent(summary.figures['accuracy'].value)}."
        if self.over_persons:
            person = self.over_persons["accuracy"].mean
            text += (
                f" The mean person, of {len(self.persons):,}, is read rightly "
                f"{percent(person.value)} of the time"
            )
            text += f" ({interval(person)})." if not math.isnan(person.low) else "."
        return text

    def plots(self, summary: Summary) -> Sequence[Plot]:
        """Return accuracy by fold and person."""
        text = self.verdict(summary)
        return [Plot(PLOT, "Accuracy by fold and person", text, lambda: self.draw(summary))]

    def tables(self) -> Mapping[str, bytes]:
        """Return one table by fold and one by person."""
        found = {BY_FOLD: _csv(self.folds, FIGURES)}
        return found | ({BY_PERSON: _csv(self.persons, OF_PERSONS)} if self.persons else {})

    def draw(self, summary: Summary) -> "Figure":
        """Draw the accuracy of each fold and each person in it, and that of all faces."""
        from mien.evaluation.report import plots

        figure = plots.new_figure(6.6, 4.8)
        axes = figure.add_subplot()
        places = [part.fold for part in self.folds]
        who = [part.fold for part in self.persons]
        right = [part.accuracy for part in self.persons]
        axes.scatter(who, right, s=28, color=plots.SKY, alpha=0.7, label="a person", zorder=2)
        values = [part.accuracy for part in self.folds]
        axes.plot(places, values, "D", color=plots.BLUE, markersize=8, label="a fold", zorder=3)
        pooled = summary.figures["accuracy"]
        axes.axhline(pooled.value, color=plots.ORANGE, linestyle="--", label="all faces")
        if not math.isnan(pooled.low):
            axes.axhspan(pooled.low, pooled.high, color=plots.ORANGE, alpha=0.15, linewidth=0)
        axes.set(xlabel="fold that was left out", ylabel="accuracy", ylim=(-0.02, 1.02))
        axes.locator_params(axis="x", integer=True)
        axes.legend(loc="best", frameon=False)
        plots.percent_axes(axes, x=False, y=True)
        plots.add_title(axes, summary, f"accuracy {plots.with_interval(pooled)}")
        return figure

    def _rows(self, summary: Summary) -> list[tuple[str, dict[str, Estimate]]]:
        """Return the rows below those of the folds: title → each figure."""
        rows = [("all faces", {name: summary.figures[name] for name in FIGURES})]
        for title, several in (("fold", self.over_folds), ("person", self.over_persons)):
            if several:
                spreads = {name: alone(one.deviation) for name, one in several.items()}
                rows.append((f"mean {title}", {name: one.mean for name, one in several.items()}))
                rows.append((f"spread of {title}s", spreads))
        return rows


def by_fold(
    evaluation: Evaluation,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Folds | None:
    """Make the figures of a cross-validation.

    Args:
        evaluation: The answers to all that was left out; a group is a person.
        resamples: Draws for the intervals, over persons; 0 for none.
        seed: Seed of all draws.
        on_progress: Called with the draws done.

    Returns:
        The figures; None where one bundle gave all answers.
    """
    if not evaluation.folds.size:
        return None
    groups = np.array(evaluation.answers.groups)
    folds = tuple(
        part_of(evaluation, np.flatnonzero(evaluation.folds == number), str(number))
        for number in np.unique(evaluation.folds).tolist()
    )
    names, where = np.unique(groups, return_inverse=True)
    # The rows of each group in one go: there may be as many groups as faces.
    rows = np.split(np.argsort(where, kind="stable"), np.cumsum(np.bincount(where))[:-1])
    persons = tuple(
        part_of(evaluation, own, name, ece=False)
        for name, own in zip(names.tolist(), rows, strict=True)
        if name and not name.startswith(PHOTO_GROUP)
    )
    over_folds = spread(folds, FIGURES)
    over_persons: Mapping[str, Spread] = {}
    if persons:
        over_persons = spread_drawn(
            persons,
            OF_PERSONS,
            resamples=resamples,
            seed=seed,
            stage=STAGE,
            on_progress=on_progress,
        )
    return Folds(folds, persons, over_folds, over_persons)


def _is_share(name: str) -> bool:
    return name.endswith("accuracy")


def _written(name: str, value: float) -> str:
    return percent(value) if _is_share(name) else decimal(value)


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _cells(part: Part, names: Sequence[str]) -> list[str]:
    return [_written(name, getattr(part, name)) for name in names]


def _counts(part: Part) -> tuple[str, str, str]:
    return str(part.fold), f"{part.faces:,}", str(part.classes)


def _titles(names: Sequence[str]) -> list[str]:
    titles = {"balanced_accuracy": "balanced", "nll": "NLL", "ece": "ECE"}
    return [titles.get(name, name) for name in names]


def _csv(parts: Sequence[Part], names: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    heads = ("name", "fold", "persons", "faces", "classes", *names)
    writer.writerow(heads)
    for part in parts:
        values = asdict(part)
        writer.writerow(f"{values[head]:.6f}" if head in names else values[head] for head in heads)
    return buffer.getvalue().encode()


STUDY = FoldsStudy
