"""What plans were made by before they were made in columns: face by face, and plain to read.

What is in columns has to decide the same, face by face.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from mien.datasets.preparation.frames import ALIKE, LARGEST, MIN_FRAMES, _pattern
from mien.datasets.preparation.look_alikes import SAME_PICTURE, SURE
from mien.datasets.preparation.plan import LEFT_OUT, TEST, TRAIN, VALIDATION, Conflict
from mien.datasets.preparation.splits import _wishes, balance
from mien.datasets.records import SPLITS, Rejection
from mien.types import FloatArray, IntArray

PairArray = IntArray
_NUMBERED = re.compile(r"(.*?)([0-9]{1,18})$")


@dataclass(frozen=True)
class Rows:
    """The faces, as lists."""

    labels: IntArray
    held_out: npt.NDArray[np.bool_]
    train_only: npt.NDArray[np.bool_]
    validates: npt.NDArray[np.bool_]
    groups: Sequence[str]
    hashes: Sequence[str]
    origins: Sequence[str]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Plan:
    """The decision."""

    splits: IntArray
    clusters: IntArray
    rejected: tuple[Rejection, ...]
    conflicts: tuple[Conflict, ...]


def clusters(pairs: PairArray, count: int) -> npt.NDArray[np.int64]:
    """Join pairs to clusters."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return np.array([root(i) for i in range(count)], dtype=np.int64)


def make_plan(
    index: Rows,
    near: PairArray,
    fractions: Sequence[float],
    *,
    balanced: bool,
    seed: int,
) -> Plan:
    """Decide which faces stay, and in which split."""
    photos = clusters(np.concatenate([near, _same(index.hashes)]), len(index))
    units = clusters(np.concatenate([_chain(photos), _same(index.groups)]), len(index))
    given = np.where(index.held_out, TEST, np.where(index.validates, VALIDATION, TRAIN))
    rejected = _exact_duplicates(index, given)
    for split in (VALIDATION, TEST):
        # What is judged by stays: the test before validation, and both before training.
        less, judged = np.flatnonzero(given < split), np.flatnonzero(given == split)
        rejected |= _beside(index, units, less, judged, f"same group as {SPLITS[split]} face")
        rejected |= _beside(index, photos, less, judged, f"near-duplicate of {SPLITS[split]} face")
    pool = given == TRAIN
    pool[list(rejected)] = False
    if balanced:
        rows = np.flatnonzero(pool)
        surplus = rows[~balance(index.labels[rows], seed=seed)]
        kind = "left out to balance the classes"
        rejected |= {int(i): Rejection(index.origins[i], kind) for i in surplus}
        pool[surplus] = False
    splits = given.astype(np.int64)
    dealt = pool & ~index.train_only
    splits[dealt] = assign_splits(index.labels[dealt], units[dealt], fractions, seed=seed)
    splits[pool & index.train_only] = TRAIN
    judged = np.flatnonzero(pool & (splits != TRAIN))
    unclear = np.flatnonzero(pool & index.train_only)
    kind = "unclear near-duplicate of a validation or test face"
    rejected |= _beside(index, units, unclear, judged, kind)
    splits[list(rejected)] = LEFT_OUT
    listed = tuple(rejected[i] for i in sorted(rejected))
    return Plan(splits, photos, listed, _conflicts(index, photos))


def _same(values: Sequence[str]) -> PairArray:
    """Pair every row with the first one of the same value; empty values are no value."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(value, i), i) for i, value in enumerate(values) if value]
    return np.array([pair for pair in pairs if pair[0] != pair[1]], dtype=np.int64).reshape(-1, 2)


def _chain(photos: IntArray) -> PairArray:
    return np.stack([photos, np.arange(len(photos))], axis=1)


def _exact_duplicates(index: Rows, given: IntArray) -> dict[int, Rejection]:
    first: dict[tuple[str, int], int] = {}
    result = {}
    for i, key in enumerate(zip(index.hashes, given.tolist(), strict=True)):
        original = first.setdefault(key, i)
        if original != i:
            detail = f"of {index.origins[original]}"
            result[i] = Rejection(index.origins[i], "exact duplicate", detail)
    return result


def _beside(
    index: Rows, parts: IntArray, rows: IntArray, judged: IntArray, kind: str
) -> dict[int, Rejection]:
    """Leave out those of `rows` that share a part with a face that is judged by."""
    faces: dict[int, int] = {}
    for i in judged.tolist():
        faces.setdefault(int(parts[i]), i)
    return {
        i: Rejection(index.origins[i], kind, index.origins[faces[int(parts[i])]])
        for i in rows.tolist()
        if int(parts[i]) in faces
    }


def _conflicts(index: Rows, photos: IntArray) -> tuple[Conflict, ...]:
    sizes = Counter(photos.tolist())
    members: dict[int, list[int]] = {}
    for i, photo in enumerate(photos.tolist()):
        if sizes[photo] > 1:
            members.setdefault(photo, []).append(i)
    return tuple(
        Conflict(photo, tuple(index.origins[i] for i in rows), tuple(index.labels[rows].tolist()))
        for photo, rows in members.items()
        if len(set(index.labels[rows].tolist())) > 1
    )


def assign_splits(
    labels: IntArray, units: IntArray, fractions: Sequence[float], *, seed: int
) -> IntArray:
    """Give every face a split, so that each split has its fraction of every class."""
    names, members = np.unique(units, return_inverse=True)
    counts = np.zeros((len(names), int(labels.max(initial=0)) + 1))
    np.add.at(counts, (members, labels), 1)
    wish = _wishes(counts.sum(axis=0), np.asarray(fractions, dtype=np.float64))
    chance = np.random.default_rng(seed).permutation(len(names))
    order = np.lexsort((chance, -counts.sum(axis=1)))
    dealt = _deal(counts, order, wish)
    _fill_empty(dealt, counts, order, fractions)
    return dealt[members]


def _deal(
    counts: npt.NDArray[np.float64], order: npt.NDArray[np.intp], wish: npt.NDArray[np.float64]
) -> IntArray:
    have = np.zeros_like(wish)
    weight = np.divide(1.0, wish, out=np.full_like(wish, np.inf), where=wish > 0)
    result = np.zeros(len(counts), dtype=np.int64)
    for unit in order:
        inside = counts[unit] > 0
        new = counts[unit, inside]
        cost = new * (2 * (have[:, inside] - wish[:, inside]) + new) * weight[:, inside]
        best = int(cost.sum(axis=1).argmin())
        have[best, inside] += new
        result[unit] = best
    return result


def _fill_empty(
    dealt: IntArray,
    counts: npt.NDArray[np.float64],
    order: npt.NDArray[np.intp],
    fractions: Sequence[float],
) -> None:
    """Give every split that wants faces, and got none, a unit of the largest one."""
    largest = int(np.argmax(fractions))
    for split in np.flatnonzero(np.asarray(fractions) > 0).tolist():
        if (dealt == split).any():
            continue
        held = np.bincount(dealt, minlength=len(fractions))
        giver = largest if held[largest] > 1 else int(np.argmax(held))
        units = [unit for unit in reversed(order.tolist()) if dealt[unit] == giver]
        if len(units) < 2:
            return
        total = counts[units].sum(axis=0)

        def cost(unit: int, total: npt.NDArray[np.float64] = total) -> tuple[int, int, float]:
            lost = int(((total > 0) & (total == counts[unit])).sum())
            return lost, -int((counts[unit] > 0).sum()), float(counts[unit].sum())

        dealt[min(units, key=cost)] = split


def same_photo(
    pairs: PairArray,
    values: FloatArray,
    near: float,
    groups: Sequence[str],
    sources: Sequence[str] = (),
) -> PairArray:
    """Choose the pairs that show one photo."""
    duplicates, alike = Counter[str](), Counter[str]()
    listed = list(zip(pairs.tolist(), values.tolist(), strict=True))

    def known(a: int, b: int) -> bool:
        return bool(groups[a] and groups[b]) and (not sources or sources[a] == sources[b])

    for (a, b), value in listed:
        if known(a, b) and groups[a] != groups[b]:
            (duplicates if value >= near else alike).update((groups[a], groups[b]))

    def one_photo(a: int, b: int, value: float) -> bool:
        if value < near or not known(a, b):
            return value >= near
        if groups[a] == groups[b]:
            return value >= SAME_PICTURE
        both = groups[a], groups[b]
        return value >= SURE or sum(alike[g] for g in both) <= sum(duplicates[g] for g in both)

    chosen = [one_photo(a, b, value) for (a, b), value in listed]
    return pairs[np.array(chosen, dtype=np.bool_)]


def torn_frames(
    origins: Sequence[str], groups: Sequence[str], splits: IntArray, alike: PairArray
) -> str:
    """Say that frames of one video were torn apart, and the pattern against it."""
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
    """Return the rows of each series by folder and beginning of the name, in order of number."""
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
