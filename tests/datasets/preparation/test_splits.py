"""Splits keep units whole, follow the wish and the seed."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.datasets.preparation import former

from mien.datasets.preparation import splits
from mien.datasets.preparation.splits import assign_splits, balance

FRACTIONS = (0.8, 0.1, 0.1)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), min_size=1, max_size=200),
    st.integers(0, 5),
)
def test_no_unit_spans_splits(rows: list[tuple[int, int]], seed: int) -> None:
    labels, units = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    dealt = assign_splits(labels, units, FRACTIONS, seed=seed)
    assert len(dealt) == len(rows)
    for unit in np.unique(units):
        assert len(np.unique(dealt[units == unit])) == 1


@settings(max_examples=40)
@given(st.lists(st.integers(3, 300), min_size=2, max_size=5), st.integers(0, 5))
def test_each_class_gets_its_fractions(sizes: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    dealt = assign_splits(labels, np.arange(len(labels)), FRACTIONS, seed=seed)
    for label, size in enumerate(sizes):
        counts = np.bincount(dealt[labels == label], minlength=3)
        wish = np.maximum(np.array(FRACTIONS) * size, 1)
        assert (counts >= 1).all()
        assert (np.abs(counts - wish)[1:] <= 1).all()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=200),
    st.sampled_from([(0.8, 0.1, 0.1), (0.9, 0.1, 0.0), (0.34, 0.33, 0.33), (1.0, 0.0, 0.0)]),
    st.integers(0, 5),
)
def test_all_at_once_is_as_one_by_one(
    rows: list[tuple[int, int]], fractions: tuple[float, ...], seed: int
) -> None:
    labels, units = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    found = assign_splits(labels, units, fractions, seed=seed)
    assert np.array_equal(found, former.assign_splits(labels, units, fractions, seed=seed))


@pytest.mark.parametrize("at_once", [1, 7, 65536])
def test_many_single_faces_are_dealt_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(splits, "_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    labels = rng.choice(7, 3000, p=[0.4, 0.3, 0.2, 0.05, 0.03, 0.015, 0.005])
    units = np.where(rng.random(3000) < 0.1, rng.integers(0, 40, 3000), np.arange(3000) + 40)
    found = assign_splits(labels, units, FRACTIONS, seed=1)
    assert np.array_equal(found, former.assign_splits(labels, units, FRACTIONS, seed=1))


def test_large_units_do_not_spoil_the_fractions() -> None:
    units = np.concatenate([np.repeat(np.arange(20), 30), np.arange(20, 420)])
    labels = units % 2
    dealt = assign_splits(labels, units, FRACTIONS, seed=0)
    shares = np.bincount(dealt, minlength=3) / len(dealt)
    np.testing.assert_allclose(shares, FRACTIONS, atol=0.01)


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=30), min_size=1, max_size=6),
    st.integers(0, 3),
)
@example([[0], [1], [0, 0, 1, 1]], 0)  # the large one alone in train, the others in one split
def test_few_persons_fill_as_many_splits_as_they_can(people: list[list[int]], seed: int) -> None:
    labels = np.array([label for one in people for label in one])
    units = np.repeat(np.arange(len(people)), [len(one) for one in people])
    dealt = assign_splits(labels, units, FRACTIONS, seed=seed)
    assert set(dealt.tolist()) == set(range(min(3, len(people))))


def test_the_person_that_training_can_spare_is_the_test() -> None:
    people = [[0, 0, 0, 1, 1, 1], [0, 1] * 6, [0, 1], [2]]
    units = np.repeat(range(4), [len(labels) for labels in people])
    dealt = assign_splits(np.concatenate(people), units, (0.99, 0.01, 0.0), seed=0)
    # Nobody else shows the last class; of the others the third has both and the fewest pictures.
    assert [int(dealt[units == unit][0]) for unit in range(4)] == [0, 0, 1, 0]


def test_seed_decides() -> None:
    labels, units = np.arange(300) % 3, np.arange(300)
    first, again, other = (
        assign_splits(labels, units, FRACTIONS, seed=seed).tolist() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_split_of_nothing_stays_empty() -> None:
    dealt = assign_splits(np.arange(50) % 2, np.arange(50), (0.9, 0.1, 0.0), seed=0)
    assert set(dealt.tolist()) == {0, 1}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 3))
def test_balanced_classes_are_equal(values: list[int], seed: int) -> None:
    labels = np.array(values)
    counts = np.bincount(labels)[np.unique(labels)]
    kept = np.bincount(labels[balance(labels, seed=seed)])[np.unique(labels)]
    assert set(kept.tolist()) == {int(counts.min())}
