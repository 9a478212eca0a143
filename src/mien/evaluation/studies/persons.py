"""Figures by person: how evenly people are read, where it is known who is who."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from rich.table import Table as TerminalTable

from mien.datasets.records import PHOTO_GROUP
from mien.evaluation.figures.intervals import RESAMPLES, bootstrap
from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.report import markdown
from mien.evaluation.report.parts import Bar, Heading, Paragraph, Section, Table
from mien.evaluation.report.texts import percent, terminal_cells, terminal_table
from mien.evaluation.report.words import WHO_IS_READ_WORSE, count
from mien.evaluation.study import Finding, NoOptions, Recorded, Run, Started, Study
from mien.models.info import MetricsInfo
from mien.types import BoolArray, IntArray, OnProgress, RealArray, ignore_progress

STAGE = "intervals of persons"
# Of fewer faces a share says nothing about a person.
MIN_FACES = 5
WORST = 0.1
SHUFFLES = 200
# Names in model.json.
PERSONS, MEAN, WORST_TENTH = "persons", "accuracy_of_mean_person", "accuracy_of_worst_tenth"
CHANCE = "worst_tenth_by_chance"


@dataclass(frozen=True, slots=True)
class PersonsStudy(Study[NoOptions]):
    """Compares persons, where two or more have faces enough; always asked."""

    options = NoOptions

    @classmethod
    def asked(cls, options: NoOptions, given: Mapping[str, Any]) -> Self:  # noqa: ARG003
        """Return the study."""
        return cls()

    def start(self, run: Run) -> Started:
        """Watch nothing: the answers are enough."""
        return Started(lambda evaluation: by_person(evaluation, **run.draws))

    @classmethod
    def for_whom(cls, info: MetricsInfo) -> list[tuple[str, str, str]]:
        """Return one row, where persons were recorded."""
        values = info.values
        if PERSONS not in values:
            return []
        worst, chance, mean = (
            markdown.figure(values, name, share=True) for name in (WORST_TENTH, CHANCE, MEAN)
        )
        by = f"person, {values[PERSONS]:,.0f} with {MIN_FACES} faces or more"
        return [(by, f"worst tenth {worst}; by chance alone {chance}", f"mean {mean}")]


@dataclass(frozen=True, slots=True)
class Persons(Finding):
    """How evenly people are read.

    Attributes:
        persons: Number of persons with `MIN_FACES` faces or more.
        faces: Number of their faces.
        accuracy: Mean over these persons of their accuracy.
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

    def figures(self) -> Mapping[str, Any]:
        """Return all figures."""
        return {"persons": self}

    def shown(self, summary: Summary) -> Sequence[TerminalTable]:  # noqa: ARG002
        """Return one table."""
        table = terminal_table("person", "persons", "accuracy", "95% interval")
        for title, number, accuracy in self._rows():
            table.add_row(title, f"{number:,}", *terminal_cells(accuracy))
        table.add_row("worst tenth by chance alone", "", f"{self.worst_by_chance:.1%}", "")
        table.caption = f"persons with {MIN_FACES} faces or more"
        return [table]

    def section(self, summary: Summary) -> Section:  # noqa: ARG002
        """Say how evenly people are read, over the figures."""
        rows = [(title, f"{number:,}", Bar(accuracy)) for title, number, accuracy in self._rows()]
        table = Table("Figures by person", ("of these", "persons", "accuracy"), rows)
        return Section(WHO_IS_READ_WORSE, [Heading("Person"), Paragraph(self.verdict()), table])

    def verdict(self) -> str:
        """Say how evenly people are read."""
        return (
            f"Of {count(self.persons, 'person')} with {MIN_FACES} faces or more, the mean person "
            f"is read rightly {percent(self.accuracy.value)} of the time, the worst tenth "
            f"({count(self.worst, 'person')}) {percent(self.worst_accuracy.value)}. By chance "
            f"alone, if all were read alike, the worst tenth would be at "
            f"{percent(self.worst_by_chance)}."
        )

    def recorded(self) -> Recorded:
        """Return the figures."""
        mean, worst = self.accuracy.named(MEAN), self.worst_accuracy.named(WORST_TENTH)
        count_and_chance = {PERSONS: float(self.persons), CHANCE: self.worst_by_chance}
        return Recorded(count_and_chance | mean | worst)

    def _rows(self) -> list[tuple[str, int, Estimate]]:
        return [
            ("mean person", self.persons, self.accuracy),
            ("worst tenth", self.worst, self.worst_accuracy),
        ]


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
        on_progress: Called with the draws done.

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
    """Return of the faces of persons that have enough whether each is correct, and whose."""
    faces = Counter(group for group in answers.groups if group)
    numbers: dict[str, int] = {}
    for group, times in faces.items():
        if times >= MIN_FACES and not group.startswith(PHOTO_GROUP):
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


STUDY = PersonsStudy
