"""Temperature and the threshold of "not sure" on made logits with a known answer."""

import numpy as np
import pytest
import torch

from mien.training.calibrate import MIN_COVERAGE, choose_threshold, fit_temperature


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 3.0])
def test_finds_the_temperature_that_made_the_labels(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(0, 2, (20_000, 4)), dtype=torch.float32)
    probabilities = torch.softmax(logits / true_temperature, 1).numpy()
    draws = rng.random((len(logits), 1))
    labels = (probabilities.cumsum(1) < draws).sum(1).clip(0, 3)
    assert fit_temperature(logits, labels) == pytest.approx(true_temperature, rel=0.05)


def binary(confidence: np.ndarray) -> np.ndarray:
    return np.stack([confidence, 1 - confidence], axis=1).astype(np.float32)


def test_threshold_is_the_lowest_that_reaches_the_target() -> None:
    confidence = np.linspace(0.999, 0.6, 1000)
    labels = np.where(np.arange(1000) < 900, 0, 1)  # the hundred least sure are wrong
    threshold = choose_threshold(binary(confidence), labels, target=0.95)
    answered = confidence >= threshold
    assert (labels[answered] == 0).mean() == pytest.approx(0.95, abs=0.002)


def test_a_good_model_answers_everything() -> None:
    confidence = np.linspace(0.999, 0.6, 1000)
    threshold = choose_threshold(binary(confidence), np.zeros(1000, dtype=np.int64), target=0.9)
    assert threshold == pytest.approx(0.6, abs=0.001)


def test_a_poor_model_still_answers_most() -> None:
    confidence = np.linspace(0.999, 0.6, 1000)
    labels = np.arange(1000) % 2
    threshold = choose_threshold(binary(confidence), labels, target=0.9)
    assert (confidence >= threshold).mean() == pytest.approx(MIN_COVERAGE, abs=0.01)
