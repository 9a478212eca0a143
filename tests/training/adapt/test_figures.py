"""When a model is better than the one before, also where that has no word for a class."""

import numpy as np
import pytest

from mien.training.adapt.figures import Comparison, compare

OLD, NEW = ("a", "b"), ("a", "b", "tired")


def compared(before: list[int], after: list[int], truth: list[int], labels=NEW) -> Comparison:
    rows = [np.array(some) for some in (truth, before, after)]
    return compare(
        *rows, np.arange(len(truth)), labels, read_before=len(OLD), seed=0, resamples=200
    )


def test_without_new_classes_the_difference_decides() -> None:
    truth = [0] * 10 + [1] * 10
    found = compared([0] * 15 + [1] * 5, truth, truth, OLD)
    assert (found.old, found.new) == (None, None)
    assert found.gain.value == pytest.approx(0.25)
    assert found.is_better
    assert found.is_sure
    assert not compared(truth, truth, truth, OLD).is_better


def test_a_word_that_was_never_said_counts_as_guessing_would() -> None:
    truth = [0] * 10 + [1] * 10 + [2] * 10
    before = [0] * 10 + [1] * 10 + [0] * 10
    found = compared(before, truth, truth)
    assert found.chance == pytest.approx(1 / 3)
    assert found.before.value == pytest.approx((1 + 1 + 1 / 3) / 3)
    assert found.old is not None
    assert found.old.value == 0
    assert found.new is not None
    assert (found.new.value, found.new.high) == (1, 1)
    assert 0.6 < found.new.low < 1  # of ten faces all say little of the eleventh
    assert found.classes[2].before is None
    assert found.is_better
    assert found.is_sure


def test_to_say_the_new_word_always_is_not_better() -> None:
    truth = [0] * 10 + [1] * 10 + [2] * 10
    found = compared([0] * 10 + [1] * 10 + [0] * 10, [2] * 30, truth)
    assert found.new is not None
    assert found.new.value == 1
    assert found.old is not None
    assert found.old.value == -1
    assert not found.is_better


def test_a_new_word_that_is_read_no_better_than_by_guessing_is_not_better() -> None:
    """However much the old ones have gained."""
    truth = [0] * 10 + [1] * 10 + [2] * 10
    found = compared([1] * 10 + [0] * 20, [0] * 10 + [1] * 10 + [2] * 3 + [0] * 7, truth)
    assert found.gain.value > 0.5
    assert not found.is_better


def test_few_faces_of_a_new_word_leave_a_doubt() -> None:
    truth, after = [0, 0, 0, 2, 2, 2], [0, 0, 0, 2, 2, 0]
    found = compared([0] * 6, after, truth)
    assert found.is_better
    assert not found.is_sure


def test_new_words_alone_are_beside_guessing() -> None:
    found = compared([0] * 8, [2] * 6 + [0] * 2, [2] * 8)
    assert found.old is None
    assert found.gain.value == pytest.approx(0.75 - 1 / 3)
    assert found.is_better
