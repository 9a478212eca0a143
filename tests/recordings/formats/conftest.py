"""A timeline with everything that is hard to write."""

import pytest

from mien.recordings.values import Interval, Lane, Timeline, written

# As people.csv may have it: an arrow, markup, a tab, a line break, quotes.
WILD = written('Anna --> <b>&"\t\n ö')


@pytest.fixture
def timeline() -> Timeline:
    """Two people, "not sure", and "not seen" before, between and after."""
    anna = (
        Interval(0.0, 0.5, "not seen"),
        Interval(0.5, 1.25, "happy"),
        Interval(1.25, 2.0, "not seen"),
        Interval(2.0, 3.5, "not sure"),
        Interval(3.5, 4.0, "not seen"),
    )
    ben = (Interval(0.0, 3661.5, "sad"), Interval(3661.5, 3661.5004, "happy"))
    lanes = (Lane(WILD, anna), Lane("Ben", ben))
    return Timeline("in/clip.mp4", "clip", 0.0, 3661.5004, 0.04, lanes, ("happy", "sad"))
