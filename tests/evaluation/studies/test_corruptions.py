"""The corruptions that were asked for are told, drawn and shown."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from mien.evaluation.figures.summary import Estimate, summarise
from mien.evaluation.predictions import Evaluation
from mien.evaluation.robustness.corrupted import CorruptionPoint
from mien.evaluation.studies.corruptions import Corruptions


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (((0.8, 0.8), (0.7, 0.7), (0.6, 0.6)), "falls as pictures get worse. Dark: Acc"),
        (((0.8, 0.8), (0.7, 0.79), (0.6, 0.78)), "but too little. In the worst pictures it is too"),
        (((0.8, 0.8), (0.7, 0.85)), "does not fall although accuracy does. In the worst pict"),
        (((0.8, 0.8), (0.79, 0.81)), "accuracy holds, so confidence need not fall. Dark: Acc"),
    ],
)
def test_a_sentence_says_whether_confidence_falls(
    steps: tuple[tuple[float, float], ...],
    said: str,
    make_points: Callable[..., list[CorruptionPoint]],
    make_page: Callable[..., Any],
) -> None:
    points = [*make_points("blur", *steps), *make_points("dark", (0.9, 0.9), (0.7, 0.7))]
    page = make_page(corruptions=points, plots={"As pictures get worse": b""})
    assert page.texts["h3"] == ["Blur", "Dark"]
    assert re.search(r"Confidence falls as pictures get worse: (blur, )?dark\.", page.text)
    assert f"Accuracy goes from 80.0% to {steps[-1][0]:.1%}, conf" in page.text
    assert said in str(page.values("img", "alt")[0])


def estimates(*values: float) -> list[Estimate]:
    return [Estimate(value, value - 0.1, value + 0.1) for value in values]


def test_corruptions_have_a_panel_each_with_lines_told_apart(evaluation: Evaluation) -> None:
    points = [
        CorruptionPoint(name, severity, f"level {severity}", 9, right, right, 0, 0.8, 0.7)
        for name in ("blur", "JPEG", "low light", "noise", "fog")
        for severity, right in enumerate(estimates(0.9, 0.8, 0.6))
    ]
    pytest.importorskip("matplotlib", reason="needs the extra [train]")
    figure = Corruptions(tuple(points)).draw(summarise(evaluation, resamples=0))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown[:2]] == ["blur\nto level 2", "JPEG\nto level 2"]
    assert len(shown) == 5
    accuracy, confidence, answered = shown[0].get_lines()
    assert [list(line.get_ydata()) for line in (accuracy, confidence, answered)] == [
        [0.9, 0.8, 0.6],
        [0.8] * 3,
        [0.7] * 3,
    ]
    styles = {(line.get_linestyle(), line.get_marker()) for line in shown[0].get_lines()}
    assert len(styles) == 3
    assert "9 faces" in figure.get_suptitle()
