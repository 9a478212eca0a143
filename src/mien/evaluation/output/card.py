"""The part of a model's card with its figures, in Markdown.

It is made from model.json alone, so that it holds no figure that was not measured; and of whom a
model reads well it says what was measured, and what nobody knows.
"""

from collections.abc import Sequence
from pathlib import Path

from mien.errors import BundleError
from mien.evaluation.figures.names import FIGURES, IN_CARD
from mien.evaluation.pictures.measures import NOTES
from mien.evaluation.report.markdown import figure, head, names, row
from mien.evaluation.report.words import FEW_FACES
from mien.evaluation.studies import all_studies
from mien.models.info import MetricsInfo, ModelInfo

START, END = "<!-- metrics -->", "<!-- /metrics -->"
HEADING, FOR_WHOM = "## Figures", "### For whom"
RECALL = "recall_"
# What a card says to be unknown, unless a slice of one of these names is there.
UNTOLD = {"age": ("age",), "sex": ("sex", "gender"), "ethnicity": ("ethnicity", "race")}


def with_table(card: str, info: ModelInfo, path: Path) -> str:
    """Return the card with its table made anew, between the markers or under a heading at its end.

    Args:
        card: The card's text.
        info: Where the figures are.
        path: The card's file, for the error.

    Raises:
        BundleError: Only one marker is there, or there are several, or they are in the wrong order.
    """
    table = f"{START}\n{metrics_table(info.metrics)}\n{END}"
    if START not in card and END not in card:
        return f"{card.rstrip()}\n\n{HEADING}\n\n{table}\n"
    before, _, rest = card.partition(START)
    _, end, after = rest.partition(END)
    if not end or END in before or START in rest or END in after:
        raise BundleError(f"{path}: needs one {START} and after it one {END}; put them right")
    return before + table + after


def metrics_table(metrics: Sequence[MetricsInfo]) -> str:
    """Return figures as Markdown: the table, each class's recall, for whom, the commands."""
    columns = [
        name
        for name in FIGURES
        if name.key in IN_CARD and any(name.key in info.values for info in metrics)
    ]
    lines = head(["data set", "split", "faces", *(name.title for name in columns), "measured"])
    for info in metrics:
        cells = [
            figure(info.values, name.key, share=name.is_share, signed=name.is_signed)
            for name in columns
        ]
        faces = f"{info.values.get('faces', 0):,.0f}"
        lines.append(row([info.dataset, info.split, faces, *cells, info.date]))
    lines += ["", "In brackets: 95% intervals (bootstrap). Recall of each class:", ""]
    labels = list(dict.fromkeys(label for info in metrics for label in names(info, RECALL)))
    lines += head(["data set", "split", *labels])
    for info in metrics:
        cells = [figure(info.values, RECALL + label, share=True) for label in labels]
        lines.append(row([info.dataset, info.split, *cells]))
    for study in all_studies():
        lines += study.card(metrics)
    lines += [
        "",
        *for_whom(metrics),
        "Measured by:",
        "",
        "```",
        *(info.command for info in metrics),
        "```",
    ]
    return "\n".join(lines)


def for_whom(metrics: Sequence[MetricsInfo]) -> list[str]:
    """Return the lines of a card's part about for whom; none where nothing was recorded."""
    rows = [
        row([f"{info.dataset} ({info.split})", *cells])
        for info in metrics
        for study in all_studies()
        for cells in study.for_whom(info)
    ]
    if not rows:
        return []
    measures = dict.fromkeys(part.measure for info in metrics for part in info.slices)
    words = {measure.lower() for measure in measures}
    untold = [name for name, told in UNTOLD.items() if words.isdisjoint(told)]
    notes = [
        f"Accuracy of the parts read worst and best, among those of {FEW_FACES} faces or more.",
        *(NOTES[measure] for measure in measures if measure in NOTES),
    ]
    if untold:
        listed = ", ".join(untold[:-1]), untold[-1]
        notes.append(f"No source here tells {' or '.join(filter(None, listed))}.")
    heads = head(("data set", "faces by", "read worst", "read best"))
    return [FOR_WHOM, "", *heads, *rows, "", " ".join(notes), ""]
