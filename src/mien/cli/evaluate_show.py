"""What `mien evaluate` shows in the terminal: tables of the figures, and notes on them."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from mien.cli import console
from mien.evaluation.measures import NOTES
from mien.evaluation.names import FIGURES, write_figure
from mien.evaluation.studies.persons import MIN_FACES

if TYPE_CHECKING:
    from mien.evaluation.studies.ask import Studies
    from mien.evaluation.studies.compare import Comparison
    from mien.evaluation.studies.corruptions import CorruptionPoint
    from mien.evaluation.studies.crop_scales import CropScalePoint
    from mien.evaluation.studies.others import Others
    from mien.evaluation.studies.persons import Persons
    from mien.evaluation.studies.slices import Slice
    from mien.evaluation.summary import Estimate, Summary

SHOWN_UNREADABLE = 5


def show(
    summary: "Summary", studies: "Studies", *, slices: bool, asked: "Sequence[str]" = ()
) -> None:
    """Print the figures, and what was found beside them.

    Args:
        summary: The figures.
        studies: What was found beside them.
        slices: Show the slices, too; they are long.
        asked: Slices to show in any case.
    """
    evaluation = summary.evaluation
    model = f"{evaluation.model.name} {evaluation.model.version}"
    groups = f" (groups: {summary.groups:,})" if summary.groups < summary.pictures else ""
    console.out.print(
        f"{model} on {evaluation.dataset} ({evaluation.split}): {summary.faces:,} faces in "
        f"{summary.pictures:,} pictures{groups}",
        style="bold",
        markup=False,
    )
    console.out.print(_figures_table(summary))
    console.out.print(_classes_table(summary))
    if studies.others is not None:
        console.out.print(_others_table(studies.others, evaluation.model.labels))
    if chosen := [part for part in studies.slices if slices or part.measure in asked]:
        console.out.print(_slices_table(chosen, evaluation.model.labels))
    for name in set(asked) - {part.measure for part in chosen}:
        console.out.print(f"No picture's path fits the slice pattern of {name}.", markup=False)
    if studies.persons is not None:
        console.out.print(_persons_table(studies.persons))
    if studies.corruptions:
        console.out.print(_corruptions_table(studies.corruptions))
    if studies.crop_scales:
        console.out.print(_crop_scales_table(studies.crop_scales))
    if studies.comparison is not None:
        console.out.print(_comparison_table(studies.comparison))
    for line in _notes(summary):
        console.out.print(line, markup=False)


def _figures_table(summary: "Summary") -> Table:
    table = Table("figure", box=box.SIMPLE_HEAD)
    table.add_column("value", justify="right")
    table.add_column("95% interval", justify="right")
    for figure in FIGURES:
        if figure.key in summary.figures:
            estimate = summary.figures[figure.key]
            cells = _cells(estimate, share=figure.is_share, signed=figure.is_signed)
            table.add_row(figure.title, *cells)
    return table


def _classes_table(summary: "Summary") -> Table:
    full = summary.evaluation.detector is not None
    table = Table("class", box=box.SIMPLE_HEAD)
    missed = ["no face"] if full else []
    for title in ("faces", *missed, "recall", "95% interval", "precision", "95% interval"):
        table.add_column(title, justify="right")
    for entry in summary.classes:
        missed = [f"{entry.without_face:,}"] if full else []
        figures = (*_cells(entry.recall, share=True), *_cells(entry.precision, share=True))
        table.add_row(escape(entry.label), f"{entry.faces:,}", *missed, *figures)
    return table


def _others_table(others: "Others", labels: "Sequence[str]") -> Table:
    # Imported here: it is loaded already where somebody asked, and slow to load where not.
    from mien.evaluation.report.others import frequent_word

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("other class", no_wrap=True)
    for title in ("faces", "get a word", "95% interval", "most often"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in others.classes:
        cells = _cells(one.named, share=True)
        word = escape(frequent_word(one, labels))
        table.add_row(escape(one.name), f"{one.faces:,}", *cells, word)
    table.add_section()
    table.add_row("all of these", f"{others.faces:,}", *_cells(others.named, share=True))
    table.add_row("its own classes", "", *_cells(others.answered, share=True))
    table.add_row("AUROC of certainty", "", *_cells(others.auroc, share=False))
    if others.worst:
        table.caption = escape(f"every word is wrong; worst: {others.worst}")
    return table


def _slices_table(slices: "Sequence[Slice]", labels: "Sequence[str]") -> Table:
    # As narrow as it can be: it must fit into 80 columns.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    # The longest name of a part that mien gives; longer ones of the user are broken.
    table.add_column("faces by", width=25)
    for title in ("faces", "accuracy", "balanced", "lowest recall", "answered"):
        table.add_column(title, justify="right")
    for measure, parts in groupby(slices, key=lambda part: part.measure):
        table.add_row(escape(measure), style="bold")
        for part in parts:
            shares = (part.accuracy, part.balanced_accuracy)
            table.add_row(
                escape(part.part),
                f"{part.faces:,}",
                *(_cells(share, share=True)[0] for share in shares),
                escape(_lowest_recall(part, labels)),
                f"{part.answered:.1%}",
            )
    notes = [NOTES[name] for name in dict.fromkeys(p.measure for p in slices) if name in NOTES]
    table.caption = " ".join(notes) or None
    return table


def _persons_table(persons: "Persons") -> Table:
    table = Table("person", box=box.SIMPLE_HEAD)
    for title in ("persons", "accuracy", "95% interval"):
        table.add_column(title, justify="right")
    for title, count, estimate in (
        ("mean person", persons.persons, persons.accuracy),
        ("worst tenth", persons.worst, persons.worst_accuracy),
    ):
        table.add_row(title, f"{count:,}", *_cells(estimate, share=True))
    table.add_row("worst tenth by chance alone", "", f"{persons.worst_by_chance:.1%}", "")
    table.caption = f"persons with {MIN_FACES} faces or more"
    return table


def _lowest_recall(part: "Slice", labels: "Sequence[str]") -> str:
    known = [
        (recall.value, label)
        for recall, label in zip(part.recalls, labels, strict=True)
        if not math.isnan(recall.value)
    ]
    value, label = min(known)
    return f"{label} {value:.0%}"


def _corruptions_table(points: "Sequence[CorruptionPoint]") -> Table:
    # Imported here: it is loaded already where there are points, and slow to load where not.
    from mien.evaluation.studies.corruptions import confidence_trends

    trends = confidence_trends(points)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("severity 0 → 5", no_wrap=True)
    for title in ("accuracy", "confidence", "answered", "ECE at 5"):
        table.add_column(title, justify="right")
    table.add_column("verdict")
    for name, group in groupby(points, key=lambda point: point.corruption):
        best, *_, worst = group
        table.add_row(
            name,
            f"{best.accuracy.value:.0%} → {worst.accuracy.value:.0%}",
            f"{best.confidence:.0%} → {worst.confidence:.0%}",
            f"{best.answered:.0%} → {worst.answered:.0%}",
            f"{worst.ece:.3f}",
            trends[name].verdict,
        )
    table.caption = (
        f"{points[0].faces:,} faces, made worse as the network gets them; "
        "verdict: on confidence, which must fall where accuracy does"
    )
    return table


def _crop_scales_table(points: "Sequence[CropScalePoint]") -> Table:
    table = Table("crop scale", box=box.SIMPLE_HEAD)
    for title in ("accuracy", "95% interval", "balanced", "95% interval", "ECE"):
        table.add_column(title, justify="right")
    for point in points:
        figures = _cells(point.accuracy, share=True) + _cells(point.balanced_accuracy, share=True)
        table.add_row(f"{point.crop_scale:g}", *figures, f"{point.ece:.3f}")
    return table


def _comparison_table(comparison: "Comparison") -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("comparison", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("95% interval", justify="right")
    for title, difference in (
        ("accuracy, difference", comparison.accuracy_difference),
        ("balanced accuracy, difference", comparison.balanced_difference),
    ):
        table.add_row(title, *_difference_cells(difference))
    for title, faces in (
        ("both right", comparison.both_right),
        (f"only {comparison.first} right", comparison.only_first),
        (f"only {comparison.second} right", comparison.only_second),
        ("neither right", comparison.neither),
    ):
        table.add_row(escape(title), f"{faces:,}", "")
    caption = f"differences: {comparison.second} minus {comparison.first}"
    if comparison.shared:
        caption += (
            f"; on {comparison.faces:,} faces of the classes that both know "
            f"({', '.join(comparison.shared)}), among which both had to choose; "
            f"{comparison.left_out:,} faces of other classes left out"
        )
    table.caption = escape(caption)
    table.add_row("p (exact McNemar test)", f"{comparison.p_value:.2g}", "")
    return table


def _cells(estimate: "Estimate", *, share: bool, signed: bool = False) -> tuple[str, str]:
    parts = (estimate.value, estimate.low, estimate.high)
    value, interval = write_figure(*parts, share=share, signed=signed)
    return value or "–", interval + "%" * share if interval else "–"


def _difference_cells(estimate: "Estimate") -> tuple[str, str]:
    value, low, high = (f"{100 * x:+.1f}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} points", "–" if math.isnan(estimate.low) else f"{low} to {high} points"


def _notes(summary: "Summary") -> list[str]:
    evaluation = summary.evaluation
    lines = []
    if summary.absent:
        absent = ", ".join(summary.absent)
        lines.append(f"No face of: {absent}; the means over classes are without.")
    if evaluation.skipped:
        counts = ", ".join(f"{name} {count:,}" for name, count in evaluation.skipped.items())
        lines.append(f"Left out, classes that the model does not know: {counts}.")
    if evaluation.unreadable:
        lines.append(f"Unreadable pictures, in no figure: {len(evaluation.unreadable):,}")
        shown = evaluation.unreadable[:SHOWN_UNREADABLE]
        lines += [f"  {entry.origin}: {entry.reason}" for entry in shown]
        if len(evaluation.unreadable) > len(shown):
            lines.append("  … all are in metrics.json")
    return lines
