"""Intervals cover the time, in order, and say what the rows say."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.recordings.intervals import IntervalSettings, intervals_of
from mien.recordings.steps import steps_of
from mien.recordings.values import NOT_SEEN, NOT_SURE, Interval, Recording

LABELS = ("happy", "sad")
STEP = 0.1


def recording(
    moments: list[float], begin: float | None = None, end: float | None = None
) -> Recording:
    step, longest = steps_of(np.unique(moments))
    first = moments[0] if begin is None else begin
    last = moments[-1] + step if end is None else end
    return Recording("a.mp4", LABELS, (), np.unique(moments), first, last, step, longest)


def told(
    times: list[float], codes: list[int], within: Recording | None = None, **settings: float
) -> list[tuple[float, float, str]]:
    found = intervals_of(
        within or recording(times),
        np.array(times, np.float64),
        np.array(codes, np.int16),
        IntervalSettings(**settings),
    )
    return [(round(one.begin, 6), round(one.end, 6), one.look) for one in found]


def frames(*numbers: int) -> list[float]:
    return [number * STEP for number in numbers]


def test_one_look_lasts_until_the_next_and_the_last_one_for_its_frame() -> None:
    assert told(frames(0, 1, 2, 3), [0, 0, 1, NOT_SURE]) == [
        (0, 0.2, "happy"),
        (0.2, 0.3, "sad"),
        (0.3, 0.4, "not sure"),
    ]


def test_a_gap_is_not_seen() -> None:
    assert told(frames(0, 1, 2, 5, 6), [0] * 5) == [
        (0, 0.3, "happy"),
        (0.3, 0.5, "not seen"),
        (0.5, 0.7, "happy"),
    ]


@pytest.mark.parametrize(("longer", "count"), [(1e-7, 1), (0.04, 1), (0.06, 2), (1.0, 2)])
def test_what_a_file_is_longer_by_than_its_frames_is_no_gap(longer: float, count: int) -> None:
    times = frames(0, 1, 2)
    found = told(times, [0] * 3, recording(times, end=0.3 + longer))
    assert len(found) == count
    assert found[-1][1] == round(0.3 + longer, 6)


def test_one_missing_frame_is_a_gap_and_an_uneven_step_is_none() -> None:
    assert len(told(frames(0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12), [0] * 12)) == 3
    uneven = [0, 0.1, 0.22, 0.3, 0.43, 0.5, 0.6]
    assert len(told(uneven, [0] * 7)) == 1


def test_rows_may_say_that_nobody_is_seen() -> None:
    assert told(frames(0, 1, 2), [0, NOT_SEEN, 0])[1] == (0.1, 0.2, "not seen")


def test_others_are_seen_before_and_after() -> None:
    whole = recording(frames(*range(10)), begin=0.0, end=1.0)
    assert told(frames(3, 4), [1, 1], whole) == [
        (0, 0.3, "not seen"),
        (0.3, 0.5, "sad"),
        (0.5, 1.0, "not seen"),
    ]


def test_a_table_of_every_second_has_no_gaps() -> None:
    assert told([0, 1, 2, 3], [0, 0, 1, 1]) == [(0, 2, "happy"), (2, 4, "sad")]


def test_a_gap_may_be_named() -> None:
    times = frames(0, 1, 2, 5, 6)
    assert len(told(times, [0] * 5, gap=0.5)) == 1
    # A gap shorter than the frames are apart would tear all of them.
    assert len(told(frames(0, 1, 2), [0] * 3, gap=0.001)) == 1


def test_short_looks_are_left_out() -> None:
    times = frames(*range(8))
    codes = [1, 0, 0, 0, 1, 0, 0, 0]
    assert told(times, codes, shortest=0.15) == [(0, 0.8, "happy")]
    assert told(times, [0, 0, 1, 0, 1, 1, 1, 1], shortest=0.15) == [
        (0, 0.4, "happy"),
        (0.4, 0.8, "sad"),
    ]
    assert told(frames(0, 1, 2), [0, 1, 0], shortest=5) == [(0, 0.3, "happy")]


def test_what_does_not_last_has_no_intervals() -> None:
    assert told([3.0], [0]) == []


TIMES = st.lists(st.integers(0, 400), min_size=2, max_size=60, unique=True).map(sorted)
CODES = st.sampled_from([0, 1, NOT_SURE, NOT_SEEN])


@given(TIMES, st.data(), st.sampled_from([0.0, 0.05, 0.2, 3.0]), st.sampled_from([None, 0.3, 2.0]))
def test_they_cover_the_time_without_overlap_in_order(
    numbers: list[int], data: st.DataObject, shortest: float, gap: float | None
) -> None:
    times = np.array(numbers) / 30
    codes = np.array([data.draw(CODES) for _ in numbers], np.int16)
    whole = recording(times.tolist(), begin=-0.5)
    settings = IntervalSettings(shortest=shortest, gap=gap)
    found = intervals_of(whole, times, codes, settings)
    assert found[0].begin == whole.begin
    assert found[-1].end == whole.end
    assert all(one.begin < one.end for one in found)
    for one, other in itertools.pairwise(found):
        assert one.end == other.begin
        assert one.look != other.look
    if not shortest:
        for time, code in zip(times.tolist(), codes.tolist(), strict=True):
            assert at(found, time) == whole.word(code)
    elif len(found) > 1:
        assert min(one.seconds for one in found) >= shortest * 0.999999


def at(found: tuple[Interval, ...], time: float) -> str:
    (one,) = (one for one in found if one.begin <= time < one.end)
    return one.look


def test_settings_are_checked() -> None:
    from mien.errors import SettingsError
    from mien.settings import checked

    with pytest.raises(SettingsError, match="--shortest"):
        checked(IntervalSettings, shortest=-1.0)
    with pytest.raises(SettingsError, match="--gap"):
        checked(IntervalSettings, gap=0.0)
