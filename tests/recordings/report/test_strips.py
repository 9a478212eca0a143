"""Strips: bounded, whole, and in the order of looks."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mien.recordings.report.cases import Case
from mien.recordings.report.strips import COLUMNS, PARTS, WIDTH, strip_of
from mien.recordings.values import Interval

LABELS = ("happy", "sad")
LOOKS = (*LABELS, "not sure", "not seen")


def case(looks: list[tuple[str, float]], hand: tuple[Interval, ...] | None = None) -> Case:
    intervals, begin = [], 5.0
    for look, lasts in looks:
        intervals.append(Interval(begin, begin + lasts, look))
        begin += lasts
    return Case("a.mp4", "a", "Anna", 5.0, begin, LABELS, tuple(intervals), None, hand)


@given(st.lists(st.tuples(st.sampled_from(LOOKS), st.floats(0.01, 9)), min_size=1, max_size=60))
def test_a_strip_tells_all_intervals_and_draws_within_its_width(
    looks: list[tuple[str, float]],
) -> None:
    here = case(looks)
    strip = strip_of(here)
    assert [strip.rows[place].look for place in strip.looks] == [look for look, _ in looks]
    assert strip.ends[-1] == round(here.seconds * 1000)
    assert list(strip.ends) == sorted(strip.ends)
    assert [row.look for row in strip.rows] == [one for one in LOOKS if one in dict(looks)]
    for row in strip.rows:
        for x, width in re.findall(r"M(\d+) \d+h(\d+)v", row.read):
            assert int(x) <= WIDTH - PARTS
            assert int(width) >= PARTS


def test_a_long_strip_tells_what_lasted_longest() -> None:
    looks = [("happy", 0.03), ("sad", 0.01)] * 5000 + [("sad", 200.0)]
    strip = strip_of(case(looks))
    assert len(strip.ends) <= COLUMNS
    assert strip.step > 0.1
    assert [strip.rows[place].look for place in strip.looks] == ["happy", "sad"]
    assert abs(strip.ends[0] - 200_000) < 1000


def test_codes_by_hand_have_rows_and_gaps() -> None:
    hand = (Interval(5.0, 6.0, "smug"), Interval(7.0, 8.0, "happy"))
    strip = strip_of(case([("happy", 4.0)], hand))
    assert [row.look for row in strip.rows] == ["happy", "smug"]
    assert [row.coded.count("M") for row in strip.rows] == [1, 1]
    assert strip.rows[1].read == ""
