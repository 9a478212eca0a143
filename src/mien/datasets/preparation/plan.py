"""Decides, from labels, hashes, groups and clusters alone, which faces stay and in which split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.datasets.preparation.duplicates import PairArray, clusters
from mien.datasets.preparation.splits import assign_splits, balance
from mien.datasets.records import SPLITS, Rejection
from mien.types import IntArray

TRAIN, VALIDATION, TEST = range(len(SPLITS))
LEFT_OUT = -1


@dataclass(frozen=True, slots=True, eq=False)
class RowIndex:
    """What must be known of all faces at once: everything but their pixels.

    Attributes:
        labels: int64 [N], index of the class.
        held_out: bool [N], whether the input sets the face aside for the test.
        train_only: bool [N], whether the face may only be learnt from.
        validates: bool [N], whether the input sets the face aside for validation.
        groups: What must stay together; "" where nothing is said.
        hashes: Of the pixels.
        origins: Where each came from.
        sources: Which of several inputs each came from; "" where there was one.
    """

    labels: IntArray
    held_out: npt.NDArray[np.bool_]
    train_only: npt.NDArray[np.bool_]
    validates: npt.NDArray[np.bool_]
    groups: Sequence[str]
    hashes: Sequence[str]
    origins: Sequence[str]
    sources: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Pictures of one photo that carry different labels."""

    cluster: int
    origins: tuple[str, ...]
    labels: tuple[int, ...]


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
    rejected: tuple[Rejection, ...]
    conflicts: tuple[Conflict, ...]


def make_plan(
    index: RowIndex,
    near: PairArray,
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


def _exact_duplicates(index: RowIndex, given: IntArray) -> dict[int, Rejection]:
    first: dict[tuple[str, int], int] = {}
    result = {}
    for i, key in enumerate(zip(index.hashes, given.tolist(), strict=True)):
        original = first.setdefault(key, i)
        if original != i:
            detail = f"of {index.origins[original]}"
            result[i] = Rejection(index.origins[i], "exact duplicate", detail)
    return result


def _beside(
    index: RowIndex, parts: IntArray, rows: IntArray, judged: IntArray, kind: str
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


def _conflicts(index: RowIndex, photos: IntArray) -> tuple[Conflict, ...]:
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
