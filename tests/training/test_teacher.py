"""What teachers say is blended with what people said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.bundle import load_bundle
from mien.classifier import OnnxClassifier
from mien.errors import TrainingError
from mien.training.store import FaceStore
from mien.training.teacher import taught
from mien.types import ignore_progress

CLASSES = ("dark", "middle", "bright")


@pytest.fixture
def store() -> FaceStore:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (70, 16, 16, 1), dtype=np.uint8)
    images[:35] //= 4
    labels = np.arange(70) % 3
    return FaceStore(images, np.eye(3, dtype=np.float32)[labels], labels)


def teach(store: FaceStore, folder: Path, *bundles: Path, weight: float = 0.25) -> FaceStore:
    loaded = [load_bundle(path) for path in bundles]
    return taught(store, CLASSES, loaded, weight, folder, ignore_progress)


def test_shares_are_blended(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=16)
    said = OnnxClassifier(load_bundle(path))(store.images)
    result = teach(store, tmp_path, path)
    # The tiny graph looks at brightness only, so the mirrored face is read alike.
    assert np.allclose(result.soft, 0.75 * store.soft + 0.25 * said, atol=1e-6)
    assert np.allclose(result.soft.sum(axis=1), 1, atol=1e-5)
    assert result.images is store.images
    assert result.labels is store.labels


def test_classes_are_matched_by_name(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_bundle("teacher", labels=("bright", "dark", "middle"), size=16)
    said = OnnxClassifier(load_bundle(path))(store.images)
    result = teach(store, tmp_path, path, weight=1.0)
    assert np.allclose(result.soft, said[:, [1, 2, 0]], atol=1e-6)


def test_several_teachers_are_averaged(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    one = make_bundle("one", labels=CLASSES, size=16)
    two = make_bundle("two", labels=CLASSES[::-1], size=16)
    said = OnnxClassifier(load_bundle(one))(store.images)
    result = teach(store, tmp_path, one, two, weight=1.0)
    assert np.allclose(result.soft, (said + said[:, ::-1]) / 2, atol=1e-6)


def test_answers_are_asked_for_once(
    store: FaceStore,
    make_bundle: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=16)
    first = teach(store, tmp_path, path)
    monkeypatch.setattr("mien.training.teacher.OnnxClassifier", None)
    assert np.array_equal(teach(store, tmp_path, path).soft, first.soft)


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
    tmp_path: Path,
    labels: tuple[str, ...],
    size: int,
    message: str,
) -> None:
    path = make_bundle("teacher", labels=labels, size=size)
    with pytest.raises(TrainingError, match=message):
        teach(store, tmp_path, path)
