"""Framings are compared on the same faces."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.evaluation.pages import near

from mien.evaluation.figures.summary import Estimate, summarise
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.crop_scales import CropScalePoint, CropScales, crop_scale_points


def answers(right: list[bool]) -> Answers:
    truth = np.arange(6) % 2
    probabilities = np.full((6, 2), 0.2, np.float32)
    probabilities[np.arange(6), np.where(right, truth, 1 - truth)] = 0.8
    # In the last picture no face was found.
    probabilities[5] = np.nan
    return Answers(truth, probabilities, tuple("abcdef"), tuple("112233"))


def test_points_are_in_rising_order_and_over_faces_only() -> None:
    wide, own = answers([True] * 2 + [False] * 4), answers([True] * 4 + [False] * 2)
    seen = []
    first, second = crop_scale_points(
        {1.3: wide, 1.0: own}, resamples=50, on_progress=lambda *args: seen.append(args)
    )
    assert (first.crop_scale, second.crop_scale) == (1.0, 1.3)
    assert (first.faces, first.accuracy.value) == (5, pytest.approx(4 / 5))
    assert first.balanced_accuracy.value == pytest.approx((2 / 3 + 1) / 2)
    assert first.ece == pytest.approx(0, abs=1e-6)
    assert second.accuracy.value == pytest.approx(2 / 5)
    assert second.ece == pytest.approx(0.4)
    assert second.accuracy.low <= 0.4 <= second.accuracy.high
    assert seen[-1] == ("intervals of crop scales", 50, 50)


def test_the_framing_is_told_with_the_range_that_does_as_well(
    make_page: Callable[..., Any],
) -> None:
    values = {1.2: 0.80, 0.8: 0.70, 1.0: 0.83, 1.1: 0.84, 1.3: 0.83}
    points = [CropScalePoint(x, 9, near(v), near(v), 0.02) for x, v in sorted(values.items())]
    page = make_page(crop_scales=points)
    assert "At crop scale 1.1 most is read rightly, 84.0%; from 1 to 1.1 accuracy" in page.text
    assert page.texts["th"][-5:] == ["0.8", "1", "1.1", "1.2", "1.3"]
    alone = make_page(crop_scales=[points[0], points[3]])
    assert "its neighbours are not within 2 points" in alone.text


def estimates(*values: float) -> list[Estimate]:
    return [Estimate(value, value - 0.1, value + 0.1) for value in values]


def test_crop_scales_are_drawn_with_the_models_own_marked(evaluation: Evaluation) -> None:
    points = [
        CropScalePoint(scale, 9, right, balanced, 0)
        for scale, right, balanced in zip(
            (0.8, 1.0, 1.2), estimates(0.7, 0.8, 0.9), estimates(0.5, 0.6, 0.4), strict=True
        )
    ]
    pytest.importorskip("matplotlib", reason="needs the extra [train]")
    figure = CropScales(tuple(points)).draw(summarise(evaluation, resamples=0))
    accuracy, balanced, own = figure.axes[0].get_lines()
    assert list(accuracy.get_xdata()) == [0.8, 1.0, 1.2]
    assert list(balanced.get_ydata()) == [0.5, 0.6, 0.4]
    assert accuracy.get_linestyle() != balanced.get_linestyle()
    assert set(own.get_xdata()) == {evaluation.model.input.crop_scale}
    assert "highest balanced accuracy 60.0% at crop scale 1," in figure.axes[0].get_title()
