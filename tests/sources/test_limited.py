"""The beginning of a source."""

from collections.abc import Iterator

import numpy as np
import pytest

from mien.errors import SettingsError
from mien.sources.limited import Limited
from mien.types import Frame


class TwentyFrames:
    name = "twenty"
    live = True

    def __init__(self) -> None:
        self.read = 0
        self.closed = 0

    def __iter__(self) -> Iterator[Frame]:
        for index in range(20):
            self.read += 1
            yield Frame(np.zeros((4, 4, 3), dtype=np.uint8), index, 5 + index / 10, self.name)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("limits", "frames"),
    [({"frames": 3}, 3), ({"seconds": 0.5}, 5), ({"frames": 4, "seconds": 0.5}, 4), ({}, 20)],
)
def test_it_ends_early_and_closes_what_it_limits(limits: dict[str, int], frames: int) -> None:
    inner = TwentyFrames()
    limited = Limited(inner, **limits)
    assert (limited.name, limited.live) == ("twenty", True)
    assert [frame.index for frame in limited] == list(range(frames))
    limited.close()
    assert inner.closed == 1


def test_no_frame_more_than_needed_is_read() -> None:
    inner = TwentyFrames()
    list(Limited(inner, frames=3))
    assert inner.read == 3


@pytest.mark.parametrize("limits", [{"frames": 0}, {"seconds": -1.0}])
def test_limits_that_let_nothing_through_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="more than 0"):
        Limited(TwentyFrames(), **limits)
