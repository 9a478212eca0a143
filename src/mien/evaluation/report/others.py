"""The part of the report's page about faces of classes that the bundle does not know."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from mien.evaluation.report.elements import (
    UNKNOWN,
    Content,
    bar_cell,
    definitions,
    element,
    figure_cell,
    note,
    section,
    table,
    text_cell,
)
from mien.evaluation.report.words import count, hundred, is_known
from mien.evaluation.studies.others import OtherClass, Others


def others_section(others: Others | None, labels: Sequence[str]) -> Element | None:
    """Make the part about other classes; None where nobody asked.

    Args:
        others: How their faces are answered.
        labels: The bundle's labels.
    """
    if others is None:
        return None
    rows: list[tuple[Content, ...]] = [
        (
            one.name,
            f"{one.faces:,}",
            f"{one.without_face:,}",
            bar_cell(one.named),
            text_cell(frequent_word(one, labels)),
        )
        for one in others.classes
    ]
    facts = (
        ("their faces that get a word", figure_cell(others.named)),
        ("faces of its own classes that do", figure_cell(others.answered)),
        ("AUROC of certainty", figure_cell(others.auroc, share=False)),
    )
    heads = ("class", "faces", "no face found", "get a word", "most often")
    return section(
        "Faces of other classes",
        element("p", " ".join(others_verdict(others))),
        definitions(facts),
        table("Faces of classes that the model does not know", heads, rows),
        note(
            "They are in no other figure. AUROC: of a face of its own classes and one of another, "
            "how often the answer to its own is the surer one; 0.5 would be chance."
        ),
    )


def others_verdict(others: Others) -> list[str]:
    """Say how often faces get a word for which there is no right one."""
    if not is_known(others.named):
        return ["No face of a class that the model does not know was found."]
    lines = [
        f"{hundred(others.named, 'of 100 faces')} of classes that the model does not know get a "
        "word all the same, which is wrong; the others get “not sure”."
    ]
    worst = next(one for one in others.classes if one.name == others.worst)
    if len(others.classes) > 1:
        lines.append(
            f"Most often {worst.name} gets one: {hundred(worst.named, 'of 100')} "
            f"({count(worst.faces, 'face')})."
        )
    return lines


def frequent_word(one: OtherClass, labels: Sequence[str]) -> str:
    """Return the word that the faces of a class get most often, and how many do."""
    share = max(one.words)
    return f"{labels[one.words.index(share)]}, {share:.0%}" if share else UNKNOWN
