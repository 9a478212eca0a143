"""Every view of a face is answered by the teachers, and blended with what people said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from mien.errors import TrainingError
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.device import Compute
from mien.training.expression.distill import distillation_set
from mien.training.expression.faces import FaceStore
from mien.training.expression.settings import TrainSettings
from mien.training.expression.teachers import Teacher
from mien.types import ignore_progress

CLASSES = ("dark", "middle", "bright")
CPU = Compute(torch.device("cpu"), bf16=False)
SETTINGS = TrainSettings(teacher_views=3, teacher_weight=0.25)


@pytest.fixture
def store() -> FaceStore:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (70, 16, 16, 1), dtype=np.uint8)
    images[:35] //= 4
    labels = np.arange(70) % 3
    return FaceStore.of_one_source(images, np.eye(3, dtype=np.float32)[labels], labels)


def teach(
    store: FaceStore, folder: Path, *bundles: Path, settings: TrainSettings = SETTINGS
) -> list[FaceStore]:
    loaded = [load_bundle(path) for path in bundles]
    return distillation_set(store, store, CLASSES, loaded, settings, folder, CPU, ignore_progress)


def test_each_view_is_answered_and_blended(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=16)
    ask = OnnxClassifier(load_bundle(path))
    views = teach(store, tmp_path, path)
    assert len(views) == 3
    for view in views:
        assert view.changed
        assert view.images.shape == store.images.shape
        people = (view.soft - 0.25 * ask(np.array(view.images))) / 0.75
        assert np.allclose(people.sum(axis=1), 1, atol=1e-5)
        own = people[np.arange(70), store.labels]
        assert (own > 0.5 - 1e-5).all()
        assert 20 < np.isclose(own, 1, atol=1e-5).sum() < 70  # the others show a second face
        assert view.labels is store.labels


def test_views_differ_from_the_face_and_from_each_other(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    views = teach(store, tmp_path, make_bundle("teacher", labels=CLASSES, size=16))
    seen = [store.images, *(view.images for view in views)]
    for i, first in enumerate(seen):
        for second in seen[i + 1 :]:
            assert (first != second).any(axis=(1, 2, 3)).all()


def test_classes_are_matched_by_name(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_bundle("teacher", labels=("bright", "dark", "middle"), size=16)
    settings = msgspec.structs.replace(SETTINGS, teacher_weight=1.0)
    (view, *_) = teach(store, tmp_path, path, settings=settings)
    said = OnnxClassifier(load_bundle(path))(np.array(view.images))
    assert np.allclose(view.soft, said[:, [1, 2, 0]], atol=1e-6)


def test_several_teachers_are_averaged(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    one = make_bundle("one", labels=CLASSES, size=16)
    two = make_bundle("two", labels=CLASSES[::-1], size=16)
    settings = msgspec.structs.replace(SETTINGS, teacher_weight=1.0)
    (view, *_) = teach(store, tmp_path, one, two, settings=settings)
    said = OnnxClassifier(load_bundle(one))(np.array(view.images))
    assert np.allclose(view.soft, (said + said[:, ::-1]) / 2, atol=1e-6)


def test_a_teacher_sees_the_same_change_in_more_pixels(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=32)
    large = replace(store, images=store.images.repeat(2, axis=1).repeat(2, axis=2))
    settings = msgspec.structs.replace(SETTINGS, teacher_weight=1.0)
    loaded = [load_bundle(path)]
    (view, *_) = distillation_set(
        store, large, CLASSES, loaded, settings, tmp_path, CPU, ignore_progress
    )
    assert view.images.shape == store.images.shape
    # The stub answers by what is bright, which halving the size leaves as it is.
    enlarged = np.array(view.images).repeat(2, axis=1).repeat(2, axis=2)
    assert np.allclose(view.soft, OnnxClassifier(loaded[0])(enlarged), atol=0.02)


def test_soft_targets_are_kept_for_a_resumed_run(
    store: FaceStore,
    make_bundle: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=16)
    first = teach(store, tmp_path, path)
    monkeypatch.setattr(Teacher, "ask", None)
    again = teach(store, tmp_path, path)
    assert all(np.array_equal(a.soft, b.soft) for a, b in zip(first, again, strict=True))


def test_other_seed_gives_other_soft_targets(
    store: FaceStore, make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_bundle("teacher", labels=CLASSES, size=16)
    first = teach(store, tmp_path, path)
    other = teach(store, tmp_path, path, settings=msgspec.structs.replace(SETTINGS, seed=1))
    assert not np.array_equal(first[0].images, other[0].images)


@pytest.mark.parametrize(
    ("labels", "size", "message"),
    [
        (("dark", "bright"), 16, "knows dark, bright, but the data set has dark, middle, bright"),
        (CLASSES, 8, "takes faces of 8 px and 1 channels, but the run is set to 16 px and 1"),
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
    assert not list(tmp_path.glob("distillation-*"))


def test_other_faces_labels_or_code_give_other_soft_targets(
    store: FaceStore,
    make_bundle: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One folder of answers is kept, and it is never one of something else."""
    path = make_bundle("teacher", labels=CLASSES, size=16)
    names = set()
    for digest in ("one", "other"):
        teach(replace(store, digest=digest), tmp_path / "run", path)
        names |= {place.name for place in (tmp_path / "run").iterdir()}
    monkeypatch.setattr("mien.training.expression.distill.code_of", lambda *_: ["changed"])
    teach(replace(store, digest="other"), tmp_path / "run", path)
    names |= {place.name for place in (tmp_path / "run").iterdir()}
    assert len(names) == 3
    assert len(list((tmp_path / "run").iterdir())) == 1
