"""Two bundles on the same faces: counted, tested and paired right."""

import dataclasses
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import BundleError
from mien.evaluation.intervals import bootstrap
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.compare import InOrder, compare, mcnemar
from mien.models.bundle import ModelInfo
from mien.types import InputSpec

LABELS = ("angry", "sad", "happy", "neutral")


def answers(truth: np.ndarray, right: np.ndarray, groups: tuple[str, ...] | None = None) -> Answers:
    """Answer 0.7 to the true class where `right`, and to the next one where not."""
    predicted = np.where(right, truth, (truth + 1) % 4)
    probabilities = np.full((len(truth), 4), 0.1, np.float32)
    probabilities[np.arange(len(truth)), predicted] = 0.7
    origins = tuple(f"{row}" for row in range(len(truth)))
    return Answers(truth, probabilities, origins, groups or ("",) * len(truth))


@pytest.fixture
def other(info: ModelInfo) -> ModelInfo:
    return msgspec.structs.replace(info, name="other", version="2")


def test_faces_are_counted_by_who_is_right(info: ModelInfo, other: ModelInfo) -> None:
    truth = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    first = answers(truth, np.array([1, 1, 1, 1, 0, 0, 0, 0], bool))
    second = answers(truth, np.array([1, 0, 1, 1, 1, 1, 1, 0], bool))
    found = compare(Evaluation(info, "faces", "test", first), second, other, resamples=100)
    assert (found.first, found.second, found.faces) == ("gray 1.0", "other 2", 8)
    assert (found.both_right, found.only_first, found.only_second, found.neither) == (3, 1, 3, 1)
    assert found.p_value == mcnemar(1, 3)
    assert found.accuracy_difference.value == pytest.approx(2 / 8)
    assert found.balanced_difference.value == pytest.approx((-1 / 3 + 2 / 3 + 1 / 2) / 3)
    assert found.accuracy_difference.low <= 0.25 <= found.accuracy_difference.high


def test_pictures_without_a_face_do_not_count(evaluation: Evaluation, other: ModelInfo) -> None:
    found = compare(evaluation, evaluation.answers, other, resamples=20)
    assert (found.faces, found.both_right, found.neither) == (5, 4, 1)
    assert (found.p_value, found.accuracy_difference.value) == (1, 0)


def test_the_interval_is_paired_and_over_groups(info: ModelInfo, other: ModelInfo) -> None:
    random = np.random.default_rng(2)
    truth, easy = random.integers(0, 4, 400), random.random(400) < 0.5
    better = easy | (random.random(400) < 0.1)
    kinds = {"resamples": 400, "seed": 3}

    def width(groups: tuple[str, ...] | None = None) -> float:
        first = Evaluation(info, "faces", "test", answers(truth, easy, groups))
        found = compare(first, answers(truth, better, groups), other, **kinds)
        return found.accuracy_difference.high - found.accuracy_difference.low

    low, high = bootstrap(lambda rows: np.array([easy[rows].mean()]), np.arange(400), **kinds)
    # The two agree on most faces: the difference is known better than either figure.
    assert width() < 0.7 * (high - low)[0]
    assert width(tuple(f"{row % 10}" for row in range(400))) != width()


def test_different_pictures_are_refused(evaluation: Evaluation, other: ModelInfo) -> None:
    origins = tuple(f"{row}" for row in range(6))
    second = dataclasses.replace(evaluation.answers, origins=origins)
    with pytest.raises(ValueError, match="same faces"):
        compare(evaluation, second, other)


def test_two_trainings_of_one_model_are_told_apart(evaluation: Evaluation) -> None:
    again = msgspec.structs.replace(evaluation.model, sha256="a" * 64)
    found = compare(evaluation, evaluation.answers, again, resamples=0)
    assert (found.first, found.second) == ("gray 1.0 (0000000)", "gray 1.0 (aaaaaaa)")


class Reversed:
    """The same classes from the last to the first, and another input."""

    labels = LABELS[::-1]
    other = False
    spec = InputSpec(64, 3, 1.2)

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (len(faces), 1))


def test_something_else_stays_last() -> None:
    class Wide(Reversed):
        other = True

        def __call__(self, faces: np.ndarray) -> np.ndarray:
            return np.column_stack([0.5 * super().__call__(faces), np.full(len(faces), 0.5)])

    ordered = InOrder(Wide(), "other", LABELS)
    assert ordered.other
    np.testing.assert_allclose(
        ordered(np.zeros((1, 64, 64, 3), np.uint8)), [[0.2, 0.15, 0.1, 0.05, 0.5]]
    )


def test_classes_are_matched_by_name() -> None:
    ordered = InOrder(Reversed(), "other", LABELS)
    assert (ordered.labels, ordered.spec) == (LABELS, Reversed.spec)
    result = ordered(np.zeros((2, 64, 64, 3), np.uint8))
    np.testing.assert_array_equal(result, [np.array([0.4, 0.3, 0.2, 0.1], np.float32)] * 2)


@pytest.mark.parametrize("labels", [("angry", "sadness", "fear"), ("fear", "contempt")])
def test_fewer_than_two_shared_classes_are_an_error_that_names_both(
    labels: tuple[str, ...],
) -> None:
    with pytest.raises(BundleError, match=r"other reads neutral, happy.*reads (angry|fear), "):
        InOrder(Reversed(), "other", labels)


def test_labels_that_are_not_known_have_no_probability() -> None:
    ordered = InOrder(Reversed(), "other", ("happy", "fear", "angry"))
    result = ordered(np.zeros((2, 64, 64, 3), np.uint8))
    np.testing.assert_array_equal(result, [np.array([0.2, 0, 0.4], np.float32)] * 2)


def test_bundles_of_other_classes_are_compared_on_those_that_they_share(
    info: ModelInfo, other: ModelInfo
) -> None:
    truth = np.array([0, 0, 1, 1, 2, 3])
    first = answers(truth, np.array([1, 0, 1, 1, 1, 1], bool))
    second = answers(truth, np.array([1, 1, 1, 0, 0, 0], bool))
    # It has no word for the last two.
    second.probabilities[:, 2:] = 0
    rival = msgspec.structs.replace(other, labels=("fear", "sad", "angry"))
    found = compare(Evaluation(info, "faces", "test", first), second, rival, resamples=0)
    assert (found.shared, found.faces, found.left_out) == (("angry", "sad"), 4, 2)
    # Wrong answers of the first went to the next class; of the shared ones to the other.
    assert (found.both_right, found.only_first, found.only_second, found.neither) == (2, 1, 1, 0)
    assert compare(Evaluation(info, "f", "t", first), first, other, resamples=0).shared == ()


def test_no_face_of_a_shared_class_is_an_error(info: ModelInfo, other: ModelInfo) -> None:
    only = answers(np.array([3, 3]), np.array([1, 1], bool))
    rival = msgspec.structs.replace(other, labels=("sad", "angry"))
    with pytest.raises(BundleError, match=r"no face of a class .*\(angry, sad\)"):
        compare(Evaluation(info, "faces", "test", only), only, rival, resamples=0)


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    # The binomial test of R's binom.test(5, 20) and so on.
    [(0, 0, 1), (3, 3, 1), (5, 15, 0.04139), (1, 9, 0.02148), (0, 10, 0.001953)],
)
def test_mcnemar_is_the_binomial_test(first: int, second: int, p_value: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p_value, rel=1e-3)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_chance_and_takes_no_side(first: int, second: int) -> None:
    p_value = mcnemar(first, second)
    assert 0 < p_value <= 1
    assert p_value == mcnemar(second, first)
    tail = sum(math.comb(first + second, k) for k in range(min(first, second) + 1))
    assert p_value == pytest.approx(min(1, 2 * tail / 2 ** (first + second)))


def test_mcnemar_takes_many_faces() -> None:
    assert mcnemar(5000, 5000) == 1
    assert 0 < mcnemar(4800, 5200) < 1e-4
