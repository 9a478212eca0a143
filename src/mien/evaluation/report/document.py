"""Puts the report together: the parts about all faces, and the order of all parts."""

from collections.abc import Sequence

from mien.evaluation.figures import metrics
from mien.evaluation.figures.names import FIGURES
from mien.evaluation.figures.summary import Summary
from mien.evaluation.report.page import Page
from mien.evaluation.report.parts import (
    Bar,
    Cell,
    Code,
    Definitions,
    Note,
    Paragraph,
    Picture,
    Pictures,
    Section,
    Sentences,
    Table,
    Value,
    Words,
    merged,
)
from mien.evaluation.report.texts import decimal
from mien.evaluation.report.words import (
    confusions,
    count,
    further_points,
    is_known,
    main_points,
)

SHOWN_CONFUSIONS = 8
SHOWN_UNREADABLE = 10


def html_report(
    summary: Summary,
    *,
    command: str,
    date: str,
    pictures: Sequence[Picture] = (),
    sections: Sequence[Section] = (),
) -> str:
    """Write an evaluation as one HTML page; what is not given leaves no trace in it.

    Args:
        summary: The figures.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.
        pictures: The plots.
        sections: What the studies found.

    Returns:
        The page, to be written as UTF-8.
    """
    parts = (
        _plain_words(summary),
        _all_figures(summary),
        _classes(summary),
        _confusions(summary),
        *merged(section for section in sections if section.is_early),
        Section("Plots", [Pictures(pictures)]) if pictures else None,
        *merged(section for section in sections if not section.is_early),
        _left_out(summary),
        _measured(summary, command),
    )
    facts = (
        ("model", _model(summary)),
        ("data", _data(summary)),
        ("faces", f"{summary.faces:,}"),
        ("measured", date),
    )
    return Page(
        title=f"{_model(summary)} on {_data(summary)}",
        heading=f"How well {summary.evaluation.model.name} reads faces",
        facts=facts,
        sections=[part for part in parts if part is not None],
    ).html()


def _plain_words(summary: Summary) -> Section:
    main = Paragraph(" ".join(main_points(summary)), leads=True)
    further = Paragraph(" ".join(further_points(summary)))
    hints = [
        "These figures are about faces like those of this data; on other pictures they may be "
        "better or worse. And an expression tells what a face shows, not what a person feels."
    ]
    if summary.evaluation.split == "validation":
        hints.append(
            "A model that was trained with this data was chosen by these validation faces, so its "
            "figures here are a little too good."
        )
    if summary.evaluation.split == "train":
        hints.append(
            "A model that was trained with this data has learned these very faces by heart, so "
            "its figures here are far too good."
        )
    if is_known(summary.figures["accuracy"]) and summary.resamples:
        hints.append(
            "In brackets: 95% intervals. With other faces of the same kind, a figure may well come "
            "out anywhere in this range."
        )
    return Section("In plain words", [main, further], [Note(hint) for hint in hints])


def _all_figures(summary: Summary) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for name in FIGURES:
        if name.key in summary.figures:
            figure = summary.figures[name.key]
            value = Value(figure, share=False, signed=name.is_signed)
            cell = Bar(figure) if name.is_share else value
            rows.append((name.title, cell, Words(name.meaning)))
    legend = "A dash: the data cannot tell."
    if summary.resamples:
        legend = f"Beside the value and as a thin line: 95% intervals. {legend}"
    heads = ("figure", "value", "what it is")
    table = Table("All faces together", heads, rows)
    return Section("All figures", [table], [Note(legend)])


def _classes(summary: Summary) -> Section:
    full = summary.evaluation.detector is not None
    scores = metrics.f1_scores(summary.confusion)
    rows: list[tuple[Cell, ...]] = [
        (
            entry.label,
            f"{entry.faces:,}",
            *([f"{entry.without_face:,}"] if full else []),
            Bar(entry.recall),
            Bar(entry.precision),
            decimal(float(score)),
        )
        for entry, score in zip(summary.classes, scores, strict=True)
    ]
    heads = ("class", "faces", *(["no face found"] if full else []), "recall", "precision", "F1")
    hint = (
        "Recall: how many faces of a class are read as it. Precision: how many answers of a class "
        "are right. F1: their harmonic mean."
    )
    return Section("Class by class", [Table("Figures by class", heads, rows)], [Note(hint)])


def _confusions(summary: Summary) -> Section | None:
    found = confusions(summary)
    if not found:
        return None
    lines = [
        f"{one.truth} is taken for {one.answer}: {one.of_hundred} faces "
        f"({one.times:,} of {one.faces:,})."
        for one in found[:SHOWN_CONFUSIONS]
    ]
    return Section("What is taken for what", [Sentences(lines)])


def _left_out(summary: Summary) -> Section | None:
    evaluation = summary.evaluation
    lines = []
    if summary.absent:
        absent = ", ".join(summary.absent)
        lines.append(f"No face of {absent} was read; means over classes are without.")
    missed = [
        f"{entry.label} {entry.without_face:,}" for entry in summary.classes if entry.without_face
    ]
    if missed:
        total = count(summary.pictures - summary.faces, "picture")
        lines.append(
            f"No face was found in {total} ({', '.join(missed)}); they are only in the figures "
            "over all pictures."
        )
    for name, number in evaluation.skipped.items():
        lines.append(f"{count(number, 'picture')} of {name}, which the model does not know.")
    lines += [
        f"{entry.origin} could not be read: {entry.reason}"
        for entry in evaluation.unreadable[:SHOWN_UNREADABLE]
    ]
    if (more := len(evaluation.unreadable) - SHOWN_UNREADABLE) > 0:
        lines.append(f"{count(more, 'more picture')} could not be read.")
    return Section("What was left out", [Sentences(lines)]) if lines else None


def _measured(summary: Summary, command: str) -> Section:
    evaluation, model = summary.evaluation, summary.evaluation.model
    certain = "probability of being right" if model.other else "confidence"
    several = bool(evaluation.folds.size)
    facts: list[tuple[str, Cell]] = [
        ("sha256 of the graphs’ hashes" if several else "sha256 of the graph", model.sha256),
        ("terms of the weights", model.terms.weights),
        ("trained on", model.terms.sources()),
        ("“not sure” below", f"{certain} {model.not_sure_below:g}{', the folds’ mean' * several}"),
    ]
    if evaluation.detector is not None:
        facts.append(("faces found by", evaluation.detector))
    if evaluation.crop_scale is not None:
        facts.append(("crop scale", f"{evaluation.crop_scale:g}"))
    if summary.resamples:
        drawn = f"{summary.resamples:,} bootstrap draws of {count(summary.groups, 'group')}"
        facts.append(("intervals", f"95%, {drawn}, seed {summary.seed}"))
    box = Code(command, label="Command")
    return Section("How it was measured", [Definitions(facts), box])


def _model(summary: Summary) -> str:
    model = summary.evaluation.model
    return f"{model.name} {model.version}"


def _data(summary: Summary) -> str:
    return f"{summary.evaluation.dataset} ({summary.evaluation.split})"
