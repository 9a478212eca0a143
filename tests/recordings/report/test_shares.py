"""Shares, episodes and quality, by hand-made intervals."""

import math

from mien.recordings.report.cases import Case
from mien.recordings.report.shares import episodes, problems, share
from mien.recordings.report.times import SPACE, clock, lasting
from mien.recordings.values import Interval


def test_episodes() -> None:
    found = episodes([Interval(0, 2, "happy"), Interval(2, 3, "not sure"), Interval(3, 7, "happy")])
    happy = found["happy"]
    assert (happy.number, happy.seconds, happy.mean, happy.longest) == (2, 6, 3, 4)
    assert found["not sure"].longest == 1
    assert "sad" not in found


def test_a_share_of_nothing_is_unknown() -> None:
    assert share(1, 4) == 0.25
    assert math.isnan(share(0, 0))


def test_several_problems_at_once_count_each() -> None:
    told = (Interval(0, 1, "ok"), Interval(1, 3, "too dark; blurred"), Interval(3, 4, "blurred"))
    case = Case("a", "a", "Anna", 0, 5, (), (), (*told, Interval(4, 5, "not seen")))
    assert problems(case) == {"too dark": 2, "blurred": 3}


def test_times_in_words() -> None:
    assert [clock(t) for t in (0, 59.96, 3723.04, -1.5)] == [
        "0:00.0",
        "1:00.0",
        "1:02:03.0",
        "−0:01.5",
    ]
    told = [lasting(t).replace(SPACE, " ") for t in (1.25, 89, 250, 7325)]
    assert told == ["1.2 s", "89.0 s", "4 min 10 s", "2 h 2 min"]
