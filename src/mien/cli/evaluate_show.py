"""What `mien evaluate` shows in the terminal: tables of the figures, and notes on them."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from mien.cli import console
from mien.evaluation.figures.names import FIGURES
from mien.evaluation.report.texts import terminal_cells, terminal_table

if TYPE_CHECKING:
    from mien.evaluation.evaluate import Evaluated
    from mien.evaluation.figures.summary import Summary

SHOWN_UNREADABLE = 5


def show(found: "Evaluated") -> None:
    """Print the figures, and what was found beside them."""
    summary, evaluation = found.summary, found.summary.evaluation
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
    for finding in found.findings:
        for part in finding.shown(summary):
            # What names from the data may hold is escaped in tables.
            console.out.print(part, markup=not isinstance(part, str))
    for line in _notes(summary):
        console.out.print(line, markup=False)


def _figures_table(summary: "Summary") -> Table:
    table = terminal_table("figure", "value", "95% interval")
    for figure in FIGURES:
        if figure.key in summary.figures:
            estimate = summary.figures[figure.key]
            cells = terminal_cells(estimate, share=figure.is_share, signed=figure.is_signed)
            table.add_row(figure.title, *cells)
    return table


def _classes_table(summary: "Summary") -> Table:
    full = summary.evaluation.detector is not None
    missed = ["no face"] if full else []
    heads = ("faces", *missed, "recall", "95% interval", "precision", "95% interval")
    table = terminal_table("class", *heads)
    for entry in summary.classes:
        missed = [f"{entry.without_face:,}"] if full else []
        figures = (*terminal_cells(entry.recall), *terminal_cells(entry.precision))
        table.add_row(escape(entry.label), f"{entry.faces:,}", *missed, *figures)
    return table


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
