"""Features of labelled faces: kept for each face, chosen by class, written with what they mean."""

import json
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from safetensors import safe_open
from tests.evaluation.passes import one_pass

from mien.errors import BundleError, SinkError
from mien.evaluation.output.features import FeatureCollector, stratified, write_features
from mien.evaluation.pictures.picture import Picture
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.info import ModelInfo
from mien.types import Box, Face, InputSpec, PixelArray


class Bright:
    """Two features of each face: its mean gray, and that times a factor."""

    labels = ("dark", "bright")
    spec = InputSpec(48, 1, 1.0)

    def __init__(self, factor: float = 0.5) -> None:
        self.factor, self.calls = factor, []

    def features(self, faces: PixelArray) -> np.ndarray:
        self.calls.append(len(faces))
        if not len(faces):
            return np.empty((0, 2), np.float32)
        means = faces.mean(axis=(1, 2, 3), dtype=np.float32)
        return np.stack([means, self.factor * means], axis=1)


def picture(level: int, truth: int, *, found: bool = True) -> Picture:
    image = np.full((48, 48, 3), level, np.uint8)
    face = Face(Box(0, 0, 48, 48), 1.0) if found else None
    return Picture(image, face, True, truth, "somewhere", "")


def test_each_face_has_a_row_in_the_order_of_the_pictures() -> None:
    collector = FeatureCollector(bright := Bright())
    for level in range(100):
        collector.add(picture(level, level % 2))
        collector.add(picture(level, 0, found=False))
    features, labels = collector.finish(None, 0)
    assert (features.dtype, labels.dtype) == (np.float16, np.int16)
    np.testing.assert_allclose(features, np.arange(100)[:, None] * [1, 0.5])
    assert labels.tolist() == [0, 1] * 50
    assert max(bright.calls) < 100, "crops are not all kept"


def test_features_of_an_evaluation(
    make_bundle: Callable[..., Path], make_dataset: Callable[..., object]
) -> None:
    bundle = load_bundle(make_bundle(features=True))
    classifier = OnnxClassifier(bundle)
    collector = FeatureCollector(classifier)
    rows = [("neutral", 255, ""), ("fear", 9, ""), ("angry", None, ""), ("angry", 0, "")]
    dataset = make_dataset(rows, (*bundle.info.labels, "fear"))
    one_pass(classifier, bundle.info, dataset, ignore_unknown=True, watchers=[collector])
    features, labels = collector.finish(None, 0)
    assert labels.tolist() == [3, 0]
    np.testing.assert_allclose(features[:, 0], [127.5 / 64, -127.5 / 64], rtol=1e-3)


def test_bundle_without_features_is_refused_before_the_work(
    make_bundle: Callable[..., Path],
) -> None:
    with pytest.raises(BundleError, match="gives no features"):
        FeatureCollector(OnnxClassifier(load_bundle(make_bundle())))


def test_features_beyond_16_bits_are_refused() -> None:
    collector = FeatureCollector(Bright(factor=1000))
    collector.add(picture(200, 0))
    with pytest.raises(BundleError, match="features up to 200000, beyond 16 bits"):
        collector.finish(None, 0)


@given(st.lists(st.integers(0, 4), max_size=80), st.integers(1, 100), st.integers(0, 5))
def test_every_class_keeps_its_share(given_labels: list[int], count: int, seed: int) -> None:
    labels = np.array(given_labels, np.int16)
    chosen = stratified(labels, count, seed)
    assert len(chosen) == len(set(chosen.tolist())) == min(count, len(labels))
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, stratified(labels, count, seed))
    kinds, sizes = np.unique(labels, return_counts=True)
    if len(kinds) <= count < len(labels):
        taken = np.array([(labels[chosen] == kind).sum() for kind in kinds])
        assert taken.min() >= 1
        assert (np.abs(taken - count * sizes / len(labels)) <= len(kinds)).all()


def test_the_seed_changes_the_choice() -> None:
    labels = np.zeros(200, np.int16)
    assert not np.array_equal(stratified(labels, 20, 0), stratified(labels, 20, 1))


def test_file_says_what_it_holds(info: ModelInfo, tmp_path: Path) -> None:
    features = np.arange(6, dtype=np.float16).reshape(3, 2)
    labels = np.array([2, 0, 1], np.int16)
    path = tmp_path / "features.safetensors"
    write_features(path, features, labels, info, dataset="gray", split="validation")
    with safe_open(path, framework="numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("features"), features)
        np.testing.assert_array_equal(file.get_tensor("labels"), labels)
        assert file.get_tensor("features").dtype == np.float16
        assert file.get_tensor("labels").dtype == np.int16
        header = file.metadata()
    assert json.loads(header.pop("classes")) == list(info.labels)
    assert header == {
        "model": "gray 1.0",
        "sha256": info.sha256,
        "dataset": "gray",
        "split": "validation",
    }


def test_file_that_cannot_be_written_is_named(info: ModelInfo, tmp_path: Path) -> None:
    nothing = np.empty((0, 2), np.float16), np.empty(0, np.int16)
    with pytest.raises(SinkError, match=r"absent/x: the features cannot be written"):
        write_features(tmp_path / "absent" / "x", *nothing, info, dataset="a", split="b")
