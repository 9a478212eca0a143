"""The one rule: what is certain enough gets a word, whatever else the face may show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.models.decision import certainty, doubt, is_sure, split

shares = st.floats(0, 1)
rows = hnp.arrays(np.float64, st.integers(2, 8), elements=st.floats(0.01, 1)).map(
    lambda row: row / row.sum()
)


@given(rows, shares, shares, shares)
def test_more_of_something_else_never_makes_a_word(
    row: np.ndarray, one: float, two: float, below: float
) -> None:
    less, more = sorted((one, two))
    assert is_sure(row, np.array(less), below) or not is_sure(row, np.array(more), below)
    assert certainty(row, np.array(more)) <= certainty(row, np.array(less))


@given(rows, shares)
def test_without_something_else_the_confidence_decides(row: np.ndarray, below: float) -> None:
    assert is_sure(row, np.zeros(()), below) == (row.max() >= below)
    assert doubt(row, np.zeros(())) == "not sure enough"


@given(rows, shares, shares)
def test_no_word_is_less_probable_than_something_else(
    row: np.ndarray, other: float, below: float
) -> None:
    if is_sure(row, np.array(other), below):
        assert row.max() * (1 - other) >= max(other, below)
        assert doubt(row, np.array(other)) == "not sure enough"


@given(
    hnp.arrays(np.float32, (5, 4), elements=st.floats(0, 1, width=32)),
    st.booleans(),
)
def test_what_was_split_is_the_whole(outcomes: np.ndarray, other: bool) -> None:
    outcomes = outcomes + np.float32(1e-3)
    outcomes /= outcomes.sum(axis=1, keepdims=True)
    labels, rest = split(outcomes, other=other)
    assert labels.dtype == rest.dtype == np.float32
    assert labels.shape == (5, 4 - other)
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-5)
    if not other:
        assert labels is outcomes
        assert not rest.any()
        return
    whole = np.column_stack([labels * (1 - rest[:, None]), rest])
    np.testing.assert_allclose(whole, outcomes, atol=1e-5)
    np.testing.assert_allclose(certainty(labels, rest), outcomes[:, :-1].max(axis=1), atol=1e-5)


def test_where_nothing_is_left_for_the_labels_none_is_best() -> None:
    labels, other = split(np.array([0, 0, 1], np.float32), other=True)
    assert labels.tolist() == [0.5, 0.5]
    assert not is_sure(labels, other, 0.01)
    assert doubt(labels, other) == "something else"


def test_the_threshold_itself_is_sure() -> None:
    assert is_sure(np.array([0.5, 0.5]), np.zeros(()), 0.5)


@pytest.mark.parametrize(
    ("other", "sure", "why"), [(0.1, True, "not"), (0.3, False, "not"), (0.6, False, "something")]
)
def test_by_hand(other: float, sure: bool, why: str) -> None:
    row = np.array([0.9, 0.1])
    assert is_sure(row, np.array(other), 0.65) == sure
    assert doubt(row, np.array(other)).startswith(why)
