"""The part of the report's page about slices: which faces are read worse than the others."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from mien.evaluation.measures import NOTES
from mien.evaluation.report.elements import (
    UNKNOWN,
    Content,
    bar_cell,
    element,
    figure_cell,
    note,
    percent,
    section,
    table,
    text_cell,
)
from mien.evaluation.report.words import FEW_FACES, capital, count
from mien.evaluation.studies.persons import MIN_FACES, Persons
from mien.evaluation.studies.slices import Slice
from mien.evaluation.summary import Estimate, Summary


def slices_section(
    slices: Sequence[Slice], persons: Persons | None, summary: Summary
) -> Element | None:
    """Make the part about who is read worse; None without slices and persons."""
    if not slices and persons is None:
        return None
    measures: dict[str, list[Slice]] = defaultdict(list)
    for part in slices:
        measures[part.measure].append(part)
    content: list[Element] = []
    for measure, parts in measures.items():
        content += [
            element("h3", capital(measure)),
            element("p", slices_verdict(parts, summary)),
            _slices_table(measure, parts, summary),
        ]
        if measure in NOTES:
            content.append(note(NOTES[measure]))
    if persons is not None:
        content += _persons(persons)
    hint = (
        "Clearly worse: the interval of the part ends below the figure of all faces together, "
        "which is the upright line in each bar. By chance alone about one figure in forty looks so."
    )
    return section("Who is read worse", *content, note(hint))


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


def persons_verdict(persons: Persons) -> str:
    """Say how evenly people are read."""
    return (
        f"Of {count(persons.persons, 'person')} with {MIN_FACES} faces or more, the mean person is "
        f"read rightly {percent(persons.accuracy.value)} of the time, the worst tenth "
        f"({count(persons.worst, 'person')}) {percent(persons.worst_accuracy.value)}. By chance "
        f"alone, if all were read alike, the worst tenth would be at "
        f"{percent(persons.worst_by_chance)}."
    )


def _persons(persons: Persons) -> list[Element]:
    rows = [
        ("mean person", f"{persons.persons:,}", bar_cell(persons.accuracy)),
        ("worst tenth", f"{persons.worst:,}", bar_cell(persons.worst_accuracy)),
    ]
    return [
        element("h3", "Person"),
        element("p", persons_verdict(persons)),
        table("Figures by person", ("of these", "persons", "accuracy"), rows),
    ]


def _slices_table(measure: str, parts: Sequence[Slice], summary: Summary) -> Element:
    whole = summary.figures
    rows: list[tuple[Content, ...]] = [
        (
            text_cell(part.part),
            f"{part.faces:,}",
            text_cell(_against_whole(part, summary)),
            bar_cell(part.accuracy, whole=whole["accuracy"].value),
            bar_cell(part.balanced_accuracy, whole=whole["balanced_accuracy"].value),
            percent(part.confidence),
            percent(part.answered),
            *(figure_cell(recall) for recall in part.recalls),
        )
        for part in parts
    ]
    recalls = (f"recall of {label}" for label in summary.evaluation.model.labels)
    heads = ("part", "faces", "against all faces", "accuracy", "balanced accuracy")
    more = ("mean confidence", "answered", *recalls)
    return table(f"Figures by {measure}", (*heads, *more), rows)


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
