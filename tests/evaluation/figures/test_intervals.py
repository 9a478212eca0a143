"""Intervals: right for a mean, wider over groups, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.figures.intervals import bootstrap, exact_where_fixed, group_numbers, groups_of

VALUES = np.random.default_rng(5).random(400)


def mean(rows: np.ndarray) -> np.ndarray:
    return np.array([VALUES[rows].mean()])


def test_the_interval_of_a_mean_is_that_of_the_textbook() -> None:
    low, high = bootstrap(mean, np.arange(400), resamples=2000, seed=1)
    error = VALUES.std() / 20
    assert low[0] == pytest.approx(VALUES.mean() - 1.96 * error, abs=0.15 * error)
    assert high[0] == pytest.approx(VALUES.mean() + 1.96 * error, abs=0.15 * error)


def test_copies_of_a_person_do_not_narrow_the_interval() -> None:
    people = np.arange(400) // 4
    values = np.repeat(VALUES[:100], 4)

    def statistic(rows: np.ndarray) -> np.ndarray:
        return np.array([values[rows].mean()])

    rows = np.subtract(*bootstrap(statistic, np.arange(400), resamples=500)[::-1])
    groups = np.subtract(*bootstrap(statistic, people, resamples=500)[::-1])
    assert groups[0] / rows[0] == pytest.approx(2, rel=0.15)


def test_the_seed_fixes_the_interval() -> None:
    draws = [bootstrap(mean, np.arange(400), resamples=50, seed=seed) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_one_group_has_no_interval() -> None:
    low, high = bootstrap(mean, np.zeros(400, np.int64), resamples=50)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def biased(rows: np.ndarray) -> np.ndarray:
    """A mean, and a figure that every draw makes larger: how few rows are there once."""
    return np.array([VALUES[rows].mean(), 1 - np.unique(rows).size / 400 + VALUES[rows].mean()])


def test_a_figure_that_grows_by_being_resampled_lies_in_its_interval() -> None:
    rows = np.arange(400)
    low, high = bootstrap(biased, rows, resamples=500, seed=1)
    assert low[1] > biased(rows)[1]
    corrected = bootstrap(biased, rows, resamples=500, seed=1, biased=np.array([False, True]))
    assert corrected[0][1] < biased(rows)[1] < corrected[1][1]
    # As wide as before; and the other figure's is what it was.
    assert corrected[1][1] - corrected[0][1] == pytest.approx(high[1] - low[1])
    assert (corrected[0][0], corrected[1][0]) == (low[0], high[0])


def test_draws_without_a_value_are_left_out_of_the_interval() -> None:
    def statistic(rows: np.ndarray) -> np.ndarray:
        return np.array([1.0 if (rows == 0).any() else np.nan, np.nan])

    for biased in (None, np.array([True, True])):
        low, high = bootstrap(statistic, np.arange(3), resamples=50, biased=biased)
        assert (low[0], high[0]) == (1, 1)
        assert np.isnan([low[1], high[1]]).all()


def test_progress_ends_at_the_number_of_draws() -> None:
    seen = []
    bootstrap(mean, np.arange(400), resamples=7, on_progress=lambda *args: seen.append(args))
    assert seen[-1] == ("intervals", 7, 7)


@given(st.lists(st.sampled_from(["", "ann", "bob", "0", "1"]), max_size=12))
def test_group_numbers_join_the_same_names_only(groups: list[str]) -> None:
    numbers = group_numbers(groups)
    assert sorted(set(numbers)) == list(range(len(set(numbers))))
    for i, one in enumerate(groups):
        for j, other in enumerate(groups):
            assert (numbers[i] == numbers[j]) == (i == j or (one == other != ""))


@given(st.integers(1, 500))
def test_none_of_a_few_is_not_never(cases: int) -> None:
    shares, ends = np.array([0.0, 1.0, 0.5]), np.array([0.0, 1.0, 0.5])
    low, high = exact_where_fixed(shares, (ends, ends), np.array([cases, cases, cases]))
    # As likely as 2.5 % that none of so many is found, were this the share.
    assert (1 - high[0]) ** cases == pytest.approx(0.025)
    assert low[1] == pytest.approx(1 - high[0])
    assert (low[0], high[1], low[2], high[2]) == (0, 1, 0.5, 0.5)


def test_ends_that_the_draws_moved_and_figures_that_are_no_shares_stay() -> None:
    shares, low, high = np.array([0.0, 0.0, np.nan]), np.zeros(3), np.array([0.1, 0.0, np.nan])
    exact = exact_where_fixed(shares, (low, high), np.array([9, 0, 9]))
    assert np.array_equal(exact[0], low)
    assert np.array_equal(exact[1], high, equal_nan=True)


def test_a_person_counts_once() -> None:
    assert groups_of(np.array([0, 0, 1, 2]), np.array([True, True, True, False])) == 2
