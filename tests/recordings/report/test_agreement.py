"""Agreement: the figures of the literature's own examples, and of what was made."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.recordings.report.agreement import STEP, Agreement, Tally, alpha, kappa
from mien.recordings.report.cases import Case
from mien.recordings.values import Interval

LABELS = ("happy", "neutral")
# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), sections A and B.
TWO_VALUES = ("0100000010", "1110010000")
FIVE_VALUES = ("aabbdcccedda", "babbbccceddd")


def counted(one: str, other: str) -> np.ndarray:
    words = sorted({*one, *other})
    counts = np.zeros((len(words), len(words)), np.int64)
    for first, second in zip(one, other, strict=True):
        counts[words.index(first), words.index(second)] += 1
    return counts


def test_kappa_of_the_literature() -> None:
    """Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969), table 1: kappa is .429."""
    counts = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
    assert counts.sum() == 200
    assert kappa(counts) == pytest.approx(0.429, abs=5e-4)


def test_kappa_of_two_readers_of_proposals() -> None:
    """The example of most textbooks: observed .7, expected .5."""
    assert kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)


@pytest.mark.parametrize(("values", "told"), [(TWO_VALUES, 0.095), (FIVE_VALUES, 0.692)])
def test_alpha_of_the_literature(values: tuple[str, str], told: float) -> None:
    assert alpha(counted(*values)) == pytest.approx(told, abs=5e-4)


def test_one_class_alone_says_nothing() -> None:
    for figure in (kappa, alpha):
        assert math.isnan(figure(np.array([[7]])))
        assert math.isnan(figure(np.zeros((2, 2), np.int64)))


@given(hnp.arrays(np.int64, (3, 3), elements=st.integers(0, 50)))
def test_who_is_first_does_not_matter_and_one_is_the_most(counts: np.ndarray) -> None:
    for figure in (kappa, alpha):
        value = figure(counts)
        assert value == pytest.approx(figure(counts.T), nan_ok=True)
        assert math.isnan(value) or -1 - 1e-9 <= value <= 1 + 1e-9
        diagonal = np.diag(np.diag(counts))
        assert math.isnan(figure(diagonal)) or figure(diagonal) == pytest.approx(1)


def case(
    looks: list[tuple[float, float, str]],
    hand: list[tuple[float, float, str]] | None,
    source: str = "a.mp4",
    person: str = "Anna",
) -> Case:
    read = tuple(Interval(*one) for one in looks)
    coded = None if hand is None else tuple(Interval(*one) for one in hand)
    return Case(source, source, person, 0.0, looks[-1][1], LABELS, read, None, coded)


def agreements(*cases: Case) -> dict[tuple[str, bool], Agreement]:
    tally = Tally()
    for one in cases:
        tally.add(one)
    return {(one.name, one.with_unsure): one for one in tally.agreements()}


def test_not_seen_is_left_out_and_not_sure_once_a_class() -> None:
    looks = [(0, 4, "happy"), (4, 6, "not seen"), (6, 8, "not sure"), (8, 10, "neutral")]
    found = agreements(case(looks, [(0, 7, "happy"), (7, 9, "neutral")]))
    with_unsure, without = found["Anna", True], found["Anna", False]
    assert with_unsure.classes == ("happy", "neutral", "not sure")
    assert with_unsure.counts.tolist() == [[20, 0, 5], [0, 5, 5], [0, 0, 0]]
    assert without.classes == ("happy", "neutral")
    assert without.counts.tolist() == [[20, 0], [0, 5]]
    assert without.kappa.value == without.alpha.value == 1


def test_one_video_is_drawn_by_blocks_and_several_by_video() -> None:
    looks, hand = [(0, 20, "happy"), (20, 40, "neutral")], [(0, 15, "happy"), (15, 40, "neutral")]
    alone = agreements(case(looks, hand))["Anna", True]
    assert (alone.groups, alone.by_video, alone.moments) == (4, False, round(40 / STEP))
    assert alone.kappa.low < alone.kappa.value < alone.kappa.high
    both = agreements(case(looks, hand), case(looks, hand, "b.mp4"))["Anna", True]
    assert (both.groups, both.by_video, both.moments) == (2, True, round(80 / STEP))


def test_each_person_and_everybody() -> None:
    looks = [(0, 10, "happy"), (10, 20, "neutral")]
    right, wrong = looks, [(0, 10, "neutral"), (10, 20, "happy")]
    found = agreements(case(looks, right), case(looks, wrong, person="Ben"), case(looks, None))
    assert found["Anna", True].kappa.value == 1
    assert found["Ben", True].kappa.value == -1
    assert found["everybody", True].kappa.value == 0


def test_a_code_that_the_tables_do_not_know_is_a_class() -> None:
    tally = Tally()
    tally.add(case([(0, 10, "happy")], [(0, 4, "smug"), (4, 10, "happy")]))
    assert tally.strange() == ["smug"]
    assert tally.agreements()[0].classes == ("happy", "smug")


def test_a_synonym_means_the_look_also_where_a_later_table_has_it() -> None:
    early = Case(
        *("a.mp4", "a", "Anna", 0.0, 10.0, ()),
        (Interval(0, 10, "not sure"),),
        None,
        (Interval(0, 10, "Joy"),),
    )
    tally = Tally()
    tally.add(early)
    tally.add(case([(0, 10, "happy")], [(0, 10, "happy")], "b.mp4"))
    assert tally.strange() == []
    assert tally.agreements()[0].classes == ("happy", "not sure")
