"""The parts of the report's page that look closer: corruptions, comparison, framing.

Each part begins with what it found in plain words and has all figures in tables.
"""

import math
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

import numpy as np

from mien.evaluation.report.elements import (
    UNKNOWN,
    bar_cell,
    decimal,
    element,
    figure_cell,
    note,
    percent,
    section,
    table,
    text_cell,
)
from mien.evaluation.report.words import capital, count, is_known
from mien.evaluation.studies.compare import Comparison
from mien.evaluation.studies.corruptions import CorruptionPoint, Verdict, confidence_trends
from mien.evaluation.studies.crop_scales import CropScalePoint

# Two framings that differ by no more count as alike, in accuracy.
ALIKE = 0.02
# Confidence that is above accuracy by more is told, in the worst pictures.
TOO_SURE = 0.05
SIGNIFICANT = 0.05
# What needs attention first.
VERDICTS: Mapping[Verdict, str] = {
    "does not fall": "confidence does not fall although accuracy does",
    "falls too little": "confidence falls, but too little",
    "falls": "confidence falls as pictures get worse",
    "need not fall": "accuracy holds, so confidence need not fall",
}


def findings(
    corruptions: Sequence[CorruptionPoint], crop_scales: Sequence[CropScalePoint]
) -> dict[str, str]:
    """Return what the studies found, under words that name them in a plot's title."""
    verdicts = corruption_verdicts(corruptions).items()
    worse = " ".join(f"{capital(name)}: {verdict}" for name, verdict in verdicts)
    framing = " ".join(crop_scales_verdict(crop_scales))
    return {"corruption": worse, "worse": worse, "crop": framing, "framing": framing}


def corruptions_section(points: Sequence[CorruptionPoint]) -> Element | None:
    """Make the part about worse pictures; None without points."""
    if not points:
        return None
    content = [element("p", _overview(points))]
    for name, verdict in corruption_verdicts(points).items():
        mine = [point for point in points if point.corruption == name]
        content += [
            element("h3", capital(name)),
            element("p", verdict),
            _corruption_table(name, mine),
        ]
    return section("As pictures get worse", *content)


def corruption_verdicts(points: Sequence[CorruptionPoint]) -> dict[str, str]:
    """Say for every corruption whether confidence falls as pictures get worse."""
    trends, texts = confidence_trends(points), {}
    for name, trend in trends.items():
        mine = [point for point in points if point.corruption == name]
        first, last = mine[0], mine[-1]
        texts[name] = (
            f"Accuracy goes from {percent(first.accuracy.value)} to "
            f"{percent(last.accuracy.value)}, confidence from {percent(first.confidence)} to "
            f"{percent(last.confidence)}: {VERDICTS[trend.verdict]}."
        )
        if last.confidence - last.accuracy.value > TOO_SURE:
            texts[name] += " In the worst pictures it is too sure."
    return texts


def comparison_section(comparison: Comparison | None) -> Element | None:
    """Make the part about two bundles on the same faces; None without a comparison."""
    if comparison is None:
        return None
    first, second = comparison.first, comparison.second
    counts = (
        ("both right", comparison.both_right),
        (f"only {first} right", comparison.only_first),
        (f"only {second} right", comparison.only_second),
        ("both wrong", comparison.neither),
    )
    chance = UNKNOWN if math.isnan(comparison.p_value) else f"{comparison.p_value:.2g}"
    rows = [
        *((title, text_cell(f"{number:,}")) for title, number in counts),
        ("difference in accuracy", figure_cell(comparison.accuracy_difference)),
        ("difference in balanced accuracy", figure_cell(comparison.balanced_difference)),
        ("p (exact two-sided McNemar test)", text_cell(chance)),
    ]
    caption = f"{first} and {second} on the same {count(comparison.faces, 'face')}"
    return section(
        "Compared with another model",
        element("p", " ".join([*_shared_classes(comparison), *comparison_verdict(comparison)])),
        table(caption, ("outcome", "faces or figure"), rows),
        note(f"Differences are {second} minus {first}, in points of 100, with 95% intervals."),
    )


def _shared_classes(comparison: Comparison) -> list[str]:
    if not comparison.shared:
        return []
    return [
        "The two do not know the same classes: they are compared on faces of those that both know "
        f"({', '.join(comparison.shared)}), and each had to choose among these. Left out, of other "
        f"classes: {count(comparison.left_out, 'face')}."
    ]


def comparison_verdict(comparison: Comparison) -> list[str]:
    """Say which of two bundles reads faces better, and whether chance could explain it."""
    first, second = comparison.first, comparison.second
    lines = [
        f"{second} reads {count(comparison.only_second, 'face')} rightly that {first} misreads, "
        f"and misreads {comparison.only_first:,} that {first} reads rightly."
    ]
    if math.isnan(comparison.p_value):
        return lines
    lines.append(
        "If the two were equally good, a difference this large would come by chance in "
        f"{_chance(comparison.p_value)} of cases."
    )
    if comparison.p_value >= SIGNIFICANT:
        return [*lines, "So these faces do not show that one of them is better."]
    better = second if comparison.only_second > comparison.only_first else first
    return [*lines, f"So {better} is better on faces like these."]


def crop_scales_section(points: Sequence[CropScalePoint]) -> Element | None:
    """Make the part about framing; None without points."""
    if not points:
        return None
    rows = [
        (
            f"{point.crop_scale:g}",
            f"{point.faces:,}",
            bar_cell(point.accuracy),
            bar_cell(point.balanced_accuracy),
            decimal(point.ece),
        )
        for point in sorted(points, key=_crop_scale)
    ]
    heads = ("crop scale", "faces", "accuracy", "balanced accuracy", "ECE")
    return section(
        "How much depends on the framing",
        *(element("p", line) for line in crop_scales_verdict(points)),
        table("Figures by crop scale", heads, rows),
        note("Crop scale: side of the crop over the side of the detector's box."),
    )


def crop_scales_verdict(points: Sequence[CropScalePoint]) -> list[str]:
    """Say which framing is best, and over what range others are about as good."""
    known = sorted((point for point in points if is_known(point.accuracy)), key=_crop_scale)
    if not known:
        return []
    values = [point.accuracy.value for point in known]
    best = start = end = int(np.argmax(values))
    while start > 0 and values[best] - values[start - 1] <= ALIKE:
        start -= 1
    while end + 1 < len(known) and values[best] - values[end + 1] <= ALIKE:
        end += 1
    text = f"At crop scale {known[best].crop_scale:g} most is read rightly, {percent(values[best])}"
    near = f"within {100 * ALIKE:.0f} points of that"
    if len(known) == 1:
        return [f"{text}."]
    if start == end:
        return [f"{text}; its neighbours are not {near}."]
    low, high = known[start].crop_scale, known[end].crop_scale
    return [f"{text}; from {low:g} to {high:g} accuracy stays {near}."]


def _overview(points: Sequence[CorruptionPoint]) -> str:
    names: dict[Verdict, list[str]] = {verdict: [] for verdict in VERDICTS}
    for name, trend in confidence_trends(points).items():
        names[trend.verdict].append(name)
    found = {VERDICTS[verdict]: ", ".join(those) for verdict, those in names.items() if those}
    return " ".join(f"{capital(text)}: {those}." for text, those in found.items())


def _corruption_table(corruption: str, points: Sequence[CorruptionPoint]) -> Element:
    rows = [
        (
            f"{point.severity}",
            text_cell(point.setting),
            bar_cell(point.accuracy),
            percent(point.confidence),
            percent(point.answered),
            bar_cell(point.balanced_accuracy),
            decimal(point.ece),
            f"{point.faces:,}",
        )
        for point in points
    ]
    heads = ("severity", "setting", "accuracy", "mean confidence", "answered")
    more = ("balanced accuracy", "ECE", "faces")
    return table(f"Figures by severity of {corruption}", (*heads, *more), rows)


def _crop_scale(point: CropScalePoint) -> float:
    return point.crop_scale


def _chance(p_value: float) -> str:
    if p_value < 0.0001:
        return "fewer than 0.01%"
    return f"{p_value:.2%}" if p_value < 0.001 else f"{p_value:.1%}"
