"""Puts the page together: its head, the parts about all faces, and the order of all parts."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from mien.evaluation import metrics
from mien.evaluation.names import FIGURES
from mien.evaluation.report.curves import plots_section
from mien.evaluation.report.elements import (
    Content,
    bar_cell,
    decimal,
    definitions,
    element,
    figure_cell,
    note,
    section,
    sentences,
    table,
    text_cell,
)
from mien.evaluation.report.others import others_section
from mien.evaluation.report.slices import slices_section
from mien.evaluation.report.studies import (
    comparison_section,
    corruptions_section,
    crop_scales_section,
    findings,
)
from mien.evaluation.report.words import (
    confusions,
    count,
    further_points,
    is_known,
    main_points,
)
from mien.evaluation.studies.compare import Comparison
from mien.evaluation.studies.corruptions import CorruptionPoint
from mien.evaluation.studies.crop_scales import CropScalePoint
from mien.evaluation.studies.others import Others
from mien.evaluation.studies.persons import Persons
from mien.evaluation.studies.slices import Slice
from mien.evaluation.summary import Summary

STYLE = Path(__file__).parent / "page.css"
# Nothing may be loaded or run, whatever a name from the data may hold.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
SHOWN_CONFUSIONS = 8
SHOWN_UNREADABLE = 10


def html_report(
    summary: Summary,
    *,
    command: str,
    date: str,
    plots: Mapping[str, bytes],
    slices: Sequence[Slice] = (),
    persons: Persons | None = None,
    corruptions: Sequence[CorruptionPoint] = (),
    comparison: Comparison | None = None,
    crop_scales: Sequence[CropScalePoint] = (),
    others: Others | None = None,
) -> str:
    """Write an evaluation as one HTML page; what is not given leaves no trace in it.

    Args:
        summary: The figures.
        command: The command line that gives them.
        date: The day they were measured, as 2025-01-31.
        plots: Title → PNG.
        slices: Figures by how well a face can be seen and by what is told of it, all parts of one
            measure together.
        persons: How evenly people are read.
        corruptions: Figures as pictures get worse, each corruption's from the mildest on.
        comparison: How another bundle reads the same faces.
        crop_scales: Figures over the framing.
        others: Whether faces of classes that the bundle does not know get a word.

    Returns:
        The page, to be written as UTF-8.
    """
    sections = (
        _plain_words(summary),
        _all_figures(summary),
        _classes(summary),
        _confusions(summary),
        others_section(others, summary.evaluation.model.labels),
        plots_section(plots, summary, findings(corruptions, crop_scales)),
        slices_section(slices, persons, summary),
        corruptions_section(corruptions),
        comparison_section(comparison),
        crop_scales_section(crop_scales),
        _left_out(summary),
        _measured(summary, command),
    )
    present = [part for part in sections if part is not None]
    body = element(
        "body",
        _header(summary, date),
        _contents(present),
        element("main", *present),
        element("footer", element("p", f"Written by mien {version('mien')}.")),
    )
    page = element("html", _head(summary), body, lang="en")
    return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode", method="html") + "\n"


def _head(summary: Summary) -> Element:
    policy = {"http-equiv": "Content-Security-Policy", "content": POLICY}
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{_model(summary)} on {_data(summary)}"),
        element("style", STYLE.read_text(encoding="utf-8")),
    )


def _header(summary: Summary, date: str) -> Element:
    facts = (
        ("model", _model(summary)),
        ("data", _data(summary)),
        ("faces", f"{summary.faces:,}"),
        ("measured", date),
    )
    title = f"How well {summary.evaluation.model.name} reads faces"
    return element("header", element("h1", title), definitions(facts))


def _contents(sections: Sequence[Element]) -> Element:
    links = [element("a", part[0].text or "", href=f"#{part.get('id')}") for part in sections]
    entries = (element("li", link) for link in links)
    return element("nav", element("ul", *entries), aria_label="On this page")


def _plain_words(summary: Summary) -> Element:
    main = element("p", " ".join(main_points(summary)), class_="lead")
    further = element("p", " ".join(further_points(summary)))
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
    return section("In plain words", main, further, *map(note, hints))


def _all_figures(summary: Summary) -> Element:
    rows = []
    for name in FIGURES:
        if name.key in summary.figures:
            figure = summary.figures[name.key]
            cell = figure_cell(figure, share=False, signed=name.is_signed)
            cell = bar_cell(figure) if name.is_share else cell
            rows.append((name.title, cell, text_cell(name.meaning)))
    legend = "A dash: the data cannot tell."
    if summary.resamples:
        legend = f"Beside the value and as a thin line: 95% intervals. {legend}"
    heads = ("figure", "value", "what it is")
    return section("All figures", table("All faces together", heads, rows), note(legend))


def _classes(summary: Summary) -> Element:
    full = summary.evaluation.detector is not None
    scores = metrics.f1_scores(summary.confusion)
    rows: list[tuple[Content, ...]] = [
        (
            entry.label,
            f"{entry.faces:,}",
            *([f"{entry.without_face:,}"] if full else []),
            bar_cell(entry.recall),
            bar_cell(entry.precision),
            decimal(float(score)),
        )
        for entry, score in zip(summary.classes, scores, strict=True)
    ]
    heads = ("class", "faces", *(["no face found"] if full else []), "recall", "precision", "F1")
    hint = (
        "Recall: how many faces of a class are read as it. Precision: how many answers of a class "
        "are right. F1: their harmonic mean."
    )
    return section("Class by class", table("Figures by class", heads, rows), note(hint))


def _confusions(summary: Summary) -> Element | None:
    found = confusions(summary)
    if not found:
        return None
    lines = [
        f"{one.truth} is taken for {one.answer}: {one.of_hundred} faces "
        f"({one.times:,} of {one.faces:,})."
        for one in found[:SHOWN_CONFUSIONS]
    ]
    return section("What is taken for what", sentences(lines))


def _left_out(summary: Summary) -> Element | None:
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
    return section("What was left out", sentences(lines)) if lines else None


def _measured(summary: Summary, command: str) -> Element:
    evaluation, model = summary.evaluation, summary.evaluation.model
    certain = "probability of being right" if model.other else "confidence"
    facts = [
        ("sha256 of the graph", model.sha256),
        ("terms of the weights", model.terms.weights),
        ("trained on", model.terms.sources()),
        ("“not sure” below", f"{certain} {model.not_sure_below:g}"),
    ]
    if evaluation.detector is not None:
        facts.append(("faces found by", evaluation.detector))
    if evaluation.crop_scale is not None:
        facts.append(("crop scale", f"{evaluation.crop_scale:g}"))
    if summary.resamples:
        drawn = f"{summary.resamples:,} bootstrap draws of {count(summary.groups, 'group')}"
        facts.append(("intervals", f"95%, {drawn}, seed {summary.seed}"))
    box = element("pre", element("code", command), tabindex="0", aria_label="Command")
    return section("How it was measured", definitions(facts), box)


def _model(summary: Summary) -> str:
    model = summary.evaluation.model
    return f"{model.name} {model.version}"


def _data(summary: Summary) -> str:
    return f"{summary.evaluation.dataset} ({summary.evaluation.split})"
