"""Decides, from labels, hashes, groups and clusters alone, which faces stay and in which split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mien.datasets.preparation.codes import first_of_same
from mien.datasets.preparation.columns import Texts, digest_codes
from mien.datasets.preparation.linking import clusters, pairs_of_same, pairs_with
from mien.datasets.preparation.splits import assign_splits, balance
from mien.datasets.records import SPLITS, Rejection
from mien.types import BoolArray, IntArray, PixelArray

TRAIN, VALIDATION, TEST = range(len(SPLITS))
LEFT_OUT = -1
# Why a face is left out: the words that come before the file because of which it is.
COPY, BALANCED, UNCLEAR = (
    "exact duplicate",
    "left out to balance the classes",
    "unclear near-duplicate of a validation or test face",
)
SAME_GROUP = tuple(f"same group as {split} face" for split in SPLITS)
SAME_PHOTO = tuple(f"near-duplicate of {split} face" for split in SPLITS)
KINDS = (COPY, BALANCED, UNCLEAR, *SAME_GROUP, *SAME_PHOTO)
# Rows whose texts are looked up at a time.
_SLICE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class RowIndex:
    """What must be known of all faces at once: everything but their pixels.

    Attributes:
        labels: int64 [N], index of the class.
        held_out: bool [N], whether the input sets the face aside for the test.
        train_only: bool [N], whether the face may only be learnt from.
        validates: bool [N], whether the input sets the face aside for validation.
        groups: What must stay together; "" where nothing is said.
        hashes: uint8 [N,32], sha256 of the pixels.
        origins: string [N], where each came from.
        sources: Which of several inputs each came from; "" where there was one.
    """

    labels: IntArray
    held_out: BoolArray
    train_only: BoolArray
    validates: BoolArray
    groups: Texts
    hashes: PixelArray
    origins: pa.Array
    sources: Texts

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Pictures of one photo that carry different labels."""

    cluster: int
    origins: tuple[str, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """The faces that are left out, in order: in arrays, since they may be millions.

    Attributes:
        rows: int64 [R].
        kinds: int64 [R], index into KINDS.
        originals: int64 [R], the row because of which; LEFT_OUT where there is none.
        origins: Of all rows.
    """

    rows: IntArray
    kinds: IntArray
    originals: IntArray
    origins: pa.Array

    def __len__(self) -> int:
        return len(self.rows)

    def counts(self) -> dict[str, int]:
        """Count them by their reason, in the order in which reasons first come up."""
        kinds, first, counts = np.unique(self.kinds, return_index=True, return_counts=True)
        order = np.argsort(first)
        numbers = zip(kinds[order].tolist(), counts[order].tolist(), strict=True)
        return {KINDS[kind]: count for kind, count in numbers}

    def __iter__(self) -> Iterator[Rejection]:
        for start in range(0, len(self.rows), _SLICE):
            part = slice(start, start + _SLICE)
            origins = self.origins.take(self.rows[part]).to_pylist()
            because = self.originals[part]
            others = self.origins.take(pa.array(because, mask=because < 0)).to_pylist()
            for name, kind, other in zip(origins, self.kinds[part].tolist(), others, strict=True):
                of = "of " * (KINDS[kind] == COPY)
                yield Rejection(name, KINDS[kind], "" if other is None else f"{of}{other}")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The decision.

    Attributes:
        splits: int64 [N], index into `SPLITS`, or LEFT_OUT.
        clusters: int64 [N], the first row of the photo that each face shows.
        rejected: The faces that are left out.
        conflicts: Photos with different labels, those of left out faces included.
    """

    splits: IntArray
    clusters: IntArray
    rejected: LeftOut
    conflicts: tuple[Conflict, ...]


class _Refusals:
    """Notes face by face why it is left out; what is said last of a face counts."""

    def __init__(self, count: int) -> None:
        self._kinds = np.full(count, LEFT_OUT, dtype=np.int8)
        self._originals = np.full(count, LEFT_OUT, dtype=np.int64)

    def add(self, rows: IntArray, kind: str, originals: IntArray | None = None) -> None:
        self._kinds[rows] = KINDS.index(kind)
        self._originals[rows] = LEFT_OUT if originals is None else originals

    def add_beside(self, parts: IntArray, rows: IntArray, judged: IntArray, kind: str) -> None:
        """Leave out those of `rows` that share a part with a face that is judged by."""
        first = np.full(len(parts), LEFT_OUT, dtype=np.int64)
        # Of several the first one is named: the last that is written here.
        first[parts[judged[::-1]]] = judged[::-1]
        found = first[parts[rows]]
        beside = found != LEFT_OUT
        self.add(rows[beside], kind, found[beside])

    @property
    def refused(self) -> BoolArray:
        return np.asarray(self._kinds != LEFT_OUT)

    def listed(self, origins: pa.Array) -> LeftOut:
        rows = np.flatnonzero(self.refused)
        kinds = self._kinds[rows].astype(np.int64)
        return LeftOut(rows, kinds, self._originals[rows], origins)


def make_plan(
    index: RowIndex,
    near: IntArray,
    fractions: Sequence[float],
    *,
    balanced: bool,
    seed: int,
) -> Plan:
    """Decide which faces stay, and in which split.

    Args:
        index: The faces.
        near: int64 [P,2], pairs of near-duplicates.
        fractions: The wished part of each split among the faces that are not held out.
        balanced: Whether to make all classes as small as the smallest.
        seed: Decides among equals.

    Returns:
        The plan.
    """
    copies = digest_codes(index.hashes)
    photos = clusters(np.concatenate([near, pairs_of_same(copies)]), len(index))
    together = [pairs_with(photos), pairs_of_same(index.groups.codes)]
    units = clusters(np.concatenate(together), len(index))
    given = np.where(index.held_out, TEST, np.where(index.validates, VALIDATION, TRAIN))
    refusals = _Refusals(len(index))
    first = first_of_same(copies * len(SPLITS) + given)
    again = np.flatnonzero(first != np.arange(len(index)))
    refusals.add(again, COPY, first[again])
    for split in (VALIDATION, TEST):
        # What is judged by stays: the test before validation, and both before training.
        less, judged = np.flatnonzero(given < split), np.flatnonzero(given == split)
        refusals.add_beside(units, less, judged, SAME_GROUP[split])
        refusals.add_beside(photos, less, judged, SAME_PHOTO[split])
    if balanced:
        rows = np.flatnonzero((given == TRAIN) & ~refusals.refused)
        refusals.add(rows[~balance(index.labels[rows], seed=seed)], BALANCED)
    pool = (given == TRAIN) & ~refusals.refused
    splits = given.astype(np.int64)
    dealt = pool & ~index.train_only
    splits[dealt] = assign_splits(index.labels[dealt], units[dealt], fractions, seed=seed)
    splits[pool & index.train_only] = TRAIN
    judged = np.flatnonzero(pool & (splits != TRAIN))
    refusals.add_beside(units, np.flatnonzero(pool & index.train_only), judged, UNCLEAR)
    splits[refusals.refused] = LEFT_OUT
    rejected = refusals.listed(index.origins)
    return Plan(splits, photos, rejected, _conflicts(index, photos))


def _conflicts(index: RowIndex, photos: IntArray) -> tuple[Conflict, ...]:
    sizes = np.bincount(photos, minlength=1)
    rows = np.flatnonzero(sizes[photos] > 1)
    rows = rows[np.argsort(photos[rows], kind="stable")]
    if not len(rows):
        return ()
    starts = np.flatnonzero(np.diff(photos[rows], prepend=-1))
    labels = index.labels[rows]
    differ = np.minimum.reduceat(labels, starts) != np.maximum.reduceat(labels, starts)
    ends = np.append(starts[1:], len(rows))
    parts = [rows[a:b] for a, b in zip(starts[differ], ends[differ], strict=True)]
    return tuple(
        Conflict(
            int(photos[part[0]]),
            tuple(index.origins.take(part).to_pylist()),
            tuple(index.labels[part].tolist()),
        )
        for part in parts
    )
