"""Temperature and the threshold of "not sure" on made logits with a known answer."""

import numpy as np
import pytest

from mien.training.expression.calibrate import (
    MIN_COVERAGE,
    NOT_READ,
    as_read,
    choose_threshold,
    fit_temperature,
    validate,
)


@pytest.mark.parametrize("true_temperature", [0.4, 1.0, 3.0])
def test_finds_the_temperature_that_made_the_labels(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 4)).astype(np.float32)
    odds = np.exp(logits / true_temperature)
    probabilities = odds / odds.sum(1, keepdims=True)
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


def with_other(confidence: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Outcomes of two labels and something else, the first label's probability given."""
    return np.stack([confidence, 1 - confidence - other, other], axis=1).astype(np.float32)


def test_faces_of_other_classes_raise_the_threshold() -> None:
    confidence = np.linspace(0.999, 0.5, 1200)
    labels = np.where(np.arange(1200) % 6, 0, NOT_READ)  # one in six
    labels[:600] = np.where(np.arange(600) % 20, 0, NOT_READ)  # fewer among the surest
    outcomes = with_other(confidence, 0.8 * (1 - confidence))
    threshold = choose_threshold(outcomes, labels, target=0.9, other=True)
    said, read = confidence >= threshold, labels != NOT_READ
    assert (labels[said] == 0).mean() == pytest.approx(0.9, abs=0.002)
    assert said[read].mean() > MIN_COVERAGE
    assert choose_threshold(outcomes[read], labels[read], target=0.9, other=True) < threshold


def test_coverage_is_that_of_the_classes_that_are_read() -> None:
    confidence = np.linspace(0.999, 0.5, 1000)
    labels = np.where(np.arange(1000) < 500, NOT_READ, 0)  # the surest are all of other classes
    outcomes = with_other(confidence, np.zeros(1000))
    threshold = choose_threshold(outcomes, labels, target=0.99, other=True)
    assert (confidence >= threshold)[500:].mean() == pytest.approx(MIN_COVERAGE, abs=0.01)


def test_spare_errors_are_not_spent_on_what_is_plainly_something_else() -> None:
    confidence = np.array([0.9] * 90 + [1e-5] * 90)
    labels = np.array([0] * 90 + [NOT_READ] * 90)
    outcomes = with_other(confidence, np.where(labels == 0, 0.05, 0.999))
    threshold = choose_threshold(outcomes, labels, target=0.9, other=True)
    assert threshold == pytest.approx(0.9)
    found = validate(outcomes, labels, other=True, not_sure_below=threshold)
    assert (found.answered, found.others) == (1, 0)


def test_where_most_are_taken_for_something_else_all_others_are_answered() -> None:
    confidence = np.array([0.8, 0.7, 0.1, 0.1, 0.1])
    outcomes = with_other(confidence, np.array([0.1, 0.1, 0.9, 0.9, 0.9]))
    zeros = np.zeros(5, dtype=np.int64)
    assert choose_threshold(outcomes, zeros, target=0.9, other=True) == pytest.approx(0.7)
    assert choose_threshold(outcomes[2:], zeros[2:], target=0.9, other=True) == 1


def test_validation_faces_are_told_by_what_is_read() -> None:
    outcomes = np.array(
        [[0.8, 0.1, 0.1], [0.3, 0.2, 0.5], [0.2, 0.6, 0.2], [0.7, 0.1, 0.2], [0.1, 0.1, 0.8]],
        np.float32,
    )
    labels = as_read(np.array([5, 5, 5, 2, 0]), [5, 7])
    assert labels.tolist() == [0, 0, 0, NOT_READ, NOT_READ]
    found = validate(outcomes, labels, other=True, not_sure_below=0.5)
    assert (found.accuracy, found.answered, found.others) == pytest.approx((2 / 3, 2 / 3, 1 / 2))
    known = validate(outcomes[:3, :2], labels[:3], other=False, not_sure_below=0.5)
    assert known.others is None
