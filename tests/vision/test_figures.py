"""Plots are files of the kind that was asked for, with labels as they are."""

import pytest

from mien.types import PlotKind

pytest.importorskip("matplotlib", reason="needs the extra [train]")
from matplotlib.figure import Figure

from mien.vision.figures import render


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_figure_is_written_in_every_kind(kind: PlotKind, start: bytes) -> None:
    figure = Figure(figsize=(1, 1))
    # No mathematics, which would be broken.
    figure.suptitle("$\\frac")
    assert render(figure, kind).startswith(start)
