"""What teachers say is blended with what people said."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mien.bundle import load_bundle
from mien.classifier import OnnxClassifier
from mien.errors import TrainingError
from mien.training.store import FaceStore
from mien.training.teacher import load_teacher, taught
from mien.types import ignore_progress

CLASSES = ("dark", "middle", "bright")


@pytest.fixture
def store() -> FaceStore:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (70, 16, 16, 1), dtype=np.uint8)
    images[:35] //= 4
    labels = np.arange(70) % 3
    return FaceStore(images, np.eye(3, dtype=np.float32)[labels], labels)


@dataclass(frozen=True)
class Seventy:
    """A data set's classes and origins, which is all that a teacher needs of it."""

    classes: tuple[str, ...] = CLASSES
    order: tuple[int, ...] = tuple(range(70))

    def rows(self, split: str) -> Iterator["Seventy"]:
        assert split == "train"
        yield self

    @property
    def origins(self) -> list[str]:
        return [f"{index}.png" for index in self.order]


def teach(
    store: FaceStore, *paths: Path, weight: float = 0.25, dataset: Any = None
) -> tuple[FaceStore, pa.Table]:
    loaded = [load_teacher(path) for path in paths]
    return taught(store, dataset or Seventy(), loaded, weight, ignore_progress)


def test_shares_are_blended(store: FaceStore, make_bundle: Callable[..., Path]) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=16)
    said = OnnxClassifier(load_bundle(path))(store.images)
    result, _ = teach(store, path)
    # The tiny graph looks at brightness only, so the mirrored face is read alike.
    assert np.allclose(result.soft, 0.75 * store.soft + 0.25 * said, atol=1e-6)
    assert np.allclose(result.soft.sum(axis=1), 1, atol=1e-5)
    assert result.images is store.images
    assert result.labels is store.labels


def test_classes_are_matched_by_name(store: FaceStore, make_bundle: Callable[..., Path]) -> None:
    path = make_bundle("teacher", labels=("bright", "dark", "middle"), size=16)
    said = OnnxClassifier(load_bundle(path))(store.images)
    result = teach(store, path, weight=1.0)[0]
    assert np.allclose(result.soft, said[:, [1, 2, 0]], atol=1e-6)


def test_several_teachers_are_averaged(store: FaceStore, make_bundle: Callable[..., Path]) -> None:
    one = make_bundle("one", labels=CLASSES, size=16)
    two = make_bundle("two", labels=CLASSES[::-1], size=16)
    said = OnnxClassifier(load_bundle(one))(store.images)
    result = teach(store, one, two, weight=1.0)[0]
    assert np.allclose(result.soft, (said + said[:, ::-1]) / 2, atol=1e-6)


def test_file_of_answers_teaches_the_same(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    first, table = teach(store, make_bundle("teacher", labels=CLASSES, size=16))
    path = tmp_path / "teacher.parquet"
    pq.write_table(table, path)
    assert np.array_equal(teach(store, path)[0].soft, first.soft)
    # The answers go by face, not by place.
    order = tuple(range(70))[::-1]
    turned = replace(store, soft=store.soft[::-1], images=store.images[::-1])
    again, _ = teach(turned, path, dataset=Seventy(order=order))
    assert np.array_equal(again.soft, first.soft[::-1])


def test_answers_that_do_not_fit_are_refused(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    _, table = teach(store, make_bundle("teacher", labels=CLASSES, size=16))
    path = tmp_path / "teacher.parquet"
    pq.write_table(table.slice(3), path)
    with pytest.raises(TrainingError, match=r"no answer for 0\.png and 2 other faces"):
        teach(store, path)
    pq.write_table(table.drop_columns(["dark"]), path)
    with pytest.raises(TrainingError, match="answers are of middle, bright, but"):
        teach(store, path)
    pq.write_table(table.drop_columns(["origin"]), path)
    with pytest.raises(TrainingError, match="no column 'origin'"):
        teach(store, path)
    path.write_bytes(b"no table")
    with pytest.raises(TrainingError, match="cannot be read"):
        teach(store, path)


@pytest.mark.parametrize(
    ("labels", "size", "message"),
    [
        (("dark", "bright"), 16, "knows dark, bright, but the data set has dark, middle, bright"),
        (CLASSES, 48, r"takes faces of \(48, 48, 1\), but the run is set to \(16, 16, 1\)"),
    ],
)
def test_teacher_that_does_not_fit_is_named(
    store: FaceStore,
    make_bundle: Callable[..., Path],
    labels: tuple[str, ...],
    size: int,
    message: str,
) -> None:
    path = make_bundle("teacher", labels=labels, size=size)
    with pytest.raises(TrainingError, match=message):
        teach(store, path)
