"""What is said of few people, empty splits and faces that given splits share."""

import numpy as np
from tests.datasets.preparation.columns import in_columns
from tests.datasets.preparation.former import Rows

from mien.datasets.preparation.notes import plan_notes
from mien.datasets.preparation.plan import make_plan

NO_PAIRS = np.empty((0, 2), dtype=np.int64)


def notes(groups: list[str], held_out: list[int] | None = None) -> str:
    """Two faces of either class for each group."""
    names = [group for group in groups for _ in range(4)]
    count = len(names)
    rows = Rows(
        labels=np.arange(count) % 2,
        held_out=np.isin(np.arange(count), held_out or []),
        train_only=np.zeros(count, bool),
        validates=np.zeros(count, bool),
        groups=names,
        hashes=[str(number) for number in range(count)],
        origins=[f"{number}.png" for number in range(count)],
    )
    test = 0.0 if held_out else 0.1
    index = in_columns(rows)
    plan = make_plan(index, NO_PAIRS, (0.9 - test, 0.1, test), balanced=False, seed=0)
    return " | ".join(plan_notes(index, plan, ("calm", "tense"), NO_PAIRS))


def test_few_persons_are_counted() -> None:
    assert "only 4 persons or groups in all, and 1 in validation, 1 in test" in notes(list("abcd"))
    assert notes([f"person {number}" for number in range(50)]) == ""


def test_a_split_that_nobody_is_left_for_is_told() -> None:
    assert "no face in test: 2 persons or groups fill no more splits" in notes(list("ab"))
    assert "no face in validation and test: 1 persons" in notes(["a"])
    assert notes([""] * 20) == ""


def test_a_person_in_both_given_splits_is_told() -> None:
    text = notes(["a", "b", "c"], held_out=[0])
    assert "3 pictures were left out of train" in text
