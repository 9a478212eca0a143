"""Persons count alike, and the worst tenth is the worst."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evaluation.pages import near

from mien.datasets.records import PHOTO_GROUP
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.persons import MIN_FACES, Persons, by_person
from mien.models.info import ModelInfo


@pytest.fixture
def make(info: ModelInfo):
    """Evaluate persons of (faces, of these read rightly); figure them."""

    def make_with(people: dict[str, tuple[int, int]], resamples: int = 0) -> Persons | None:
        rows = [(name, n < right) for name, (faces, right) in people.items() for n in range(faces)]
        # By turns, so that no person's faces stand together.
        rows = rows[::2] + rows[1::2]
        names, right = zip(*rows, strict=True)
        truth = np.where(right, 0, 1)
        probabilities = np.tile(np.array([0.7, 0.1, 0.1, 0.1], np.float32), (len(rows), 1))
        answers = Answers(truth, probabilities, names, names)
        return by_person(Evaluation(info, "made", "test", answers), resamples=resamples)

    return make_with


def test_persons_count_alike_however_many_faces_they_have(make) -> None:
    found = make({"ann": (5, 5), "bob": (20, 10), "few": (MIN_FACES - 1, 0), "": (9, 0)}, 100)
    assert (found.persons, found.faces, found.worst) == (2, 25, 1)
    assert found.accuracy.value == pytest.approx(0.75)
    assert (found.worst_accuracy.value, found.worst_accuracy.high) == (0.5, 1)
    assert found.accuracy.low <= 0.75 <= found.accuracy.high


def test_the_worst_tenth_is_rounded_up(make) -> None:
    found = make({f"p{number}": (10, number % 10 + 1) for number in range(21)})
    assert (found.persons, found.worst) == (21, 3)
    assert found.worst_accuracy.value == pytest.approx((0.1 + 0.1 + 0.1) / 3)
    assert math.isnan(found.worst_accuracy.low)


def test_chance_alone_makes_a_worst_tenth_too(make) -> None:
    alike = make({f"p{number}": (10, 8) for number in range(20)})
    assert alike.worst_accuracy.value == pytest.approx(0.8)
    assert 0.4 < alike.worst_by_chance < 0.7
    perfect = make({f"p{number}": (5, 5) for number in range(20)})
    assert perfect.worst_by_chance == 1


@pytest.mark.parametrize(
    "people",
    [
        {"ann": (9, 9)},
        {"ann": (9, 9), "bob": (4, 4)},
        {f"{PHOTO_GROUP}{n}": (9, 9) for n in range(3)},
        {"": (20, 9)},
    ],
)
def test_without_two_persons_there_is_nothing_to_say(make, people: dict) -> None:
    assert make(people) is None


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(5, 9), st.integers(0, 5)), min_size=2, max_size=30))
def test_the_worst_are_never_above_the_mean(make, people: list[tuple[int, int]]) -> None:
    found = make({f"p{number}": person for number, person in enumerate(people)})
    assert found.worst_accuracy.value <= found.accuracy.value + 1e-9


def test_persons_are_told_in_words(make_page: Callable[..., Any]) -> None:
    persons = Persons(50, 400, near(0.8), 5, near(0.5), 0.546)
    page = make_page(persons=persons)
    assert "Of 50 persons with 5 faces or more, the mean person is read rightly 80.0%" in page.text
    assert "the worst tenth (5 persons) 50.0%." in page.text
    assert "the worst tenth would be at 54.6%." in page.text
    assert "Who is read worse" in page.texts["h2"]
