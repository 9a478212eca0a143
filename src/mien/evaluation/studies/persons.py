"""Figures by person: how evenly people are read, where it is known who is who."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from mien.datasets.records import PHOTO_GROUP
from mien.evaluation.intervals import RESAMPLES, bootstrap
from mien.evaluation.metrics import BoolArray, IntArray, RealArray
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.summary import Estimate
from mien.types import OnProgress, ignore_progress

STAGE = "intervals of persons"
# Of fewer faces a share says nothing about a person.
MIN_FACES = 5
WORST = 0.1
SHUFFLES = 200


@dataclass(frozen=True, slots=True)
class Persons:
    """How evenly people are read.

    Attributes:
        persons: Number of persons with `MIN_FACES` faces or more that were read.
        faces: Number of their faces.
        accuracy: Mean over these persons of the share of right answers.
        worst: Number of persons in the worst tenth, rounded up.
        worst_accuracy: Mean over the worst tenth.
        worst_by_chance: What that would be if the right answers fell on the faces by chance: the
            worst of many are always below the mean, and the more so the fewer faces each has.
    """

    persons: int
    faces: int
    accuracy: Estimate
    worst: int
    worst_accuracy: Estimate
    worst_by_chance: float


def by_person(
    evaluation: Evaluation,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Persons | None:
    """Make the figures over persons.

    Args:
        evaluation: The answers; a group is a person.
        resamples: Draws for the intervals, over persons; 0 for none.
        seed: Seed of all draws.
        on_progress: Told of the draws done.

    Returns:
        The figures; None where fewer than two persons have faces enough.
    """
    correct, person = _known(evaluation.answers.of_faces())
    count = int(person.max(initial=-1)) + 1
    if count < 2:
        return None
    shares = _shares(correct, person)
    worst = int(np.ceil(WORST * count))

    def statistic(rows: IntArray) -> RealArray:
        return np.array([shares[rows].mean(), _lowest(shares[rows], worst)])

    everyone = np.arange(count, dtype=np.int64)
    low, high = bootstrap(
        statistic, everyone, resamples=resamples, seed=seed, stage=STAGE, on_progress=on_progress
    )
    ends = (statistic(everyone).tolist(), low.tolist(), high.tolist())
    accuracy, worst_accuracy = map(Estimate, *ends)
    chance = _by_chance(correct, person, worst, np.random.default_rng(seed))
    return Persons(count, correct.size, accuracy, worst, worst_accuracy, chance)


def _known(answers: Answers) -> tuple[BoolArray, IntArray]:
    """Return of the faces of persons that have enough whether each is read rightly, and whose."""
    faces = Counter(group for group in answers.groups if group)
    numbers: dict[str, int] = {}
    for group, count in faces.items():
        if count >= MIN_FACES and not group.startswith(PHOTO_GROUP):
            numbers[group] = len(numbers)
    person = np.array([numbers.get(group, -1) for group in answers.groups], dtype=np.int64)
    correct = answers.probabilities.argmax(axis=1) == answers.truth
    return correct[person >= 0], person[person >= 0]


def _shares(correct: BoolArray, person: IntArray) -> RealArray:
    return np.asarray(np.bincount(person, correct) / np.bincount(person), dtype=np.float64)


def _lowest(shares: RealArray, count: int) -> float:
    return float(np.sort(shares)[:count].mean())


def _by_chance(
    correct: BoolArray, person: IntArray, worst: int, random: np.random.Generator
) -> float:
    draws = (_shares(random.permutation(correct), person) for _ in range(SHUFFLES))
    return float(np.mean([_lowest(shares, worst) for shares in draws]))
