import pytest

pytest.importorskip("matplotlib", reason="needs the extra [train]")

from mien.evaluation.report.plots import new_figure, percent_axes


@pytest.mark.parametrize("limits", [(0, 1), (0.66, 0.88), (0.8, 0.84), (0.5, 0.503)])
def test_the_numbers_of_an_axis_are_those_of_its_lines(limits: tuple[float, float]) -> None:
    figure = new_figure(6.6, 4.8)
    axes = figure.add_subplot()
    axes.set_ylim(limits)
    percent_axes(axes, x=False, y=True)
    figure.canvas.draw()
    said = [float(label.get_text().rstrip("%")) for label in axes.get_yticklabels()]
    assert said == pytest.approx([100 * place for place in axes.get_yticks()], abs=1e-9)
