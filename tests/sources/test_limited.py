"""The beginning of a source."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.sources.made import picture

from mien.errors import SettingsError
from mien.protocols import Source
from mien.sources.batch import Batch
from mien.sources.images import PictureSource
from mien.sources.limited import Limited, parse_time
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


@pytest.mark.parametrize(
    ("limits", "indices"),
    [
        ({"start": 5.5}, range(5, 20)),
        ({"end": 5.5}, range(5)),
        ({"start": 5.5, "end": 6.0}, range(5, 10)),
        ({"start": 5.5, "seconds": 0.25}, range(5, 8)),
        ({"start": 5.5, "frames": 2}, range(5, 7)),
        ({"start": 0.0}, range(20)),
    ],
)
def test_it_begins_late_and_ends_at_a_time(limits: dict[str, float], indices: range) -> None:
    source = Limited(TwentyFrames(), **limits)  # type: ignore[arg-type]
    assert [frame.index for frame in source] == list(indices)
    assert list(source.skipped) == []


def test_what_ends_before_the_start_is_said_to() -> None:
    source = Limited(TwentyFrames(), start=7.5)
    assert list(source) == []
    (told,) = source.skipped
    assert (told.path, told.reason, told.named) == (
        "twenty",
        "ends at 6.90 s, before --start 7.5",
        True,
    )


def test_of_a_batch_each_begins_late_and_pictures_are_read_all_the_same(tmp_path: Path) -> None:
    still = picture(tmp_path / "a.png")
    openers = [
        ("one", lambda: Named("one")),
        ("still", lambda: PictureSource([still])),
        ("two", lambda: Named("two")),
    ]
    source = Limited(Batch(openers), start=5.2, end=5.4)
    read = [(frame.source, frame.index) for frame in source]
    assert read == [("one", 2), ("one", 3), (str(still), 0), ("two", 2), ("two", 3)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90.5", 90.5), ("1:30.5", 90.5), ("0:01:30", 90), ("100:00:00", 360_000), ("0", 0)],
)
def test_times_are_seconds_or_clock_times(text: str, seconds: float) -> None:
    assert parse_time("--start", text) == seconds


@pytest.mark.parametrize("text", ["", "abc", "1:60", "-1", "nan", "inf", "1:2:3:4", "1:"])
def test_what_is_no_time_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--end .*give seconds"):
        parse_time("--end", text)


def test_an_end_has_to_come_after_the_start() -> None:
    with pytest.raises(SettingsError, match="--end 5 must be after --start 5"):
        Limited(TwentyFrames(), start=5, end=5)
