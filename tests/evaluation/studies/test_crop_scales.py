"""Framings are compared on the same faces."""

import numpy as np
import pytest

from mien.evaluation.predictions import Answers
from mien.evaluation.studies.crop_scales import crop_scale_points


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
