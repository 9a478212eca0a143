"""The figures, against values worked out by hand, and what must hold for all data."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mien.evaluation.figures import metrics

# Three classes; the last is in the answers, but not in the data.
TRUTH = np.array([0, 0, 0, 0, 1, 1])
PREDICTED = np.array([0, 0, 0, 1, 1, 2])
MATRIX = np.array([[3, 1, 0], [0, 1, 1], [0, 0, 0]])


def test_confusion_matrix_has_the_truth_down_and_the_answers_across() -> None:
    np.testing.assert_array_equal(metrics.confusion_matrix(TRUTH, PREDICTED, 3), MATRIX)


def test_counting_figures() -> None:
    assert metrics.accuracy(MATRIX) == pytest.approx(4 / 6)
    np.testing.assert_allclose(metrics.recalls(MATRIX), [3 / 4, 1 / 2, np.nan])
    np.testing.assert_allclose(metrics.precisions(MATRIX), [1, 1 / 2, 0])
    np.testing.assert_allclose(metrics.f1_scores(MATRIX), [6 / 7, 1 / 2, np.nan])


def test_a_class_absent_from_the_data_is_in_no_mean() -> None:
    assert metrics.balanced_accuracy(MATRIX) == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert metrics.macro_f1(MATRIX) == pytest.approx((6 / 7 + 1 / 2) / 2)


def test_a_class_never_answered_has_no_precision_and_an_f1_of_zero() -> None:
    matrix = np.array([[2, 0], [3, 0]])
    assert math.isnan(metrics.precisions(matrix)[1])
    assert metrics.f1_scores(matrix)[1] == 0
    assert metrics.macro_f1(matrix) == pytest.approx((4 / 7) / 2)


def test_no_rows_give_no_figures() -> None:
    nothing, rows = np.zeros((2, 2), np.int64), np.empty(0)
    correct = rows.astype(bool)
    curve = metrics.risk_coverage(correct, rows)
    values = [
        metrics.accuracy(nothing),
        metrics.balanced_accuracy(nothing),
        metrics.macro_f1(nothing),
        metrics.negative_log_likelihood(rows.astype(np.int64), np.empty((0, 2))),
        metrics.reliability(correct, rows).expected_error,
        curve.accuracy_at(0.8),
        *metrics.answered(correct, correct),
        metrics.auroc(rows, np.ones(3)),
        metrics.auroc(np.ones(3), rows),
    ]
    assert all(map(math.isnan, values))


def test_negative_log_likelihood() -> None:
    probabilities = np.array([[0.5, 0.5], [0.9, 0.1]], np.float32)
    expected = -(math.log(0.5) + math.log(0.1)) / 2
    assert metrics.negative_log_likelihood(np.array([0, 1]), probabilities) == pytest.approx(
        expected, rel=1e-6
    )


def test_a_probability_of_zero_costs_much_but_not_everything() -> None:
    given_zero = metrics.negative_log_likelihood(np.array([1]), np.array([[1.0, 0.0]]))
    assert given_zero == pytest.approx(-math.log(metrics.MIN_PROBABILITY))


def test_calibration_error_by_hand() -> None:
    # The upper half holds 0.6 and 0.8, one of them right; the lower 0.5 and 0.3, both right.
    correct = np.array([True, False, True, True])
    data = metrics.reliability(correct, np.array([0.6, 0.8, 0.5, 0.3]), bins=2)
    np.testing.assert_array_equal(data.counts, [2, 2])
    np.testing.assert_allclose(data.confidence, [0.4, 0.7])
    np.testing.assert_allclose(data.accuracy, [1, 0.5])
    assert data.expected_error == pytest.approx((0.6 + 0.2) / 2)


def test_an_empty_bin_is_not_counted() -> None:
    data = metrics.reliability(np.array([True, False]), np.array([1.0, 1.0]))
    assert data.counts.sum() == data.counts[-1] == 2
    assert np.isnan(data.accuracy[:-1]).all()
    assert data.expected_error == pytest.approx(0.5)


def test_fifteen_bins_of_equal_width() -> None:
    data = metrics.reliability(np.array([True]), np.array([0.99]))
    assert data.counts.size == 15
    np.testing.assert_allclose(np.diff(data.edges), 1 / 15)


def test_risk_coverage_by_hand() -> None:
    correct = np.array([False, True, True, False, True])
    curve = metrics.risk_coverage(correct, np.array([0.3, 0.9, 0.8, 0.7, 0.6]))
    np.testing.assert_allclose(curve.coverage, [0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_allclose(curve.risk, [0, 0, 1 / 3, 1 / 4, 2 / 5])
    assert curve.accuracy_at(0.8) == pytest.approx(3 / 4)
    assert curve.accuracy_at(0.61) == pytest.approx(3 / 4)
    assert curve.accuracy_at(0) == 1
    with pytest.raises(ValueError, match="coverage"):
        curve.accuracy_at(1.2)


def test_rows_of_the_same_confidence_share_their_errors() -> None:
    curve = metrics.risk_coverage(np.array([True, False]), np.array([0.7, 0.7]))
    np.testing.assert_allclose(curve.risk, [0.5, 0.5])


def test_answered_by_hand() -> None:
    correct = np.array([True, False, True, False])
    share, right = metrics.answered(correct, np.array([True, True, True, False]))
    assert (share, right) == pytest.approx((3 / 4, 2 / 3))
    share, right = metrics.answered(correct, np.zeros(4, bool))
    assert share == 0
    assert math.isnan(right)


def test_auroc_by_hand() -> None:
    # Of six pairs the positive one is higher in four, and as high in one.
    assert metrics.auroc(np.array([0.9, 0.5]), np.array([0.5, 0.7, 0.1])) == pytest.approx(4.5 / 6)


scores = arrays.arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 5).map(float))


@given(scores, scores)
def test_auroc_is_the_share_of_pairs(positive: np.ndarray, negative: np.ndarray) -> None:
    higher = positive[:, None] > negative
    same = positive[:, None] == negative
    value = metrics.auroc(positive, negative)
    assert value == pytest.approx((higher + same / 2).mean())
    assert metrics.auroc(negative, positive) == pytest.approx(1 - value)


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    classes, rows = draw(st.integers(2, 6)), draw(st.integers(1, 40))
    truth = draw(arrays.arrays(np.int64, rows, elements=st.integers(0, classes - 1)))
    weights = arrays.arrays(np.float64, (rows, classes), elements=st.floats(0.01, 1))
    raw = draw(weights)
    return truth, raw / raw.sum(axis=1, keepdims=True)


@given(answers())
def test_figures_stay_in_their_range(data: tuple[np.ndarray, np.ndarray]) -> None:
    truth, probabilities = data
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    matrix = metrics.confusion_matrix(truth, predicted, probabilities.shape[1])
    correct = predicted == truth
    assert metrics.accuracy(matrix) == pytest.approx(correct.mean())
    error = metrics.reliability(correct, confidence).expected_error
    # The gap of the means can't be more than the mean of the gaps of the bins.
    assert abs(correct.mean() - confidence.mean()) <= error + 1e-9 <= 1 + 2e-9
    assert 0 <= metrics.balanced_accuracy(matrix) <= 1
    assert 0 <= metrics.macro_f1(matrix) <= 1
    assert metrics.negative_log_likelihood(truth, probabilities) > 0


@given(answers(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(
    data: tuple[np.ndarray, np.ndarray], random: np.random.Generator
) -> None:
    truth, probabilities = data
    # Few distinct values, so that there are ties.
    confidence = probabilities.max(axis=1).round(1)
    correct = probabilities.argmax(axis=1) == truth
    order = np.array(random.sample(range(truth.size), truth.size))
    one = metrics.risk_coverage(correct, confidence)
    other = metrics.risk_coverage(correct[order], confidence[order])
    np.testing.assert_allclose(one.risk, other.risk, atol=1e-12)
    assert one.risk[-1] == pytest.approx(1 - correct.mean())


@given(answers(), st.permutations(range(6)))
def test_the_numbering_of_the_classes_changes_nothing(
    data: tuple[np.ndarray, np.ndarray], order: list[int]
) -> None:
    truth, probabilities = data
    classes = probabilities.shape[1]
    number = np.argsort(np.argsort(np.array(order)[:classes]))
    predicted = probabilities.argmax(axis=1)
    one = metrics.confusion_matrix(truth, predicted, classes)
    other = metrics.confusion_matrix(number[truth], number[predicted], classes)
    assert metrics.macro_f1(one) == pytest.approx(metrics.macro_f1(other))
    assert metrics.balanced_accuracy(one) == pytest.approx(metrics.balanced_accuracy(other))


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    # The binomial test of R's binom.test(5, 20) and so on.
    [(0, 0, 1), (3, 3, 1), (5, 15, 0.04139), (1, 9, 0.02148), (0, 10, 0.001953)],
)
def test_mcnemar_is_the_binomial_test(first: int, second: int, p_value: float) -> None:
    assert metrics.mcnemar(first, second) == pytest.approx(p_value, rel=1e-3)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_chance_and_takes_no_side(first: int, second: int) -> None:
    p_value = metrics.mcnemar(first, second)
    assert 0 < p_value <= 1
    assert p_value == metrics.mcnemar(second, first)
    tail = sum(math.comb(first + second, k) for k in range(min(first, second) + 1))
    assert p_value == pytest.approx(min(1, 2 * tail / 2 ** (first + second)))


def test_mcnemar_takes_many_faces() -> None:
    assert metrics.mcnemar(5000, 5000) == 1
    assert 0 < metrics.mcnemar(4800, 5200) < 1e-4
