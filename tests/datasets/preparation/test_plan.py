"""Which faces stay: twins, test faces, groups, balance and conflicts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.datasets.preparation import former
from tests.datasets.preparation.columns import in_columns
from tests.datasets.preparation.former import Rows

from mien.datasets.preparation.plan import LEFT_OUT, Plan, make_plan
from mien.datasets.records import check_classes
from mien.errors import DatasetError

TRAIN, TEST = 0, 2
FRACTIONS = (0.8, 0.1, 0.1)


def index(
    rows: str, *, labels: str = "", test: str = "", groups: str = "", learn: str = ""
) -> Rows:
    """One letter per row says its pixels; others its label, "x" if held out, its group.

    In `learn`, "x" stands for a face that may only be learnt from.
    """
    count = len(rows)
    return Rows(
        labels=np.array([int(c) for c in labels or "01" * count][:count], dtype=np.int64),
        held_out=np.array([c == "x" for c in test.ljust(count)]),
        train_only=np.array([c == "x" for c in learn.ljust(count)]),
        validates=np.array([c == "v" for c in test.ljust(count)]),
        groups=[c.strip() for c in groups.ljust(count)],
        hashes=list(rows),
        origins=[f"{i}.png" for i in range(count)],
    )


def plan(rows: Rows, *near: tuple[int, int], balanced: bool = False, seed: int = 0) -> Plan:
    pairs = np.array(near, dtype=np.int64).reshape(-1, 2)
    return make_plan(in_columns(rows), pairs, FRACTIONS, balanced=balanced, seed=seed)


def test_first_of_exact_duplicates_stays() -> None:
    result = plan(index("abcaa"))
    assert [(r.origin, r.reason) for r in result.rejected] == [
        ("3.png", "exact duplicate of 0.png"),
        ("4.png", "exact duplicate of 0.png"),
    ]
    assert (result.splits == LEFT_OUT).tolist() == [False, False, False, True, True]


def test_training_twins_of_test_faces_are_left_out_and_the_test_stays() -> None:
    result = plan(index("abcda", test="   x"), (1, 3))
    assert result.splits[3] == TEST
    assert [(r.origin, r.reason) for r in result.rejected] == [
        ("1.png", "near-duplicate of test face 3.png"),
        ("4.png", "exact duplicate of 0.png"),
    ]


def test_training_copy_of_a_test_face_is_left_out_wherever_it_stands() -> None:
    result = plan(index("abcb", test=" x x"))
    assert [r.origin for r in result.rejected] == ["3.png"]
    result = plan(index("abcb", test="   x"))
    assert [r.origin for r in result.rejected] == ["1.png"]
    assert result.splits[3] == TEST


def test_twin_of_a_twin_of_a_test_face_is_left_out() -> None:
    result = plan(index("abcd", test="x"), (0, 1), (1, 2))
    assert [r.origin for r in result.rejected] == ["1.png", "2.png"]


def test_training_faces_of_a_test_group_are_left_out() -> None:
    result = plan(index("abcd", test="x", groups="A A "))
    assert [(r.origin, r.reason) for r in result.rejected] == [
        ("2.png", "same group as test face 0.png")
    ]


def test_given_validation_stays_and_neither_trains_nor_spoils_the_test() -> None:
    # The third is a twin of a validation face, the fourth of a test face; the fifth is free.
    result = plan(index("abcdef", test="vx  v"), (0, 2), (1, 3), (1, 4))
    assert result.splits.tolist() == [1, TEST, LEFT_OUT, LEFT_OUT, LEFT_OUT, TRAIN]
    assert [(r.origin, r.kind) for r in result.rejected] == [
        ("2.png", "near-duplicate of validation face"),
        ("3.png", "near-duplicate of test face"),
        ("4.png", "near-duplicate of test face"),
    ]


def test_a_person_of_the_given_validation_does_not_train() -> None:
    result = plan(index("abcd", test="v", groups="A A "))
    assert [(r.origin, r.kind) for r in result.rejected] == [
        ("2.png", "same group as validation face")
    ]


def test_conflicts_name_files_and_labels_of_left_out_faces_too() -> None:
    result = plan(index("abca", labels="0101"), (1, 2))
    assert [(c.origins, c.labels) for c in result.conflicts] == [
        (("0.png", "3.png"), (0, 1)),
        (("1.png", "2.png"), (1, 0)),
    ]


def test_unclear_faces_are_learnt_from_only() -> None:
    rows = "abcdefghijklmnopqrst"
    result = plan(index(rows, learn=" x" * 10))
    assert (result.splits[1::2] == TRAIN).all()
    assert set(result.splits[::2].tolist()) == {TRAIN, 1, TEST}


def test_unclear_twin_of_a_judged_face_is_left_out() -> None:
    learn = " x" * 10
    judged = int(np.flatnonzero(plan(index("abcdefghijklmnopqrst", learn=learn)).splits == 1)[0])
    result = plan(index("abcdefghijklmnopqrst", learn=learn), (judged, judged + 1))
    if result.splits[judged] == TRAIN:
        assert result.splits[judged + 1] == TRAIN
    else:
        assert result.splits[judged + 1] == LEFT_OUT
        assert (
            next(iter(result.rejected)).kind
            == "unclear near-duplicate of a validation or test face"
        )


def test_balance_leaves_the_test_alone() -> None:
    result = plan(index("abcdefghij", labels="0000001111", test="         x"), balanced=True)
    stay = result.splits != LEFT_OUT
    pool = stay & (np.arange(10) < 9)
    assert result.splits[9] == TEST
    assert pool[:6].sum() == pool[6:].sum() == 3
    assert {r.kind for r in result.rejected} == {"left out to balance the classes"}


rows_of_faces = st.integers(4, 40).flatmap(
    lambda n: st.tuples(
        st.text("abcdefghijklmnopqrstuvwxyz", min_size=n, max_size=n),
        st.text("01", min_size=n, max_size=n),
        st.text(" xv", min_size=n, max_size=n),
        st.text("  ABC", min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=6),
    )
)


@given(rows_of_faces, st.booleans(), st.integers(0, 3))
def test_nothing_that_belongs_together_spans_splits(
    case: tuple[str, str, str, str, list[tuple[int, int]]], balanced: bool, seed: int
) -> None:
    pixels, labels, test, groups, near = case
    rows = index(pixels, labels=labels, test=test, groups=groups)
    result = plan(rows, *near, balanced=balanced, seed=seed)
    stay = result.splits != LEFT_OUT
    assert len(result.rejected) == (~stay).sum()
    for photo in np.unique(result.clusters):
        assert len(np.unique(result.splits[stay & (result.clusters == photo)])) <= 1
    for group in set(rows.groups) - {""}:
        members = stay & (np.array(rows.groups) == group)
        assert len(np.unique(result.splits[members])) <= 1
    assert (result.splits[stay & rows.held_out] == TEST).all()
    assert (result.splits[stay & rows.validates] == 1).all()
    kept = [rows.hashes[i] for i in np.flatnonzero(stay)]
    assert len(set(kept)) == len(kept)
    assert np.array_equal(result.splits, plan(rows, *near, balanced=balanced, seed=seed).splits)


@given(rows_of_faces, st.text(" x", min_size=40, max_size=40), st.booleans(), st.integers(0, 3))
def test_it_is_the_plan_that_goes_face_by_face(
    case: tuple[str, str, str, str, list[tuple[int, int]]], learn: str, balanced: bool, seed: int
) -> None:
    pixels, labels, test, groups, near = case
    rows = index(pixels, labels=labels, test=test, groups=groups, learn=learn[: len(pixels)])
    found = plan(rows, *near, balanced=balanced, seed=seed)
    pairs = np.array(near, dtype=np.int64).reshape(-1, 2)
    wanted = former.make_plan(rows, pairs, FRACTIONS, balanced=balanced, seed=seed)
    assert np.array_equal(found.splits, wanted.splits)
    assert np.array_equal(found.clusters, wanted.clusters)
    assert tuple(found.rejected) == wanted.rejected
    assert found.conflicts == wanted.conflicts
    assert found.rejected.counts() == Counter(one.kind for one in wanted.rejected)


def test_small_classes_are_named() -> None:
    with pytest.raises(DatasetError, match=r"faces: .*'calm' \(0\), 'tense' \(1\)"):
        check_classes(np.array([0, 0, 2]), ["glad", "calm", "tense"], "faces")
