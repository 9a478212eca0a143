"""A picture of what was gained and what was forgotten."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.report.plots import (
    BLUE,
    INK,
    MIDDLE,
    ORANGE,
    new_figure,
    percent_axes,
)
from mien.files.writes import write_file
from mien.training.adapt.card import points
from mien.training.adapt.figures import Comparison
from mien.training.adapt.run import Adapted
from mien.vision.figures import render

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT_OF_CLASS = 0.38


def draw(path: Path, adapted: Adapted, name: str) -> None:
    """Draw how each class is read before and after, of one's own faces and of those known before.

    Args:
        path: A .png file.
        adapted: What came of it.
        name: What the adapted model is called.

    Raises:
        OSError: It cannot be written.
    """
    parts = [(f"your {adapted.gain.faces:,} faces", adapted.gain)]
    if adapted.forgotten is not None:
        parts.append((f"{adapted.forgotten.faces:,} faces known before", adapted.forgotten))
    rows = max(len(found.classes) for _, found in parts)
    figure = new_figure(5.2 * len(parts), 1.9 + HEIGHT_OF_CLASS * rows)
    places = figure.subplots(1, len(parts), squeeze=False)[0]
    for axes, (title, found) in zip(places, parts, strict=True):
        _draw(axes, title, found, adapted.bundle.info.name, name)
    write_file(path, render(figure))


def _draw(axes: "Axes", title: str, found: Comparison, before: str, after: str) -> None:
    """Draw a line for each class from before to after, and the mean with its interval."""
    names = [f"{one.label} ({one.faces:,})" for one in found.classes]
    for place, one in enumerate(found.classes):
        if one.before is not None:
            axes.plot([one.before, one.after], [place, place], color=MIDDLE, zorder=1)
            axes.plot(one.before, place, "o", color=ORANGE, fillstyle="none", zorder=2)
        axes.plot(one.after, place, "D", color=BLUE, zorder=3)
    last = len(names)
    for estimate, offset, mark, colour, label in (
        (found.before, 0.12, "o", ORANGE, before),
        (found.after, -0.12, "D", BLUE, after),
    ):
        ends = [[estimate.low, estimate.high]] if estimate.low == estimate.low else []
        for low, high in ends:
            axes.plot([low, high], [last + offset] * 2, color=colour, linewidth=1.5)
        style = "none" if mark == "o" else "full"
        axes.plot(estimate.value, last + offset, mark, color=colour, fillstyle=style, label=label)
    axes.set_yticks(range(last + 1), [*names, "mean of the classes"])
    axes.invert_yaxis()
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("read rightly, by what did not learn from them")
    axes.set_title(f"{title}\n{points(found.gain)}", fontsize=11, color=INK)
    percent_axes(axes, x=True, y=False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2, frameon=False, fontsize=9)
