"""Two bundles on the same faces: counted, tested and paired right."""

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.evaluation.pages import NAN, near

from mien.errors import BundleError
from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import bootstrap
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.compare import Comparison, compare
from mien.models.info import ModelInfo

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
    assert found.p_value == metrics.mcnemar(1, 3)
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


def test_what_a_bundle_calls_a_class_makes_no_other_of_it(
    info: ModelInfo, other: ModelInfo
) -> None:
    truth = np.array([0, 1, 2, 3])
    first = answers(truth, np.ones(4, bool))
    rival = msgspec.structs.replace(other, labels=("Happiness", "neutral", "sadness", "anger"))
    found = compare(Evaluation(info, "faces", "test", first), first, rival, resamples=0)
    assert (found.shared, found.faces, found.both_right) == ((), 4, 4)
    rival = msgspec.structs.replace(other, labels=("happiness", "sadness", "fear"))
    found = compare(Evaluation(info, "faces", "test", first), first, rival, resamples=0)
    assert (found.shared, found.left_out) == (("sad", "happy"), 2)


def test_no_face_of_a_shared_class_is_an_error(info: ModelInfo, other: ModelInfo) -> None:
    only = answers(np.array([3, 3]), np.array([1, 1], bool))
    rival = msgspec.structs.replace(other, labels=("sad", "angry"))
    with pytest.raises(BundleError, match=r"no face of a class .*\(angry, sad\)"):
        compare(Evaluation(info, "faces", "test", only), only, rival, resamples=0)


@pytest.mark.parametrize(
    ("only_second", "p_value", "said"),
    [
        (31, 0.004, "come by chance in 0.4% of cases. So new is better on faces like these."),
        (1, 0.0000001, "come by chance in fewer than 0.01% of cases. So old is better"),
        (12, 1.0, "in 100.0% of cases. So these faces do not show that one of them is better."),
        (31, NAN, "reads 31 faces rightly that old misreads, and misreads 12 that old reads right"),
    ],
)
def test_a_comparison_is_told_in_words(
    only_second: int, p_value: float, said: str, make_page: Callable[..., Any]
) -> None:
    comparison = Comparison(
        "old", "new", 400, 300, 12, only_second, 57, p_value, near(0.004), near(-0.01)
    )
    page = make_page(comparison=comparison)
    assert said in page.text
    assert "−1.6 to 2.4%" in page.texts["td"]


def test_a_comparison_on_shared_classes_says_which(make_page: Callable[..., Any]) -> None:
    parts = (400, 300, 12, 31, 57, 0.004, near(0.004), near(-0.01))
    page = make_page(comparison=Comparison("old", "new", *parts, ("sad", "calm"), 70))
    assert "of those that both know (sad, calm)" in page.text
    assert "of other classes: 70 faces" in page.text
