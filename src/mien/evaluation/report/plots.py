"""What the plots of an evaluation are drawn with.

Figures are made and rendered as objects, without matplotlib's global state, so that nothing here
touches a notebook's or another thread's plots. The colours are those of Okabe and Ito, which stay
apart for colour-blind readers, and no meaning is carried by colour alone.
"""

from collections.abc import Sequence

import numpy as np

from mien.errors import MissingExtraError
from mien.evaluation.figures.summary import Estimate, Summary

try:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter
except ImportError as error:
    raise MissingExtraError("drawing plots", "train") from error

BLUE, SKY, ORANGE, GREEN = "#0072B2", "#56B4E9", "#D55E00", "#009E73"
INK, MIDDLE, FAINT = "#222222", "#8A8A8A", "#D9D9D9"


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure; its sides are in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_estimates(
    axes: Axes,
    places: Sequence[float],
    estimates: Sequence[Estimate],
    color: str,
    line: str,
    label: str,
) -> None:
    """Draw figures as a line, with their intervals as a band around it."""
    values = [estimate.value for estimate in estimates]
    axes.plot(places, values, line, color=color, markersize=5, label=label, zorder=3)
    low, high = [e.low for e in estimates], [e.high for e in estimates]
    axes.fill_between(places, low, high, color=color, alpha=0.15, linewidth=0)


def percent_format() -> PercentFormatter:
    """Return what writes shares in percent, with as many decimals as the axis needs."""
    return PercentFormatter(1)


def percent_axes(axes: Axes, *, x: bool, y: bool) -> None:
    """Write the numbers of axes in percent, over a faint grid."""
    if x:
        axes.xaxis.set_major_formatter(percent_format())
    if y:
        axes.yaxis.set_major_formatter(percent_format())
    axes.grid(color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def add_title(axes: Axes, summary: Summary, figure: str) -> None:
    """Say above a plot what was evaluated, and its main figure."""
    title = f"{subject(summary)}\n{figure}, {summary.faces:,} faces"
    axes.set_title(title, fontsize=11, color=INK)


def subject(summary: Summary) -> str:
    """Return what was evaluated on what."""
    evaluation = summary.evaluation
    model = f"{evaluation.model.name} {evaluation.model.version}"
    return f"{model} on {evaluation.dataset} ({evaluation.split})"


def with_interval(estimate: Estimate) -> str:
    """Write a share with its interval."""
    if np.isnan(estimate.low):
        return f"{estimate.value:.1%}"
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
