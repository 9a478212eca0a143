"""Frames of one video that lie in different splits: files whose names differ by a running number.

A number alone says little, since the pictures of a class may be numbered through. Frames of one
video also resemble the next one, which pictures of different people hardly ever do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mien.datasets.preparation.codes import NO_CODE
from mien.datasets.preparation.plan import LEFT_OUT
from mien.types import BoolArray, IntArray

# What a name ends in, as pathlib sees it, and its parts without that.
_SUFFIX = r"([^/])\.[^./]+$"
_NUMBERED = r"^(?P<folder>(?s:.*/)?)(?P<head>[^/\n]*?)(?P<number>[0-9]{1,18})\n?$"
# A series has so many frames, and of so many of these the next one is alike.
MIN_FRAMES = 3
ALIKE = 1 / 3
# A pattern that makes one group of a larger part of all files tells nobody apart.
LARGEST = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """Numbered files, series by series and in the order of their numbers.

    Attributes:
        rows: int64 [M].
        starts: int64 [S], where each series begins in `rows`.
        places: Of each series the folder and the beginning of the name; the folder counts only
            where the name is a mere number: a pattern sees names.
    """

    rows: IntArray
    starts: IntArray
    places: pa.StructArray

    @property
    def sizes(self) -> IntArray:
        return np.diff(np.append(self.starts, len(self.rows)))


def torn_frames(origins: pa.Array, groups: IntArray, splits: IntArray, alike: IntArray) -> str:
    """Say that frames of one video were torn apart, and the pattern that would keep them together.

    Args:
        origins: string [N], the files, as paths below the folder.
        groups: int64 [N], what is kept together anyway; NO_CODE where nothing is said.
        splits: int64 [N], the split of each file.
        alike: int64 [P,2], pairs of files that resemble each other, the smaller number first.

    Returns:
        One sentence; "" where there is no such series.
    """
    rows = np.flatnonzero((splits != LEFT_OUT) & (groups == NO_CODE))
    if not len(alike) or not len(rows):
        return ""
    series = _series(origins.take(rows), rows)
    torn = np.flatnonzero(_are_torn(series, splits) & _are_videos(series, alike, len(splits)))
    if not len(torn):
        return ""
    first = torn[np.argmin(np.minimum.reduceat(series.rows, series.starts)[torn])]
    example = origins[series.rows[series.starts[first]]].as_py()
    places = series.places.take(torn).to_pylist()
    pattern = _pattern([(place["folder"], place["head"]) for place in places])
    advice = (
        f"--group-pattern {pattern!r} keeps them together"
        if pattern and series.sizes[torn].max() <= LARGEST * len(origins)
        else "name what belongs together in a column 'group' of metadata.csv"
    )
    return (
        f"frames of one video seem to be in different splits: {len(torn):,} series of numbered "
        f"files whose neighbours are alike, such as that of {example[:120]}; {advice}"
    )


def _series(origins: pa.Array, rows: IntArray) -> _Series:
    found = pc.extract_regex(pc.replace_substring_regex(origins, _SUFFIX, r"\1"), _NUMBERED)
    is_numbered = pc.is_valid(found)
    found, rows = found.filter(is_numbered), rows[is_numbered.to_numpy(zero_copy_only=False)]
    folder, head, number = (found.field(name) for name in ("folder", "head", "number"))
    folder = pc.if_else(pc.equal(head, ""), pc.utf8_rtrim(folder, "/"), "")
    keys = pc.binary_join_element_wise(folder, head, pa.scalar("/", folder.type))
    codes = keys.dictionary_encode().indices.to_numpy().astype(np.int64)
    order = np.lexsort((rows, pc.cast(number, pa.int64()).to_numpy(), codes))
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    places = pa.StructArray.from_arrays([folder, head], ["folder", "head"])
    return _Series(rows[order], starts, places.take(pa.array(order[starts])))


def _are_torn(series: _Series, splits: IntArray) -> BoolArray:
    dealt = splits[series.rows]
    if not len(dealt):
        return np.zeros(0, dtype=np.bool_)
    least, most = (one.reduceat(dealt, series.starts) for one in (np.minimum, np.maximum))
    return np.asarray((least != most) & (series.sizes >= MIN_FRAMES))


def _are_videos(series: _Series, alike: IntArray, count: int) -> BoolArray:
    """Say of which series enough neighbours are alike."""
    before, after = series.rows[:-1], series.rows[1:]
    keys = np.minimum(before, after) * count + np.maximum(before, after)
    # The last of a series and the first of the next one are no neighbours.
    keys[series.starts[1:] - 1] = -1
    resembling = np.append(np.isin(keys, alike[:, 0] * count + alike[:, 1]), False)[: len(before)]
    found = np.concatenate([[0], np.cumsum(resembling), [0]])
    ends = series.starts + series.sizes - 1
    return np.asarray(found[ends] - found[series.starts] >= ALIKE * (series.sizes - 1))


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
