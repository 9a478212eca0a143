"""The course of a run: history.csv for machines, curves for eyes."""

import csv
from pathlib import Path

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from mien.files.writes import new_file, write_file
from mien.training.fit import best_row
from mien.types import PlotKind
from mien.vision.figures import render

# Two colours that stay apart for colour-blind eyes (Okabe and Ito 2008).
TRAIN, VALIDATION = "#E69F00", "#0072B2"


def write_history(path: Path, history: list[dict[str, float]]) -> None:
    """Write one row per epoch."""
    with new_file(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        for row in history:
            writer.writerow({key: f"{value:.6g}" for key, value in row.items()})


def draw_curves(
    path: Path, history: list[dict[str, float]], title: str, measure: str = "accuracy"
) -> None:
    """Draw loss and another measure of training and validation over the epochs.

    Args:
        path: Where to write; its suffix says how.
        history: One row per epoch, with `train_loss`, `validation_loss`, `validation_<measure>`
            and perhaps `train_<measure>`.
        title: Shown above.
        measure: A share of one.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    figure.suptitle(title, fontsize=11)
    loss, share = figure.subplots(1, 2)
    _lines(loss, history, "loss")
    _lines(share, history, measure)
    share.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    best = best_row(history)
    for axes, value in ((loss, "validation_loss"), (share, f"validation_{measure}")):
        axes.axvline(best["epoch"], color="0.6", linewidth=1, linestyle=":")
        axes.plot(best["epoch"], best[value], "o", color=VALIDATION)
        text = f"{best[value]:.1%}" if axes is share else f"{best[value]:.3f}"
        label = f"kept: epoch {best['epoch']:.0f}, {text}"
        axes.annotate(
            label,
            (best["epoch"], best[value]),
            (-6, 14),
            textcoords="offset points",
            ha="right",
            bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"},
        )
    write_file(path, render(figure, msgspec.convert(path.suffix[1:], PlotKind)))


def _lines(axes: Axes, history: list[dict[str, float]], name: str) -> None:
    epochs = [row["epoch"] for row in history]
    for split, color in (("train", TRAIN), ("validation", VALIDATION)):
        # Training faces are augmented and measured while the network still changes.
        note = " (augmented)" if split == "train" else ""
        if f"{split}_{name}" not in history[0]:
            continue
        values = [row[f"{split}_{name}"] for row in history]
        axes.plot(epochs, values, color=color, label=split + note, linewidth=1.8)
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    # Where the curves do not end: "best" is looked for among all points, which may take seconds.
    axes.legend(loc="upper right" if name == "loss" else "lower right", frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
