"""Frames of one video in different splits are told, with the pattern that keeps them together."""

import itertools

import numpy as np
import pytest

from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.preparation.frames import torn_frames


def told(origins: list[str], *, alike: bool = True, groups: list[str] | None = None) -> str:
    splits = np.arange(len(origins)) % 2
    pairs = itertools.pairwise(range(len(origins))) if alike else []
    found = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    return torn_frames(origins, groups or [""] * len(origins), splits, found)


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
    assert torn_frames(origins, [""] * 20, np.zeros(20, int), np.array([[0, 1], [1, 2]])) == ""


def test_a_running_number_may_be_long() -> None:
    assert told([f"happy/x_{'9' * 5000}{number}.png" for number in range(9)])
