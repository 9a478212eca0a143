"""Time never goes back, and is the stream's own where that goes on."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.sources.media.timeline import Timeline

stamps = st.lists(st.none() | st.floats(-1e4, 1e4), max_size=30)


@given(stamps, st.floats(0.001, 1))
def test_time_begins_at_0_and_never_goes_back(
    given_stamps: list[float | None], step: float
) -> None:
    timeline = Timeline(step)
    times = [timeline.place(stamp) for stamp in given_stamps]
    assert times[:1] in ([], [0.0])
    assert all(later >= earlier for earlier, later in pairwise(times))


@given(st.lists(st.floats(0, 1e4), min_size=1, unique=True).map(sorted))
def test_stamps_that_grow_are_kept(given_stamps: list[float]) -> None:
    timeline = Timeline(0.1)
    times = [timeline.place(stamp) for stamp in given_stamps]
    assert times == pytest.approx([stamp - given_stamps[0] for stamp in given_stamps])


@pytest.mark.parametrize(
    ("given_stamps", "times"),
    [
        ([5.0, 5.1, 5.2, 5.0, 5.1], [0.0, 0.1, 0.2, 0.3, 0.4]),
        ([0.0, 9.0, 8.0, 8.1], [0.0, 9.0, 9.1, 9.2]),
        ([0.0, 0.2, 0.1, 0.3], [0.0, 0.2, 0.2, 0.3]),
        ([None, None, 7.0, 7.1, None], [0.0, 0.1, 0.2, 0.3, 0.4]),
        ([0.0, 0.04, None, 0.08, 0.12], [0.0, 0.04, 0.14, 0.14, 0.14]),
    ],
    ids=["joined", "a clock set back", "out of order", "no stamps", "a stamp left out"],
)
def test_stamps_that_do_not_grow(given_stamps: list[float | None], times: list[float]) -> None:
    timeline = Timeline(0.1)
    assert [timeline.place(stamp) for stamp in given_stamps] == pytest.approx(times)
