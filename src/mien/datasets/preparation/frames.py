"""Frames of one video that lie in different splits: files whose names differ by a running number.

A number alone says little, since the pictures of a class may be numbered through. Frames of one
video also resemble the next one, which pictures of different people hardly ever do.
"""

import itertools
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from mien.datasets.preparation.duplicates import PairArray
from mien.datasets.preparation.plan import LEFT_OUT
from mien.types import IntArray

_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})$")
# A series has so many frames, and of so many of these the next one is alike.
MIN_FRAMES = 3
ALIKE = 1 / 3
# A pattern that makes one group of a larger part of all files tells nobody apart.
LARGEST = 0.25


def torn_frames(
    origins: Sequence[str], groups: Sequence[str], splits: IntArray, alike: PairArray
) -> str:
    """Say that frames of one video were torn apart, and the pattern that would keep them together.

    Args:
        origins: The files, as paths below the folder.
        groups: What is kept together anyway; "" where nothing is said.
        splits: int64 [N], the split of each file.
        alike: int64 [P,2], pairs of files that resemble each other.

    Returns:
        One sentence; "" where there is no such series.
    """
    resembling = set(map(tuple, alike.tolist()))
    torn = [
        (place, rows)
        for place, rows in _series(origins, groups, splits).items()
        if len({int(splits[row]) for row in rows}) > 1 and _is_video(rows, resembling)
    ]
    if not torn:
        return ""
    example = origins[torn[0][1][0]]
    pattern = _pattern([place for place, _ in torn])
    size = max(len(rows) for _, rows in torn)
    advice = (
        f"--group-pattern {pattern!r} keeps them together"
        if pattern and size <= LARGEST * len(origins)
        else "name what belongs together in a column 'group' of metadata.csv"
    )
    return (
        f"frames of one video seem to be in different splits: {len(torn):,} series of numbered "
        f"files whose neighbours are alike, such as that of {example[:120]}; {advice}"
    )


def _series(
    origins: Sequence[str], groups: Sequence[str], splits: IntArray
) -> dict[tuple[str, str], list[int]]:
    """Return the rows of each series by folder and beginning of the name, in order of number.

    The folder counts only where the name is a mere number: a pattern sees names.
    """
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in np.flatnonzero(splits != LEFT_OUT).tolist():
        path = PurePosixPath(origins[row])
        match = None if groups[row] else _NUMBERED.match(path.stem)
        if match:
            place = ("", match[1]) if match[1] else (str(path.parent), "")
            found.setdefault(place, []).append((int(match[2]), row))
    rows = {place: [row for _, row in sorted(members)] for place, members in found.items()}
    return {place: members for place, members in rows.items() if len(members) >= MIN_FRAMES}


def _is_video(rows: Sequence[int], resembling: set[tuple[int, ...]]) -> bool:
    pairs = [(min(a, b), max(a, b)) for a, b in itertools.pairwise(rows)]
    return sum(pair in resembling for pair in pairs) >= ALIKE * len(pairs)


def _pattern(places: Sequence[tuple[str, str]]) -> str:
    """Return an expression whose first group is the same in each series; "" where none is."""
    if all(head for _, head in places):
        ends = {head[-1] for _, head in places}
        if len(ends) == 1 and ends <= set("_-") and all(len(head) > 1 for _, head in places):
            return f"(.+){ends.pop()}[0-9]+$"
        return "(.*[^0-9])[0-9]+$"
    if any(head for _, head in places):
        return ""
    # Mere numbers: one folder per video tells them apart, the folder of a class does not.
    return "([^/]+)/[^/]+$" if all(folder.count("/") for folder, _ in places) else ""
