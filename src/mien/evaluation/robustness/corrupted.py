"""How a bundle reads corrupted faces, and whether it gets less sure as its accuracy falls."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.evaluation.figures import metrics
from mien.evaluation.figures.intervals import RESAMPLES
from mien.evaluation.figures.summary import Estimate
from mien.evaluation.figures.tables import TableEstimates, cells, estimate_tables
from mien.evaluation.robustness.corrupt import CORRUPTIONS, SEVERITIES, corrupt, describe
from mien.evaluation.robustness.sample import FaceSample
from mien.models.decision import is_sure, split
from mien.models.info import ModelInfo
from mien.protocols import Classifier
from mien.types import OnProgress, PixelArray, ProbabilityArray, ignore_progress

STAGE, INTERVALS = "corruptions", "intervals of corruptions"
BATCH_SIZE = 64
# Small steps may be out of order, the trend must not.
FALLS = -0.7
# Accuracy that loses no more holds; of what it loses, confidence must lose at least this part.
HOLDS, ENOUGH = 0.02, 0.5

Verdict = Literal["falls", "falls too little", "does not fall", "need not fall"]


@dataclass(frozen=True, slots=True)
class CorruptionPoint:
    """How faces are read under one corruption of one severity.

    Attributes:
        corruption: Its name, as "blur".
        severity: 0 (uncorrupted) to 5.
        setting: What that means, as "sigma 1.5 px".
        faces: Number of faces.
        accuracy: Share of right answers.
        balanced_accuracy: Mean recall over the classes.
        ece: Expected calibration error.
        confidence: Mean confidence, given that the face shows one of the classes.
        answered: Coverage: share that is not "not sure".
    """

    corruption: str
    severity: int
    setting: str
    faces: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    ece: float
    confidence: float
    answered: float


@dataclass(frozen=True, slots=True)
class ConfidenceTrend:
    """Whether confidence falls as severity rises, as it must where accuracy falls.

    Attributes:
        correlation: Spearman's rank correlation of severity and mean confidence: -1 where it falls
            at every step, 1 where it rises at every step, 0 where it stays the same.
        confidence_change: Mean confidence at the highest severity minus that without corruption.
        accuracy_change: The same for accuracy.
        verdict: Confidence "falls" where the correlation is as low as `FALLS`, but "too little"
            where that is less than `ENOUGH` of what accuracy loses. It "need not fall" where
            accuracy holds, to `HOLDS`.
    """

    correlation: float
    confidence_change: float
    accuracy_change: float
    verdict: Verdict


def evaluate_corruptions(
    classifier: Classifier,
    info: ModelInfo,
    sample: FaceSample,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> tuple[CorruptionPoint, ...]:
    """Read the same faces under every corruption at every severity.

    Args:
        classifier: The bundle's classifier.
        info: The bundle's description.
        sample: The faces.
        resamples: Draws for the intervals, over groups; 0 for none.
        seed: Seed of the corruptions' noise and of the draws.
        on_progress: Called with the faces read, then with the draws done.

    Returns:
        Six points per corruption: uncorrupted (the same for all), then severity 1 to 5.
    """
    answers = _read(classifier, sample.faces, seed, on_progress)
    tables = estimate_tables(
        np.stack([cells(sample.truth, probabilities) for probabilities, _ in answers.values()]),
        len(info.labels),
        sample.groups,
        resamples=resamples,
        seed=seed,
        stage=INTERVALS,
        on_progress=on_progress,
    )
    found = {
        key: _point(key, answers[key], table, sample, info.not_sure_below)
        for key, table in zip(answers, tables, strict=True)
    }
    return tuple(
        found[corruption, severity] for corruption in CORRUPTIONS for severity in (0, *SEVERITIES)
    )


def confidence_trends(points: Sequence[CorruptionPoint]) -> Mapping[str, ConfidenceTrend]:
    """Say for every corruption whether confidence falls as severity rises."""
    trends = {}
    for name in dict.fromkeys(point.corruption for point in points):
        mine = [point for point in points if point.corruption == name]
        severities = np.array([point.severity for point in mine], dtype=np.float64)
        confidences = np.array([point.confidence for point in mine])
        correlation = metrics.rank_correlation(severities, confidences)
        change = float(confidences[-1] - confidences[0])
        lost = mine[-1].accuracy.value - mine[0].accuracy.value
        trends[name] = ConfidenceTrend(
            correlation, change, lost, _verdict(correlation, change, lost)
        )
    return trends


def _verdict(correlation: float, confidence_change: float, accuracy_change: float) -> Verdict:
    holds = accuracy_change >= -HOLDS
    if correlation > FALLS:
        return "need not fall" if holds else "does not fall"
    return "falls" if holds or confidence_change <= ENOUGH * accuracy_change else "falls too little"


def _read(
    classifier: Classifier, faces: PixelArray, seed: int, on_progress: OnProgress
) -> dict[tuple[str, int], tuple[ProbabilityArray, ProbabilityArray]]:
    """Return the probabilities of the labels, and of something else, for every point."""
    # Without corruption all are the same: read once.
    keys = [(CORRUPTIONS[0], 0), *itertools.product(CORRUPTIONS, SEVERITIES)]
    total, done = len(keys) * len(faces), 0
    answers: dict[tuple[str, int], tuple[ProbabilityArray, ProbabilityArray]] = {}
    for name, severity in keys:
        # One stream for each, so that a corruption's noise does not depend on the others.
        random = np.random.default_rng([seed, CORRUPTIONS.index(name), severity])
        parts = []
        for start in range(0, len(faces), BATCH_SIZE):
            batch = corrupt(faces[start : start + BATCH_SIZE], name, severity, random)
            parts.append(classifier(batch))
            done += len(batch)
            on_progress(STAGE, done, total)
        answers[name, severity] = split(np.concatenate(parts), other=classifier.other)
    return answers | {(name, 0): answers[keys[0]] for name in CORRUPTIONS}


def _point(
    key: tuple[str, int],
    answers: tuple[ProbabilityArray, ProbabilityArray],
    table: TableEstimates,
    sample: FaceSample,
    not_sure_below: float,
) -> CorruptionPoint:
    probabilities, other = answers
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == sample.truth
    return CorruptionPoint(
        corruption=key[0],
        severity=key[1],
        setting=describe(*key, sample.faces.shape[1]),
        faces=len(sample.truth),
        accuracy=table.accuracy,
        balanced_accuracy=table.balanced_accuracy,
        ece=metrics.reliability(correct, confidence).expected_error,
        confidence=float(confidence.mean()),
        answered=float(is_sure(probabilities, other, not_sure_below).mean()),
    )
