"""Frames of one video in different splits are told, with the pattern that keeps them together."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.datasets.preparation import former
from tests.datasets.preparation.columns import codes

from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.preparation.frames import torn_frames
from mien.types import IntArray


def told(origins: list[str], *, alike: bool = True, groups: list[str] | None = None) -> str:
    splits = np.arange(len(origins)) % 2
    pairs = itertools.pairwise(range(len(origins))) if alike else []
    found = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    return torn(origins, groups or [""] * len(origins), splits, found)


def torn(origins: list[str], groups: list[str], splits: IntArray, alike: IntArray) -> str:
    """Say it, as it was said before it was found in columns."""
    said = torn_frames(pa.array(origins, pa.large_string()), codes(groups), splits, alike)
    assert said == former.torn_frames(origins, groups, splits, alike)
    return said


def videos(form: str, count: int = 5) -> list[str]:
    return [form.format(video, frame) for video in "vwxyz"[:count] for frame in range(4)]


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("happy/{}_{:05}.png", "(.+)_[0-9]+$"),
        ("train/happy/{}-take1-{}.png", "(.+)-[0-9]+$"),
        ("happy/clip{}frame{}.jpg", "(.*[^0-9])[0-9]+$"),
        ("happy/{}/{}.jpg", "([^/]+)/[^/]+$"),
    ],
)
def test_the_pattern_keeps_each_video_together(form: str, pattern: str) -> None:
    origins = videos(form)
    text = told(origins)
    assert "5 series" in text
    assert f"--group-pattern {pattern!r}" in text
    groups = [GroupPattern(pattern).group(origin) for origin in origins]
    assert [len(list(part)) for _, part in itertools.groupby(groups)] == [4] * 5
    assert len(set(groups)) == 5


def test_one_series_for_all_needs_metadata() -> None:
    assert "metadata.csv" in told([f"happy/img_{number}.png" for number in range(9)])


def test_numbers_alone_are_no_video() -> None:
    assert told(videos("happy/{}_{}.png"), alike=False) == ""
    assert told(["happy/a1.png", "happy/a2.png", "sad/b.png"]) == ""


def test_frames_that_are_kept_together_are_not_told() -> None:
    origins = videos("happy/{}_{}.png")
    assert told(origins, groups=["anna"] * len(origins)) == ""
    assert torn(origins, [""] * 20, np.zeros(20, int), np.array([[0, 1], [1, 2]])) == ""


def test_a_running_number_may_be_long() -> None:
    assert told([f"happy/x_{'9' * 5000}{number}.png" for number in range(9)])


places = st.sampled_from(["a/", "a/b/", ".hid/", "", "v\nw/"])
heads = st.sampled_from(["", "x_", "x-", "take", "9.", ".", "\n"])
ends = st.sampled_from(["", ".png", ".1", ".", "\n", ".a.png"])
names = st.builds("{}{}{}{}".format, places, heads, st.integers(0, 30), ends)


@given(
    st.lists(st.tuples(names, st.sampled_from(["", "", "anna"])), min_size=1, max_size=40),
    st.lists(st.integers(-1, 2), min_size=40, max_size=40),
    st.sets(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=40),
)
def test_odd_names_are_no_exception(
    files: list[tuple[str, str]], splits: list[int], pairs: set[tuple[int, int]]
) -> None:
    count = len(files)
    alike = sorted({(min(p), max(p)) for p in pairs if p[0] != p[1] and max(p) < count})
    origins, groups = map(list, zip(*files, strict=True))
    found = np.array(alike, dtype=np.int64).reshape(-1, 2)
    torn(origins, groups, np.array(splits[:count]), found)
