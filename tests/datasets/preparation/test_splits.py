"""Splits keep units whole, follow the wish and the seed."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mien.datasets.preparation.splits import assign_splits, balance

FRACTIONS = (0.8, 0.1, 0.1)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), min_size=1, max_size=200),
    st.integers(0, 5),
)
def test_no_unit_spans_splits(rows: list[tuple[int, int]], seed: int) -> None:
    labels, units = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    splits = assign_splits(labels, units, FRACTIONS, seed=seed)
    assert len(splits) == len(rows)
    for unit in np.unique(units):
        assert len(np.unique(splits[units == unit])) == 1


@settings(max_examples=40)
@given(st.lists(st.integers(3, 300), min_size=2, max_size=5), st.integers(0, 5))
def test_each_class_gets_its_fractions(sizes: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    splits = assign_splits(labels, np.arange(len(labels)), FRACTIONS, seed=seed)
    for label, size in enumerate(sizes):
        counts = np.bincount(splits[labels == label], minlength=3)
        wish = np.maximum(np.array(FRACTIONS) * size, 1)
        assert (counts >= 1).all()
        assert (np.abs(counts - wish)[1:] <= 1).all()


def test_large_units_do_not_spoil_the_fractions() -> None:
    units = np.concatenate([np.repeat(np.arange(20), 30), np.arange(20, 420)])
    labels = units % 2
    splits = assign_splits(labels, units, FRACTIONS, seed=0)
    shares = np.bincount(splits, minlength=3) / len(splits)
    np.testing.assert_allclose(shares, FRACTIONS, atol=0.01)


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=30), min_size=1, max_size=6),
    st.integers(0, 3),
)
@example([[0], [1], [0, 0, 1, 1]], 0)  # the large one alone in train, the others in one split
def test_few_persons_fill_as_many_splits_as_they_can(people: list[list[int]], seed: int) -> None:
    labels = np.array([label for one in people for label in one])
    units = np.repeat(np.arange(len(people)), [len(one) for one in people])
    splits = assign_splits(labels, units, FRACTIONS, seed=seed)
    assert set(splits.tolist()) == set(range(min(3, len(people))))


def test_the_person_that_training_can_spare_is_the_test() -> None:
    people = [[0, 0, 0, 1, 1, 1], [0, 1] * 6, [0, 1], [2]]
    units = np.repeat(range(4), [len(labels) for labels in people])
    splits = assign_splits(np.concatenate(people), units, (0.99, 0.01, 0.0), seed=0)
    dealt = [int(splits[units == unit][0]) for unit in range(4)]
    # Nobody else shows the last class; of the others the third has both and the fewest pictures.
    assert dealt == [0, 0, 1, 0]


def test_seed_decides() -> None:
    labels, units = np.arange(300) % 3, np.arange(300)
    first, again, other = (
        assign_splits(labels, units, FRACTIONS, seed=seed).tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_split_of_nothing_stays_empty() -> None:
    splits = assign_splits(np.arange(50) % 2, np.arange(50), (0.9, 0.1, 0.0), seed=0)
    assert set(splits.tolist()) == {0, 1}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 3))
def test_balanced_classes_are_equal(values: list[int], seed: int) -> None:
    labels = np.array(values)
    counts = np.bincount(labels)[np.unique(labels)]
    kept = np.bincount(labels[balance(labels, seed=seed)])[np.unique(labels)]
    assert set(kept.tolist()) == {int(counts.min())}
