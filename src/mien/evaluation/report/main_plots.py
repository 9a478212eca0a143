"""The plots of all faces: confusion matrix, reliability, risk and coverage."""

from typing import TYPE_CHECKING

import numpy as np

from mien.evaluation.figures.summary import COVERAGE, Summary
from mien.evaluation.report.parts import Plot
from mien.evaluation.report.plots import (
    BLUE,
    GREEN,
    INK,
    MIDDLE,
    ORANGE,
    SKY,
    add_title,
    new_figure,
    percent_axes,
    percent_format,
    with_interval,
)
from mien.evaluation.report.texts import percent
from mien.evaluation.report.words import calibration, count

if TYPE_CHECKING:  # after what says which extra is missing
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = CONFUSION, RELIABILITY, RISK_COVERAGE = "confusion", "reliability", "risk_coverage"
MAX_NAMED_CELLS = 20


def main_plots(summary: Summary) -> tuple[Plot, ...]:
    """Return the plots of all faces."""
    classes = "; ".join(
        f"{percent(entry.recall.value)} of {count(entry.faces, entry.label + ' face')}"
        for entry in summary.classes
    )
    accuracy = f"accuracy {percent(summary.figures['accuracy'].value)}"
    best = percent(summary.figures["accuracy_at_80_coverage"].value)
    return (
        Plot(
            CONFUSION,
            "Confusion matrix",
            f"Recall: {classes}.",
            lambda: confusion_plot(summary),
        ),
        Plot(
            RELIABILITY,
            "Reliability",
            " ".join(calibration(summary)),
            lambda: reliability_plot(summary),
        ),
        Plot(
            RISK_COVERAGE,
            "Risk and coverage",
            f"At full coverage {accuracy}; at {COVERAGE:.0%} coverage selective accuracy {best}.",
            lambda: risk_coverage_plot(summary),
        ),
    )


def confusion_plot(summary: Summary) -> "Figure":
    """Draw the confusion matrix: shares of each true class, and the counts behind them."""
    labels, matrix = summary.evaluation.model.labels, summary.confusion
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
    side = 2.8 + 0.85 * min(len(labels), MAX_NAMED_CELLS)
    figure = new_figure(side + 0.9, side + 0.5)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(labels))
    axes.set_xticks(ticks, labels, rotation=30 if max(map(len, labels)) > 8 else 0)
    axes.set_yticks(ticks, [f"{name}\n{n:,}" for name, n in zip(labels, totals[:, 0], strict=True)])
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class, faces")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(labels) <= MAX_NAMED_CELLS:
        _name_cells(axes, summary, shares)
    bar = figure.colorbar(image, ax=axes, format=percent_format(), fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.set_label("share of the true class")
    add_title(axes, summary, f"accuracy {with_interval(summary.figures['accuracy'])}")
    return figure


def reliability_plot(summary: Summary) -> "Figure":
    """Draw accuracy over confidence, and how many answers there are of each confidence."""
    data = summary.reliability
    figure = new_figure(6.2, 6.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    used = data.counts > 0
    middles, width = (data.edges[:-1] + data.edges[1:]) / 2, data.edges[1] - data.edges[0]
    right, expected = data.accuracy[used], data.confidence[used]
    top.bar(middles[used], right, width * 0.94, color=SKY, label="accuracy", zorder=2)
    top.bar(
        middles[used],
        expected - right,
        width * 0.94,
        bottom=right,
        color="none",
        edgecolor=ORANGE,
        hatch="////",
        linewidth=1.2,
        label="gap to the confidence",
        zorder=3,
    )
    top.plot((0, 1), (0, 1), "--", color=INK, linewidth=1.2, label="perfect calibration", zorder=4)
    top.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    top.legend(loc="upper left", frameon=False)
    bottom.bar(middles, data.counts, width * 0.94, color=SKY)
    bottom.set(xlabel="confidence", ylabel="faces")
    percent_axes(top, x=True, y=True)
    percent_axes(bottom, x=True, y=False)
    ece = summary.figures["ece"].value
    add_title(top, summary, f"expected calibration error {ece:.3f} ({data.counts.size} bins)")
    return figure


def risk_coverage_plot(summary: Summary) -> "Figure":
    """Draw selective risk (the error rate of what is answered) over coverage."""
    curve, figures = summary.risk_coverage, summary.figures
    figure = new_figure(6.6, 4.8)
    axes = figure.add_subplot()
    axes.fill_between(curve.coverage, curve.risk, color=BLUE, alpha=0.12, linewidth=0)
    axes.plot(curve.coverage, curve.risk, color=BLUE, linewidth=2)
    best = figures["accuracy_at_80_coverage"].value
    label = f"selective accuracy at {COVERAGE:.0%} coverage: {best:.1%}"
    axes.plot([COVERAGE], [1 - best], "o", color=ORANGE, markersize=9, label=label, zorder=3)
    share, right = figures["answered"].value, figures["accuracy_of_answered"].value
    if share > 0:
        limit = summary.evaluation.model.not_sure_below
        label = (
            f'"not sure" below {limit:.2f}: coverage {share:.1%}, selective accuracy {right:.1%}'
        )
        axes.plot([share], [1 - right], "D", color=GREEN, markersize=9, label=label, zorder=3)
    top = max(0.02, float(curve.risk.max()) * 1.25)
    axes.set(xlim=(0, 1.02), ylim=(0, top))
    axes.set(xlabel="coverage, by falling certainty", ylabel="selective risk (error rate)")
    axes.legend(loc="upper left", frameon=False)
    percent_axes(axes, x=True, y=True)
    add_title(axes, summary, f"accuracy {with_interval(figures['accuracy'])} at full coverage")
    return figure


def _name_cells(axes: "Axes", summary: Summary, shares: np.ndarray) -> None:
    for (row, column), times in np.ndenumerate(summary.confusion):
        share = shares[row, column]
        absent = not summary.confusion[row].sum()
        text = "–" if absent else f"{share:.0%}\n{times:,}" if times else "0"
        color = "white" if share > 0.55 else INK if times else MIDDLE
        weight = "bold" if row == column else "normal"
        axes.text(column, row, text, ha="center", va="center", color=color, weight=weight)
