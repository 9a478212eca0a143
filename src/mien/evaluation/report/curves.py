"""The page's plots, each with a text that says its main figures to those who cannot see it."""

import base64
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from mien.evaluation.report.elements import element, percent, section
from mien.evaluation.report.words import calibration, count
from mien.evaluation.summary import COVERAGE, Summary

# A plot that is wider than so many times its height gets a row of its own.
WIDE = 1.5


def plots_section(
    plots: Mapping[str, bytes], summary: Summary, findings: Mapping[str, str]
) -> Element | None:
    """Make the part with the plots; None without plots.

    Args:
        plots: Title → PNG.
        summary: Where the figures are.
        findings: What the studies found; see `plot_text`.
    """
    if not plots:
        return None
    figures = [
        _figure(title, png, plot_text(title, summary, findings)) for title, png in plots.items()
    ]
    return section("Plots", element("div", *figures, class_="plots"))


def plot_text(title: str, summary: Summary, findings: Mapping[str, str]) -> str:
    """Say the main figures of a plot.

    Args:
        title: The plot's title. One that names confusion, reliability, calibration or coverage
            gets a text of these figures, any other that of the accuracy.
        summary: Where the figures are.
        findings: Word → text for the plots that have this word in their title.
    """
    name = title.lower()
    texts = {**findings, **_main_figures(summary)}
    told = next((text for word, text in texts.items() if word in name), "")
    return f"{title}. {told or _accuracy(summary)}"


def _main_figures(summary: Summary) -> dict[str, str]:
    classes = "; ".join(
        f"{percent(entry.recall.value)} of {count(entry.faces, entry.label + ' face')}"
        for entry in summary.classes
    )
    surest = percent(summary.figures["accuracy_at_80_coverage"].value)
    told = " ".join(calibration(summary))
    return {
        "confusion": f"Read rightly: {classes}.",
        "reliability": told,
        "calibration": told,
        "coverage": f"{_accuracy(summary)} Of the {COVERAGE:.0%} that it is surest of, {surest}.",
    }


def _accuracy(summary: Summary) -> str:
    return f"{percent(summary.figures['accuracy'].value)} of all faces are read rightly."


def _figure(title: str, png: bytes, text: str) -> Element:
    source = "data:image/png;base64," + base64.b64encode(png).decode("ascii")
    # A PNG begins with its signature and the header of its first part, which holds the size.
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
    image = element("img", src=source, alt=text, width=f"{width}", height=f"{height}")
    kind = "wide" if width > WIDE * height else "plain"
    return element("figure", image, element("figcaption", title), class_=kind)
