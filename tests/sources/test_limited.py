"""The beginning of a source."""

from collections.abc import Iterator

import numpy as np
import pytest

from mien.errors import SettingsError
from mien.protocols import Source
from mien.sources.batch import Batch
from mien.sources.limited import Limited
from mien.types import Frame


class TwentyFrames(Source):
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


class Named(TwentyFrames):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __iter__(self) -> Iterator[Frame]:
        for frame in super().__iter__():
            if self.closed:
                return
            yield frame


def test_each_source_of_a_batch_gets_its_seconds() -> None:
    """Two of one name, too: a camera may be named twice."""
    sources = [Named(name) for name in ("a", "b", "b")]
    batch = Batch([(source.name, lambda source=source: source) for source in sources])
    read = [(frame.source, frame.index) for frame in Limited(batch, seconds=0.25)]
    assert read == [(name, index) for name in ("a", "b", "b") for index in range(3)]
    assert [source.read for source in sources] == [5, 5, 5]


def test_frames_are_counted_over_all() -> None:
    batch = Batch([(name, lambda name=name: Named(name)) for name in ("a", "b", "c")])
    assert len(list(Limited(batch, frames=33))) == 33


@pytest.mark.parametrize("limits", [{"frames": 0}, {"seconds": -1.0}])
def test_limits_that_let_nothing_through_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="more than 0"):
        Limited(TwentyFrames(), **limits)
