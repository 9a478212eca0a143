"""Features of validation faces lie beside a graph, and are told from what is damaged."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from mien.errors import BundleError
from mien.models.bundle import FEATURES, Bundle, load_bundle, write_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.expression import features
from mien.training.expression.calibrate import NOT_READ
from mien.training.expression.faces import FaceStore
from mien.training.expression.features import pack_features
from mien.training.expression.known import read_features
from mien.types import PixelArray

MakeBundle = Callable[..., Path]
FACES = np.random.default_rng(0).integers(0, 256, (6, 1, 1, 1), np.uint8)
TRUTH = np.array([0, 1, NOT_READ, 3, 2, 0])
SOURCE = np.array([0, 1, 0, 0, 1, 0])


@pytest.fixture
def bundle(make_bundle: MakeBundle) -> Bundle:
    """A bundle of four labels whose graph gives one feature."""
    return load_bundle(make_bundle(features=True))


def store(images: PixelArray) -> FaceStore:
    """Faces of two sources."""
    soft = np.full((len(images), 5), 0.2, np.float32)
    one = FaceStore.of_one_source(images, soft, np.zeros(len(images), np.int64))
    return replace(one, sources=("mine", "theirs"), source=SOURCE[: len(images)])


def kept(bundle: Bundle, data: bytes | None) -> Bundle:
    """Return the bundle with such a file."""
    write_bundle(bundle.path, bundle.info, bundle.graph, "# A card", features=data)
    return load_bundle(bundle.path)


def test_features_of_the_named_sources_are_kept(bundle: Bundle) -> None:
    faces = np.broadcast_to(FACES, (6, 48, 48, 1))
    data = pack_features(bundle.graph, store(faces), TRUTH, 4, ["mine"])
    known = read_features(kept(bundle, data))
    mine = SOURCE == 0
    wanted = OnnxClassifier(bundle).features(np.ascontiguousarray(faces[mine]))
    np.testing.assert_allclose(known.features, wanted, atol=1e-3)
    assert known.features.dtype == np.float32
    assert known.labels.tolist() == [0, 4, 3, 0]


@pytest.mark.parametrize("sources", [(), ("strangers",)])
def test_nothing_is_kept_of_sources_that_are_not_named(
    bundle: Bundle, sources: tuple[str, ...]
) -> None:
    faces = np.broadcast_to(FACES, (6, 48, 48, 1))
    assert pack_features(bundle.graph, store(faces), TRUTH, 4, sources) is None
    with pytest.raises(BundleError, match=f"holds no {FEATURES}.*--features-of"):
        read_features(kept(bundle, None))


@pytest.mark.parametrize(("limit", "most"), [("MAX_FACES", 2), ("MAX_BYTES", 8)])
def test_as_many_are_kept_as_there_is_room_for_evenly_drawn(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(features, limit, most)
    faces = np.broadcast_to(FACES, (6, 48, 48, 1))
    data = pack_features(bundle.graph, store(faces), TRUTH, 4, ["mine", "theirs"])
    known = read_features(kept(bundle, data))
    assert known.labels.tolist() == [TRUTH[0], TRUTH[5]]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "no features of faces"),
        (b"9" * 20, "no features of faces"),
        (save({"features": np.zeros((2, 3), np.float16)}), "labels"),
        (save({"features": np.zeros(2), "labels": np.zeros(2, np.uint16)}), "labels"),
        (save({"features": np.zeros((2, 3)), "labels": np.zeros(3, np.uint16)}), "labels"),
        (save({"features": np.zeros((2, 3)), "labels": np.zeros(2)}), "labels"),
        (save({"features": np.zeros((2, 3)), "labels": np.full(2, 5, np.uint16)}), "has not"),
        (save({"features": np.zeros((2, 3)), "labels": np.full(2, -1)}), "has not"),
        (save({"features": np.full((2, 3), np.nan), "labels": np.zeros(2, np.int64)}), "finite"),
    ],
)
def test_a_damaged_file_is_named(bundle: Bundle, data: bytes, word: str) -> None:
    with pytest.raises(BundleError, match=word) as caught:
        read_features(kept(bundle, data))
    assert str(bundle.path / FEATURES) in str(caught.value)
