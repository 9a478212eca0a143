"""Twins stand alone; people of one studio have many neighbours that are nearly as similar."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.datasets.preparation import former
from tests.datasets.preparation.columns import codes

from mien.datasets.preparation.look_alikes import SAME_PICTURE, SURE, lowest, same_photo

NEAR = 0.86
Pair = tuple[int, int, float]


def chosen(found: list[Pair], groups: list[str], sources: tuple[str, ...] = ()) -> list[list[int]]:
    pairs = np.array([pair[:2] for pair in found], dtype=np.int64).reshape(-1, 2)
    values = np.array([pair[2] for pair in found], dtype=np.float32)
    where = codes(sources or [""] * len(groups))
    kept = same_photo(pairs, values, NEAR, codes(groups), where).tolist()
    assert kept == former.same_photo(pairs, values, NEAR, groups, sources).tolist()
    return kept


STUDIO: list[Pair] = [(0, 2, 0.88), (0, 4, 0.83), (1, 3, 0.84), (2, 5, 0.82), (3, 5, 0.81)]
PEOPLE = ["anna", "anna", "ben", "ben", "cleo", "cleo"]


def test_people_of_one_studio_are_no_twins() -> None:
    assert chosen(STUDIO, PEOPLE) == []


def test_a_copy_among_people_of_one_studio_is_found() -> None:
    assert chosen([*STUDIO, (1, 4, SURE + 0.01)], PEOPLE) == [[1, 4]]


def test_twins_that_stand_alone_are_found() -> None:
    copies: list[Pair] = [(0, 2, 0.87), (0, 4, 0.88), (2, 4, 0.9), (1, 3, 0.82)]
    assert chosen(copies, PEOPLE) == [[0, 2], [0, 4], [2, 4]]


def test_expressions_of_one_person_are_no_twins_but_the_same_picture_is() -> None:
    found: list[Pair] = [(0, 1, 0.94), (2, 3, SAME_PICTURE + 0.01)]
    assert chosen(found, PEOPLE) == [[2, 3]]


@pytest.mark.parametrize(
    ("groups", "sources"),
    [([""] * 6, ()), (["anna", *[""] * 5], ()), (PEOPLE, tuple("abcdef"))],
)
def test_where_nobody_knows_who_is_who_similarity_decides(
    groups: list[str], sources: tuple[str, ...]
) -> None:
    assert chosen(STUDIO, groups, sources) == [[0, 2]]


def test_the_floor_is_below_the_threshold_and_above_nothing() -> None:
    assert lowest(NEAR) == pytest.approx(0.8)
    assert lowest(0.03) > 0


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0.8, 1)).filter(
            lambda pair: pair[0] < pair[1]
        ),
        unique_by=lambda pair: pair[:2],
        max_size=15,
    ),
    st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=6, max_size=6),
)
def test_only_pairs_above_the_threshold_and_all_sure_ones(
    found: list[Pair], groups: list[str]
) -> None:
    kept = chosen(found, groups)
    values = {(a, b): np.float32(value) for a, b, value in found}
    assert all(values[a, b] >= NEAR for a, b in kept)
    sure = [[a, b] for (a, b), value in values.items() if value >= np.float32(SAME_PICTURE) + 1e-6]
    assert all(pair in kept for pair in sure)
