"""Folds of a data set: whole persons, each left out once, and nothing of the test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import HalfBright, prepared

from mien.datasets.dataset import Dataset, load_dataset
from mien.datasets.folds import Fold, _Faces, _fold, deal
from mien.datasets.records import SPLITS, LabelledFace, Rejection
from mien.errors import DatasetError
from mien.types import IntArray


@dataclass(frozen=True)
class OfPersons(HalfBright):
    """Faces of two classes, told apart by the bright half, of some persons."""

    persons: int = 6
    unknown: int = 0  # the last faces, of nobody knows whom
    one_class: bool = False  # one person alone shows the second class

    def read(self, start: int, stop: int) -> "Sequence[LabelledFace | Rejection]":  # type: ignore[override]
        faces = []
        for index, face in enumerate(super().read(start, stop), start):
            assert isinstance(face, LabelledFace)
            number = index * self.persons // len(self)
            group = "" if index >= len(self) - self.unknown else f"person {number}"
            if self.one_class and number:
                face = replace(face, label=0, soft=(0.9, 0.1))
            faces.append(replace(face, group=group))
        return faces


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared(OfPersons(96, persons=8), tmp_path_factory.mktemp("data") / "persons")


def origins(dataset: Dataset, split: str) -> list[str]:
    return [origin for rows in dataset.rows(split) for origin in rows.origins]


def groups(dataset: Dataset, split: str) -> set[str]:
    return {group for rows in dataset.rows(split) for group in rows.groups}


def test_each_person_is_left_out_once_and_never_learnt_from(persons: Dataset) -> None:
    folds = deal(persons, 3, 0.2, seed=0)
    left_out: list[str] = []
    for fold in folds:
        parts = [groups(fold, split) for split in SPLITS]
        assert all(parts)
        assert sum(map(len, parts)) == len(set.union(*parts))
        assert parts[2] == set(fold.groups)
        left_out += origins(fold, "test")
    assert sorted(left_out) == sorted(origins(persons, "train") + origins(persons, "validation"))
    assert not set(left_out) & set(origins(persons, "test"))


def test_a_fold_reads_the_same_rows_in_every_way(persons: Dataset) -> None:
    fold = deal(persons, 3, 0.2, seed=0)[1]
    for split in SPLITS:
        rows = list(fold.rows(split, batch_size=7))
        pictures = [picture for one in rows for picture in one.images]
        by_group = [
            picture["bytes"]
            for group in fold.row_groups(split)
            for picture in group.read().to_pylist()
        ]
        labels = np.concatenate([one.labels for one in rows])
        assert len(pictures) == fold.count(split)
        assert pictures == by_group
        np.testing.assert_array_equal(labels, fold.label_columns(split).labels)


def test_leaving_out_one_at_a_time(persons: Dataset) -> None:
    folds = deal(persons, None, 0.1, seed=0)
    known = groups(persons, "train") | groups(persons, "validation")
    assert [fold.groups for fold in folds] == [(name,) for name in sorted(known)]


def test_folds_follow_from_the_seed(persons: Dataset) -> None:
    def dealt(seed: int) -> list[str]:
        return [fold.digest for fold in deal(persons, 3, 0.2, seed=seed)]

    assert dealt(1) == dealt(1)
    assert len({tuple(dealt(seed)) for seed in range(5)}) > 1
    assert len(set(dealt(1))) == 3


@given(
    cells=st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=4, max_size=15),
    count=st.integers(2, 4),
)
def test_any_groups_are_dealt_whole(cells: list[list[int]], count: int) -> None:
    from mien.datasets.preparation.splits import assign_splits

    cells = [[first + 1, second] for first, second in cells]
    labels = np.repeat([0, 1] * len(cells), np.ravel(cells))
    units = np.repeat(np.arange(len(cells)), [sum(one) for one in cells])
    folds = assign_splits(labels, units, [1 / count] * count, seed=0)
    assert set(folds) == set(range(count))
    assert all(len(set(folds[units == unit])) == 1 for unit in range(len(cells)))


@pytest.mark.parametrize(
    ("faces", "count", "message"),
    [
        (HalfBright(60), 3, "nobody knows who is who"),
        (OfPersons(60), 9, "too few for 9 folds"),
        (OfPersons(60, unknown=10), None, "cannot be left out one at a time"),
    ],
)
def test_what_cannot_be_dealt_is_one_line(
    faces: HalfBright, count: int | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message) as error:
        deal(prepared(faces, tmp_path / "set"), count, 0.2, seed=0)
    assert "\n" not in str(error.value)


def faces_of(labels: Sequence[int], group: Sequence[int]) -> _Faces:
    numbers: IntArray = np.array(group, dtype=np.int64)
    names = tuple(f"person {number}" for number in range(max(group) + 1))
    return _Faces(np.array(labels, dtype=np.int64), numbers, names, numbers)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 0, 0, 0, 0], "fold 1 has no face of 'up' to learn from"),
        ([0, 1, 0, 1, 0, 0], ""),
        ([0, 1, 0, 0, 1, 1], "in fold 1 no group can be spared"),
    ],
)
def test_a_class_is_never_missing_in_what_is_learnt_from(
    persons: Dataset, labels: list[int], message: str
) -> None:
    faces = faces_of(labels, [0, 0, 1, 1, 2, 2])
    left_out = faces.group == 0

    def fold() -> Fold:
        return _fold(persons, faces, left_out, 0, 0.1, 0, "")

    if message:
        with pytest.raises(DatasetError, match=message):
            fold()
    else:
        # Who alone still shows a class is learnt from, and the other one is judged by.
        assert fold().split.tolist() == [2, 2, 0, 0, 1, 1]


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    dataset = prepared(OfPersons(48), tmp_path / "set")
    (shard,) = dataset.shards("train")
    data = bytearray(shard.read_bytes())
    data[4:-4000] = bytes(len(data) - 4004)
    opened = load_dataset(dataset.path)
    shard.write_bytes(data)
    with pytest.raises(DatasetError, match="damaged"):
        deal(opened, 3, 0.2, seed=0)
