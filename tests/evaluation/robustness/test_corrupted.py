"""The same faces are read under every corruption, and falling confidence is told from the rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.figures.summary import Estimate
from mien.evaluation.robustness.corrupt import CORRUPTIONS
from mien.evaluation.robustness.corrupted import (
    CorruptionPoint,
    confidence_trends,
    evaluate_corruptions,
)
from mien.evaluation.robustness.sample import FaceSample
from mien.models.info import ModelInfo


def sample() -> FaceSample:
    """Four black faces, of one class each."""
    return FaceSample(np.zeros((4, 48, 48, 1), np.uint8), np.arange(4), np.arange(4))


def points(confidences: list[float], accuracies: list[float]) -> list[CorruptionPoint]:
    return [
        CorruptionPoint(
            "blur", severity, "", 9, Estimate(right, 0, 1), Estimate(0, 0, 0), 0, sure, 0
        )
        for severity, (sure, right) in enumerate(zip(confidences, accuracies, strict=True))
    ]


def test_something_else_leaves_fewer_answered(classifier, info: ModelInfo) -> None:
    class Wide(type(classifier)):
        other = True

        def __call__(self, faces: np.ndarray) -> np.ndarray:
            half = 0.5 * super().__call__(faces)
            return np.column_stack([half, np.full(len(faces), 0.5, np.float32)])

    plain, wide = (
        evaluate_corruptions(one, info, sample(), resamples=0) for one in (classifier, Wide())
    )
    assert {point.answered for point in plain} == {1}
    assert {point.answered for point in wide} == {0}
    for one, other in zip(plain, wide, strict=True):
        assert one.accuracy.value == other.accuracy.value
        assert one.confidence == pytest.approx(other.confidence)


def test_all_corruptions_of_the_same_faces(classifier, info: ModelInfo) -> None:
    levels = np.array([30, 100, 150, 220] * 3, np.uint8)
    faces = np.tile(levels[:, None, None, None], (1, 48, 48, 1))
    given_faces = FaceSample(faces, np.arange(12) % 4, np.arange(12))
    seen = []
    found = evaluate_corruptions(
        classifier, info, given_faces, resamples=50, on_progress=lambda *a: seen.append(a)
    )
    assert [(point.corruption, point.severity) for point in found] == [
        (name, severity) for name in CORRUPTIONS for severity in range(6)
    ]
    by_key = {(point.corruption, point.severity): point for point in found}
    for name in CORRUPTIONS:
        clean = by_key[name, 0]
        assert (clean.accuracy.value, clean.setting, clean.faces) == (1, "uncorrupted", 12)
        assert clean.confidence == pytest.approx(0.7)
        assert clean.ece == pytest.approx(0.3)
        assert clean.answered == 1
    # Blurred gray is the same gray; in the dark all look like the darkest class.
    assert by_key["blur", 5].accuracy.value == 1
    assert by_key["low light", 5].accuracy.value == by_key["low light", 5].balanced_accuracy.value
    assert by_key["low light", 5].accuracy.value == 0.25
    assert by_key["low light", 5].accuracy.low < 0.25 < by_key["low light", 5].accuracy.high
    # 41 readings of 12 faces: those without corruption are read once.
    assert sum(classifier.calls) == 41 * 12
    assert ("corruptions", 492, 492) in seen
    again = evaluate_corruptions(classifier, info, given_faces, resamples=50)
    assert again == found


@pytest.mark.parametrize(
    ("confidences", "accuracies", "correlation", "verdict"),
    [
        ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], -1, "falls"),
        ([0.90, 0.89, 0.88, 0.87, 0.86, 0.85], [0.9] * 5 + [0.5], -1, "falls too little"),
        ([0.9, 0.8, 0.7, 0.8, 0.9, 0.95], [0.9] * 5 + [0.5], 0.44, "does not fall"),
        ([0.9] * 6, [0.9] * 5 + [0.89], 0, "need not fall"),
        ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0.9] * 6, -1, "falls"),
    ],
)
def test_verdicts(
    confidences: list[float], accuracies: list[float], correlation: float, verdict: str
) -> None:
    trend = confidence_trends(points(confidences, accuracies))["blur"]
    assert trend.correlation == pytest.approx(correlation, abs=0.01)
    assert trend.verdict == verdict
    assert trend.confidence_change == pytest.approx(confidences[-1] - confidences[0])
    assert trend.accuracy_change == pytest.approx(accuracies[-1] - accuracies[0])


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=6, max_size=6))
def test_the_correlation_is_that_of_pandas(confidences: list[float]) -> None:
    pandas = pytest.importorskip("pandas")
    if len(set(confidences)) == 1:
        return
    ranks = pandas.Series(confidences).rank().to_numpy()
    expected = np.corrcoef(np.arange(6), ranks)[0, 1]
    found = confidence_trends(points(confidences, [0.5] * 6))["blur"].correlation
    assert found == pytest.approx(expected)
