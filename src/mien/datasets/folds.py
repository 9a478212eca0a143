"""Deals the persons of a prepared data set into folds, and shows each fold as a data set.

For cross-validation by person (Stone, "Cross-Validatory Choice and Assessment of Statistical
Predictions", 1974): each person is left out once, whole. The faces that the data set keeps for the
test are in no fold. Nothing is copied: a fold reads the files of the data set, and takes its rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mien.datasets.columns import checked
from mien.datasets.dataset import LABELS_AT_ONCE, Dataset, damaged
from mien.datasets.parquet import RowGroup
from mien.datasets.preparation.linking import clusters
from mien.datasets.preparation.splits import assign_splits
from mien.datasets.records import PHOTO_GROUP, SPLITS
from mien.errors import DatasetError
from mien.files.writes import digest_of
from mien.types import BoolArray, IntArray

# What is dealt: all but the test.
DEALT = SPLITS[:2]
TRAIN, VALIDATION, LEFT_OUT = range(3)
_TEXTS = ("label", "group", "cluster")


@dataclass(frozen=True)  # without slots, for what is kept
class Fold(Dataset):
    """One turn of a cross-validation: its "test" split is what is left out.

    Attributes:
        number: Which, from 1.
        split: int8 [N], the split of each face of `DEALT`, by its number in `SPLITS`.
        whole: Digest of the data set that it is a part of.
        groups: Names of the groups that are left out.
    """

    number: int = 1
    split: IntArray = field(default_factory=lambda: np.zeros(0, np.int64), compare=False)
    whole: str = ""
    groups: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """What stands for all that is in it."""
        return digest_of(self.whole, self.split.tolist())

    def batches(
        self, split: str, size: int, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield its rows of a split, in the order of the files; see `Dataset.batches`."""
        start, number = 0, SPLITS.index(self._known(split))
        for part in DEALT:
            for batch in super().batches(part, size, columns):
                chosen = self.split[start : start + batch.num_rows] == number
                start += batch.num_rows
                if chosen.any():
                    yield batch.filter(pa.array(chosen))

    def row_groups(self, split: str) -> list[RowGroup]:
        """Return how its faces lie in the data set's files."""
        start, found, number = 0, [], SPLITS.index(self._known(split))
        for part in DEALT:
            for group in super().row_groups(part):
                chosen = np.flatnonzero(self.split[start : start + group.rows] == number)
                start += group.rows
                if len(chosen):
                    found.append(group.part(chosen.astype(np.int64)))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """What dealing goes by.

    Attributes:
        labels: int64 [N].
        group: int64 [N], index of each face's group.
        names: The groups.
        unit: int64 [N], groups that share a photo are of one unit.
    """

    labels: IntArray
    group: IntArray
    names: tuple[str, ...]
    unit: IntArray


def deal(dataset: Dataset, count: int | None, share: float, *, seed: int) -> list[Fold]:
    """Deal the groups of a data set into folds of about as many faces of each class.

    Groups that have a photo in common stay together. For each fold, whole groups of the others are
    taken to validate by.

    Args:
        dataset: Its "train" and "validation" splits are dealt, never its "test".
        count: How many folds; None to leave out one group at a time.
        share: Of the faces that are not left out, what is for validation, about.
        seed: Decides among equals.

    Raises:
        DatasetError: Nobody knows who is who in it, it has fewer groups than folds or too few to
            learn from, a class is missing in what a fold learns from, or a file is damaged.
    """
    faces = _read(dataset)
    units = int(faces.unit.max(initial=-1)) + 1
    _check_groups(dataset, faces, units, count)
    count = count or units
    equal = [1 / count] * count
    fold = (
        faces.unit if count == units else assign_splits(faces.labels, faces.unit, equal, seed=seed)
    )
    digest = dataset.digest
    return [
        _fold(dataset, faces, fold == place, place, share, seed, digest) for place in range(count)
    ]


def _read(dataset: Dataset) -> _Faces:
    labels, groups, photos = [], [], []
    with damaged(dataset.path, "the files are damaged"):
        for split in DEALT:
            for batch in dataset.batches(split, LABELS_AT_ONCE, _TEXTS):
                labels.append(checked("label", batch.column("label")).to_numpy())
                groups.append(pc.cast(checked("group", batch.column("group")), pa.string()))
                known = "cluster" in batch.schema.names
                none = np.full(batch.num_rows, -1)
                photos.append(batch.column("cluster").to_numpy() if known else none)
        column = pa.chunked_array(groups, pa.string()).combine_chunks().dictionary_encode()
    names = tuple(column.dictionary.to_pylist())
    group = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    # Names in order, so that folds do not depend on which face lies first.
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    group = rank[group]
    unit = _units(group, np.concatenate(photos) if photos else group)
    labelled = np.concatenate(labels).astype(np.int64) if labels else group
    return _Faces(labelled, group, tuple(names[place] for place in order), unit)


def _units(group: IntArray, photo: IntArray) -> IntArray:
    """Number what stays together, from 0: groups, and those that share a photo, int64 [N]."""
    # Each face is tied to the first one of its group, and to the first one of its photo.
    alone = photo < 0
    own = photo.max(initial=0) + 1 + np.arange(len(photo))
    codes = np.where(alone, own, photo)
    pairs = [_with_first(one) for one in (group, codes)]
    _, unit = np.unique(clusters(np.concatenate(pairs), len(group)), return_inverse=True)
    # Numbered by the names of their groups.
    first = np.full(int(unit.max(initial=-1)) + 1, len(group), dtype=np.int64)
    np.minimum.at(first, unit, group)
    rank = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return np.asarray(rank[unit], dtype=np.int64)


def _with_first(codes: IntArray) -> IntArray:
    """Pair every row with the first one of the same code, int64 [P,2]."""
    _, first, code = np.unique(codes, return_index=True, return_inverse=True)
    rows = np.arange(len(codes))
    pairs = np.stack([first[code], rows], axis=1)[first[code] != rows]
    return np.asarray(pairs, dtype=np.int64)


def _check_groups(dataset: Dataset, faces: _Faces, units: int, count: int | None) -> None:
    unknown = sum(name.startswith(PHOTO_GROUP) for name in faces.names)
    if unknown == len(faces.names):
        raise DatasetError(
            f"{dataset.path}: nobody knows who is who in it; prepare it with --group-pattern or a "
            "metadata.csv that names persons, or leave out --folds"
        )
    if count is None and unknown:
        raise DatasetError(
            f"{dataset.path}: nobody knows whom {unknown:,} of its photos show, so that persons "
            "cannot be left out one at a time; take --folds group --fold-count 10"
        )
    if units < max(count or 0, 3):
        joined = " (a photo in common makes two one)" if units < len(faces.names) else ""
        raise DatasetError(
            f"{dataset.path}: {units} groups beside the test{joined} are too few for "
            f"{count or units} folds: each leaves one out, and needs two to learn from and to "
            "validate by; take a lower --fold-count, or prepare more persons"
        )


def _fold(
    dataset: Dataset,
    faces: _Faces,
    left_out: BoolArray,
    place: int,
    share: float,
    seed: int,
    digest: str,
) -> Fold:
    rest = np.flatnonzero(~left_out)
    _check_classes(dataset, faces, rest, place)
    split = np.full(len(faces.labels), LEFT_OUT, dtype=np.int64)
    split[rest] = TRAIN
    split[rest[_validation(dataset, faces, rest, place, share, seed)]] = VALIDATION
    names = tuple(faces.names[one] for one in np.unique(faces.group[left_out]).tolist())
    counts = {
        name: dict(
            zip(
                dataset.classes,
                np.bincount(faces.labels[split == number], minlength=len(dataset.classes)).tolist(),
                strict=True,
            )
        )
        for number, name in enumerate(SPLITS)
    }
    info = msgspec.structs.replace(dataset.info, counts=counts)
    return Fold(dataset.path, info, place + 1, split, digest, names)


def _validation(
    dataset: Dataset, faces: _Faces, rest: IntArray, place: int, share: float, seed: int
) -> IntArray:
    """Return which of the rest are for validation: whole units, after which no class is missing."""
    labels, units = faces.labels[rest], faces.unit[rest]
    parts = int(np.clip(round(1 / share), 2, len(np.unique(units))))
    part = assign_splits(labels, units, [1 / parts] * parts, seed=seed)
    classes = np.unique(labels)
    for one in range(parts):
        inside = part == one
        if inside.any() and np.array_equal(np.unique(labels[~inside]), classes):
            return np.flatnonzero(inside)
    raise DatasetError(
        f"{dataset.path}: in fold {place + 1} no group can be spared to validate by without the "
        "last faces of a class; take a higher --fold-count, or prepare more persons"
    )


def _check_classes(dataset: Dataset, faces: _Faces, rest: IntArray, place: int) -> None:
    counts = np.bincount(faces.labels[rest], minlength=len(dataset.classes))
    if (counts == 0).any():
        name = dataset.classes[int(np.argmin(counts))]
        raise DatasetError(
            f"{dataset.path}: fold {place + 1} has no face of {name!r} to learn from: too few "
            "persons show it; take another --fold-count or --seed, or leave the class out"
        )
