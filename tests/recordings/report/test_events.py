"""Latencies: from an event to the next look that is another one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.recordings.report.cases import Case
from mien.recordings.report.events import NO_LOOK, Event, Events, Latency, latency, read_events
from mien.recordings.values import Interval

WORDS = ("happy", "sad", "not sure", "not seen")


def case(*looks: tuple[str, float]) -> Case:
    """Return a case of looks and how long each lasts."""
    intervals, begin = [], 0.0
    for look, lasts in looks:
        intervals.append(Interval(begin, begin + lasts, look))
        begin += lasts
    return Case("a.mp4", "a", "Anna", 0.0, begin, ("happy", "sad"), tuple(intervals))


def told(at: float, *looks: tuple[str, float], window: float = 3.0) -> Latency:
    return latency(case(*looks), Event("e", "", at, "joke"), window)


def test_the_time_until_the_look_changes() -> None:
    one = told(1.0, ("sad", 2.5), ("happy", 4))
    assert (one.before, one.after, one.seconds, one.unclear) == ("sad", "happy", 1.5, 0.0)
    assert (one.mostly_before, one.mostly_after) == ("sad", "sad")


def test_not_sure_and_not_seen_are_no_change_and_counted() -> None:
    one = told(1.0, ("sad", 2), ("not sure", 0.5), ("not seen", 0.25), ("sad", 0.25), ("happy", 3))
    assert (one.after, one.seconds, one.unclear) == ("happy", 2.0, 0.75)


def test_an_event_at_which_mien_is_not_sure() -> None:
    one = told(2.0, ("sad", 1.5), ("not sure", 1), ("sad", 1), ("happy", 1))
    assert (one.before, one.after, one.seconds, one.unclear) == ("not sure", "happy", 1.5, 0.5)
    first = told(0.0, ("not seen", 1), ("happy", 1))
    assert (first.before, first.after, first.seconds) == ("not seen", "happy", 1.0)
    assert first.mostly_before == ""


def test_beyond_the_window_and_the_end_there_is_no_change() -> None:
    assert told(0.0, ("sad", 3), ("happy", 1)).seconds is None
    assert told(0.0, ("sad", 3), ("happy", 1), window=3.1).seconds == 3.0
    assert told(1.9, ("sad", 2)).after == ""


@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.floats(0.1, 3)), min_size=1, max_size=20),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.1, 10),
)
def test_what_is_found_lies_in_the_window(
    looks: list[tuple[str, float]], share: float, window: float
) -> None:
    here = case(*looks)
    one = latency(here, Event("e", "", share * here.end, "joke"), window)
    assert one.before in WORDS
    if one.seconds is None:
        assert one.after == ""
    else:
        assert one.after not in NO_LOOK
        assert one.after != one.before
        assert 0 <= one.unclear <= one.seconds + 1e-9
        assert one.seconds < window


def test_sources_and_times_are_read_as_people_write_them(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("source;time;word\nb.mp4;0:01:02,5;door\n;3,5;joke\n", encoding="utf-8-sig")
    events = read_events(path)
    assert [(one.time, one.word) for one in events.of("x/b.mp4", 0, 100)] == [
        (3.5, "joke"),
        (62.5, "door"),
    ]
    assert [one.word for one in events.of("c.mp4", 0, 100)] == ["joke"]
    assert events.missed() == []


@pytest.mark.parametrize("time", [-0.1, 10.0])
def test_an_event_outside_is_told_for_each_recording(time: float) -> None:
    events = Events([Event("e.csv, line 2", "", time, "joke")])
    assert events.of("a.mp4", 0.0, 10.0) == ()
    (line,) = events.missed()
    assert "outside a.mp4" in line
