"""From the answers to the figures, each with the interval in which it lies."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import (
    RESAMPLES,
    bootstrap,
    group_numbers,
    groups_of,
)
from mien.evaluation.figures.metrics import Reliability, RiskCoverage
from mien.evaluation.predictions import Evaluation
from mien.models.decision import certainty, is_sure
from mien.types import BoolArray, IntArray, OnProgress, ProbabilityArray, RealArray, ignore_progress

COVERAGE = 0.8
# It grows by being resampled; see `mien.evaluation.figures.intervals`. It is never below 0.
BIASED = "ece"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95% interval; nan where the pictures cannot give it."""

    value: float
    low: float
    high: float

    def named(self, name: str) -> dict[str, float]:
        """Return what is known of it: the value under a name, the ends as that and _low, _high."""
        values = {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}
        return {key: value for key, value in values.items() if not math.isnan(value)}


UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """Figures of one class.

    Attributes:
        label: Its name.
        faces: Faces of this class.
        without_face: Pictures of this class in which no face was found.
        recall: Share of its faces that are predicted as such.
        precision: Share of correct predictions among those of this class.
    """

    label: str
    faces: int
    without_face: int
    recall: Estimate
    precision: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Everything that is said about an evaluation.

    Attributes:
        evaluation: What it is about.
        figures: The figures by name, over the pictures in which a face was found; those that end
            in `_all_pictures` count a picture without a face as wrong. With a recall and a
            precision for each label. All are of classes that the bundle knows, and of its
            probabilities given that a face shows one of these, but for coverage, and for which
            faces have most certainty: that goes by the decision itself (`mien.models.decision`).
        classes: One entry per label of the bundle.
        confusion: int64 [K,K], true classes down, answers across.
        reliability: Confidence against accuracy.
        risk_coverage: Selective risk over coverage.
        groups: Number of groups that were resampled.
        resamples: Number of draws behind the intervals.
        seed: Seed of the draws.
    """

    evaluation: Evaluation
    figures: Mapping[str, Estimate]
    classes: tuple[ClassSummary, ...]
    confusion: IntArray
    reliability: Reliability
    risk_coverage: RiskCoverage
    groups: int
    resamples: int
    seed: int

    @property
    def faces(self) -> int:
        """Number of faces that were read."""
        return int(self.confusion.sum())

    @property
    def pictures(self) -> int:
        """Number of pictures, with and without a face."""
        return len(self.evaluation.answers.truth)

    @property
    def absent(self) -> tuple[str, ...]:
        """Labels of which there is no face; they are in no mean over classes."""
        return tuple(entry.label for entry in self.classes if not entry.faces)


def summarise(
    evaluation: Evaluation,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Summary:
    """Make all figures of an evaluation.

    Args:
        evaluation: The answers.
        resamples: Draws for the intervals; 0 for none.
        seed: Seed of the draws.
        on_progress: Called with the draws done.
    """
    answers = evaluation.answers
    groups = group_numbers(answers.groups)

    def statistic(rows: IntArray) -> RealArray:
        return np.array([*_figures(evaluation, rows).values()], dtype=np.float64)

    values = _figures(evaluation, np.arange(len(groups), dtype=np.int64))
    biased = np.array([key == BIASED for key in values])
    counts = _counts(evaluation, groups)
    low, high = bootstrap(
        statistic,
        groups,
        resamples=resamples,
        seed=seed,
        biased=biased,
        counts=np.array([counts.get(key, 0) for key in values]),
        on_progress=on_progress,
    )
    low = np.where(biased, np.maximum(low, 0), low)
    figures = {
        key: Estimate(value, float(low[number]), float(high[number]))
        for number, (key, value) in enumerate(values.items())
    }
    found = answers.found
    matrix, correct, confidence = _tables(answers.truth[found], answers.probabilities[found])
    return Summary(
        evaluation=evaluation,
        figures=figures,
        classes=_classes(evaluation, matrix, figures),
        confusion=matrix,
        reliability=metrics.reliability(correct, confidence),
        risk_coverage=metrics.risk_coverage(correct, answers.certainty[found]),
        groups=int(groups.max()) + 1,
        resamples=resamples,
        seed=seed,
    )


def _figures(evaluation: Evaluation, rows: IntArray) -> dict[str, float]:
    """Make every figure, always in the same order, of some rows (which may repeat)."""
    labels, answers = evaluation.model.labels, evaluation.answers
    all_truth, found = answers.truth[rows], answers.found[rows]
    truth, faces = all_truth[found], rows[found]
    probabilities, other = answers.probabilities[faces], answers.other[faces]
    matrix, correct, confidence = _tables(truth, probabilities)
    ranked = metrics.risk_coverage(correct, certainty(probabilities, other))
    sure = is_sure(probabilities, other, evaluation.not_sure_below(faces))
    coverage, answered = metrics.answered(correct, sure)
    values = {
        "accuracy": metrics.accuracy(matrix),
        "balanced_accuracy": metrics.balanced_accuracy(matrix),
        "macro_f1": metrics.macro_f1(matrix),
        "ece": metrics.reliability(correct, confidence).expected_error,
        "confidence_gap": metrics.confidence_gap(correct, confidence),
        "nll": metrics.negative_log_likelihood(truth, probabilities),
        "accuracy_at_80_coverage": ranked.accuracy_at(COVERAGE),
        "answered": coverage,
        "accuracy_of_answered": answered,
    }
    if evaluation.detector is not None:
        # A picture without a face is one more column that is never right.
        missed = np.bincount(all_truth[~found], minlength=len(labels)).astype(np.int64)
        wider = np.pad(np.column_stack([matrix, missed]), ((0, 1), (0, 0)))
        values["face_found"] = float(found.mean())
        values["accuracy_all_pictures"] = metrics.accuracy(wider)
        values["balanced_accuracy_all_pictures"] = metrics.balanced_accuracy(wider)
    recalls, precisions = metrics.recalls(matrix), metrics.precisions(matrix)
    values |= {f"recall_{label}": float(recalls[i]) for i, label in enumerate(labels)}
    values |= {f"precision_{label}": float(precisions[i]) for i, label in enumerate(labels)}
    return values


def _counts(evaluation: Evaluation, groups: IntArray) -> dict[str, int]:
    """Return of how many groups each figure is that is a share of some faces."""
    labels, answers = evaluation.model.labels, evaluation.answers
    found = answers.found
    said = np.where(found, np.nan_to_num(answers.probabilities).argmax(axis=1), -1)
    counts = {"accuracy": groups_of(groups, found), "answered": groups_of(groups, found)}
    for number, label in enumerate(labels):
        counts[f"recall_{label}"] = groups_of(groups, found & (answers.truth == number))
        counts[f"precision_{label}"] = groups_of(groups, said == number)
    return counts


def _tables(
    truth: IntArray, probabilities: ProbabilityArray
) -> tuple[IntArray, BoolArray, ProbabilityArray]:
    """Return the confusion matrix, whether each answer is right, and its confidence."""
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    matrix = metrics.confusion_matrix(truth, predicted, probabilities.shape[1])
    return matrix, predicted == truth, probabilities.max(axis=1)


def _classes(
    evaluation: Evaluation, matrix: IntArray, figures: Mapping[str, Estimate]
) -> tuple[ClassSummary, ...]:
    answers, labels = evaluation.answers, evaluation.model.labels
    missed = np.bincount(answers.truth[~answers.found], minlength=len(labels))
    return tuple(
        ClassSummary(
            label=label,
            faces=int(matrix[number].sum()),
            without_face=int(missed[number]),
            recall=figures[f"recall_{label}"],
            precision=figures[f"precision_{label}"],
        )
        for number, label in enumerate(labels)
    )
