"""Draws an evaluation: confusion matrix, reliability, risk and coverage, corruptions, framing.

Figures are made and rendered as objects, without matplotlib's global state, so that nothing here
touches a notebook's or another thread's plots. The colours are those of Okabe and Ito, which stay
apart for colour-blind readers, and no meaning is carried by colour alone.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mien.errors import MissingExtraError
from mien.evaluation.studies.corruptions import CorruptionPoint
from mien.evaluation.studies.crop_scales import CropScalePoint
from mien.evaluation.summary import COVERAGE, Estimate, Summary
from mien.vision import fonts

try:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text
    from matplotlib.ticker import PercentFormatter
except ImportError as error:
    raise MissingExtraError("drawing an evaluation", "train") from error

BLUE, SKY, ORANGE, GREEN = "#0072B2", "#56B4E9", "#D55E00", "#009E73"
INK, MIDDLE, FAINT = "#222222", "#8A8A8A", "#D9D9D9"
DPI = 150
MAX_NAMED_CELLS = 20
PANELS = 4  # in a row


def confusion_plot(summary: Summary) -> Figure:
    """Draw the confusion matrix: shares of each true class, and the counts behind them."""
    labels, matrix = summary.evaluation.model.labels, summary.confusion
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
    side = 2.8 + 0.85 * min(len(labels), MAX_NAMED_CELLS)
    figure = _figure((side + 0.9, side + 0.5))
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(labels))
    axes.set_xticks(ticks, labels, rotation=30 if max(map(len, labels)) > 8 else 0)
    axes.set_yticks(ticks, [f"{name}\n{n:,}" for name, n in zip(labels, totals[:, 0], strict=True)])
    axes.set_xlabel("read as")
    axes.set_ylabel("true class, faces")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(labels) <= MAX_NAMED_CELLS:
        _name_cells(axes, summary, shares)
    bar = figure.colorbar(image, ax=axes, format=PercentFormatter(1, 0), fraction=0.046, pad=0.03)
    bar.outline.set_visible(False)
    bar.set_label("share of the true class")
    _title(axes, summary, f"accuracy {_percent(summary.figures['accuracy'])}")
    return figure


def reliability_plot(summary: Summary) -> Figure:
    """Draw how often answers of each confidence are right, over how many there are of each."""
    data = summary.reliability
    figure = _figure((6.2, 6.6))
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
    _percent_axes(top, x=True, y=True)
    _percent_axes(bottom, x=True, y=False)
    ece = summary.figures["ece"].value
    _title(top, summary, f"expected calibration error {ece:.3f} ({data.counts.size} bins)")
    return figure


def risk_coverage_plot(summary: Summary) -> Figure:
    """Draw the share of wrong answers against the share of faces that are answered at all."""
    curve, figures = summary.risk_coverage, summary.figures
    figure = _figure((6.6, 4.8))
    axes = figure.add_subplot()
    axes.fill_between(curve.coverage, curve.risk, color=BLUE, alpha=0.12, linewidth=0)
    axes.plot(curve.coverage, curve.risk, color=BLUE, linewidth=2)
    best = figures["accuracy_at_80_coverage"].value
    label = f"the surest {COVERAGE:.0%}: {best:.1%} right"
    axes.plot([COVERAGE], [1 - best], "o", color=ORANGE, markersize=9, label=label, zorder=3)
    share, right = figures["answered"].value, figures["accuracy_of_answered"].value
    if share > 0:
        limit = summary.evaluation.model.not_sure_below
        label = f'"not sure" below {limit:.2f}: {share:.1%} answered, {right:.1%} right'
        axes.plot([share], [1 - right], "D", color=GREEN, markersize=9, label=label, zorder=3)
    top = max(0.02, float(curve.risk.max()) * 1.25)
    axes.set(xlim=(0, 1.02), ylim=(0, top))
    axes.set(xlabel="faces answered, the surest first", ylabel="wrong among the answers")
    axes.legend(loc="upper left", frameon=False)
    _percent_axes(axes, x=True, y=True)
    _title(axes, summary, f"accuracy {_percent(figures['accuracy'])} when all are answered")
    return figure


def corruption_plot(summary: Summary, points: Sequence[CorruptionPoint]) -> Figure:
    """Draw accuracy, confidence and the share answered over severity, a panel per corruption."""
    names = list(dict.fromkeys(point.corruption for point in points))
    rows = -(-len(names) // PANELS)
    figure = _figure((2.9 * PANELS, 2.8 * rows + 1.1))
    panels = figure.subplots(rows, PANELS, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _draw_corruption(axes, [point for point in points if point.corruption == name])
        axes.label_outer()
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    model = f"{summary.evaluation.model.name} {summary.evaluation.model.version}"
    data = f"{summary.evaluation.dataset} ({summary.evaluation.split})"
    figure.suptitle(f"{model} on {data} as pictures get worse, {points[0].faces:,} faces", size=12)
    lines = panels[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=len(lines[0]), frameon=False)
    return figure


def crop_scale_plot(summary: Summary, points: Sequence[CropScalePoint]) -> Figure:
    """Draw accuracy and balanced accuracy over the framing, with the bundle's own marked."""
    figure = _figure((6.6, 4.8))
    axes = figure.add_subplot()
    scales = [point.crop_scale for point in points]
    accuracy, balanced = (
        [point.accuracy for point in points],
        [point.balanced_accuracy for point in points],
    )
    _draw_estimates(axes, scales, accuracy, BLUE, "o-", "accuracy")
    _draw_estimates(axes, scales, balanced, ORANGE, "s--", "balanced accuracy")
    own = summary.evaluation.model.input.crop_scale
    axes.axvline(own, color=MIDDLE, linestyle=":", label=f"the model's own framing, {own:g}")
    axes.set(xlabel="crop scale: side of the crop over side of the detector's box", ylabel="share")
    axes.legend(loc="best", frameon=False)
    _percent_axes(axes, x=False, y=True)
    best = max(points, key=lambda point: point.balanced_accuracy.value)
    highest = f"{best.balanced_accuracy.value:.1%} at crop scale {best.crop_scale:g}"
    _title(axes, summary, f"highest balanced accuracy {highest}")
    return figure


def to_png(figure: Figure) -> bytes:
    """Render a figure as PNG."""
    _write_as_they_are(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    return buffer.getvalue()


def _write_as_they_are(figure: Figure) -> None:
    """Give labels in any script a font that has their letters, and take no `$` for mathematics."""
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    files = fonts.files(tuple(text.get_text() for text in texts))
    families = [_family(path) for path in files]
    for text in texts:
        text.set_parse_math(False)
        text.set_fontfamily([*text.get_fontfamily(), *families])


def _family(path: Path) -> str:
    """Return the name by which matplotlib knows a font's file."""
    known = {entry.fname: entry.name for entry in fontManager.ttflist}
    if str(path) not in known:
        fontManager.addfont(path)
        known[str(path)] = fontManager.ttflist[-1].name
    return known[str(path)]


def _figure(size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_corruption(axes: Axes, points: Sequence[CorruptionPoint]) -> None:
    severities = [point.severity for point in points]
    _draw_estimates(axes, severities, [p.accuracy for p in points], BLUE, "o-", "accuracy")
    confidence, answered = [p.confidence for p in points], [p.answered for p in points]
    axes.plot(severities, confidence, "s--", color=ORANGE, markersize=4, label="mean confidence")
    axes.plot(
        severities, answered, "^:", color=GREEN, markersize=4, label='answered (not "not sure")'
    )
    axes.set(ylim=(0, 1.02), xticks=severities, xlabel="severity")
    # On small panels one line each: what it is, and how bad it gets.
    axes.set_title(f"{points[0].corruption}\nto {points[-1].setting}", fontsize=10, color=INK)
    _percent_axes(axes, x=False, y=True)


def _draw_estimates(
    axes: Axes,
    places: Sequence[float],
    estimates: Sequence[Estimate],
    color: str,
    line: str,
    label: str,
) -> None:
    values = [estimate.value for estimate in estimates]
    axes.plot(places, values, line, color=color, markersize=5, label=label, zorder=3)
    low, high = [e.low for e in estimates], [e.high for e in estimates]
    axes.fill_between(places, low, high, color=color, alpha=0.15, linewidth=0)


def _name_cells(axes: Axes, summary: Summary, shares: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(summary.confusion):
        share = shares[row, column]
        absent = not summary.confusion[row].sum()
        text = "–" if absent else f"{share:.0%}\n{count:,}" if count else "0"
        color = "white" if share > 0.55 else INK if count else MIDDLE
        weight = "bold" if row == column else "normal"
        axes.text(column, row, text, ha="center", va="center", color=color, weight=weight)


def _percent_axes(axes: Axes, *, x: bool, y: bool) -> None:
    if x:
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
    if y:
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.grid(color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _title(axes: Axes, summary: Summary, figure: str) -> None:
    evaluation = summary.evaluation
    model = f"{evaluation.model.name} {evaluation.model.version}"
    axes.set_title(
        f"{model} on {evaluation.dataset} ({evaluation.split})\n{figure}, {summary.faces:,} faces",
        fontsize=11,
        color=INK,
    )


def _percent(estimate: Estimate) -> str:
    if np.isnan(estimate.low):
        return f"{estimate.value:.1%}"
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
