"""A bundle becomes a Keras model that answers as its network in floats; and comes back."""

import functools
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mien.errors import BundleError, SettingsError, TrainingError
from mien.keras import network as keras_network
from mien.keras.export import run as module
from mien.keras.export.run import TOLERANCE, export_keras
from mien.keras.run import import_keras
from mien.models.bundle import Bundle, load_bundle, write_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.expression.mobilenet import SMALL, FaceMobileNet
from mien.training.expression.network import (
    ARCHITECTURES,
    BaselineNetwork,
    Deployed,
    ResidualNetwork,
)
from mien.training.expression.settings import Architecture, ModelSettings, TrainSettings
from mien.training.expression.weights import network_from_bundle, pack_weights
from mien.training.onnx_export import shrink

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.usefixtures("quick_export"),
]
LEARNT = ("calm", "angry", "sad", "happy", "tense")
READ = ("happy", "angry")


def bundle_of(
    make_bundle: Callable[..., Path],
    arch: Architecture,
    size: int,
    channels: int = 1,
    reads: tuple[str, ...] = LEARNT,
) -> Bundle:
    """Write a bundle with float weights; its graph is another one, as those in 8 bits are."""
    torch.manual_seed(0)
    network = ARCHITECTURES[arch](len(LEARNT), channels, size)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.5, 0.5)  # type: ignore[arg-type]
            nn.init.uniform_(part.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    settings = TrainSettings(arch=arch, size=size, channels=channels)
    known = load_bundle(make_bundle(arch, labels=reads, size=size, other=len(reads) < len(LEARNT)))
    packed = pack_weights(shrink(network), settings, LEARNT)
    return write_bundle(known.path, known.info, known.graph, "# A card", weights=packed)


def wanted(bundle: Bundle, faces: Any) -> Any:
    reads = [LEARNT.index(label) for label in bundle.info.labels]
    deployed = Deployed(network_from_bundle(bundle), bundle.info.temperature, reads).eval()
    with torch.no_grad():
        return deployed(torch.from_numpy(faces))[0].numpy()


@pytest.mark.parametrize(
    ("arch", "build", "size", "reads"),
    [
        # 24 px become 12, 6, 3, 2: a pool that hangs over the edge.
        ("residual", functools.partial(ResidualNetwork, stages=((16, 1),) * 4), 24, READ),
        (
            "residual-deep",
            functools.partial(ResidualNetwork, stages=((8, 2),), stride=2),
            32,
            LEARNT,
        ),
        ("mobilenet-small", functools.partial(FaceMobileNet, shape=SMALL), 16, LEARNT[:4]),
        ("baseline", BaselineNetwork, 48, LEARNT[::-1]),
    ],
)
def test_answers_as_the_network_does(
    make_bundle: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    keras: Any,
    tmp_path: Path,
    arch: Architecture,
    build: Any,
    size: int,
    reads: tuple[str, ...],
) -> None:
    monkeypatch.setitem(ARCHITECTURES, arch, build)
    bundle, out = bundle_of(make_bundle, arch, size, reads=reads), tmp_path / "out.keras"
    result = export_keras(bundle.path, out)
    assert result.parity <= TOLERANCE
    assert not result.as_bundle
    model = keras.saving.load_model(out)
    faces = np.random.default_rng(7).integers(0, 256, (3, size, size, 1), np.uint8)
    flat = np.full((1, size, size, 1), 127, np.uint8)
    for some in (faces, faces // 8 + 40, flat):
        for pixels in (some, some.astype(np.float32)):
            given = model.predict(pixels, verbose=0)
            np.testing.assert_allclose(given, wanted(bundle, some), atol=TOLERANCE)
    assert given.shape == (1, len(reads) + (len(reads) < len(LEARNT)))
    assert {type(layer).__module__.partition(".")[0] for layer in model.layers} == {"keras"}
    assert model.get_layer("head").units == len(LEARNT)


def test_learns_on(
    make_bundle: Callable[..., Path], keras: Any, tmp_path: Path, tiny_network: None
) -> None:
    bundle, out = bundle_of(make_bundle, "residual", 16, reads=READ), tmp_path / "out.keras"
    export_keras(bundle.path, out)
    model = keras.saving.load_model(out)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    faces = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1), np.uint8)
    before = [np.array(weight) for weight in model.get_weights()]
    losses = model.fit(faces, np.arange(8) % 3, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert any((one != other).any() for one, other in zip(before, model.get_weights(), strict=True))


def test_file_says_what_keras_has_no_place_for(
    make_bundle: Callable[..., Path], tmp_path: Path, tiny_network: None
) -> None:
    bundle, out = bundle_of(make_bundle, "residual", 16, reads=READ), tmp_path / "out.keras"
    export_keras(bundle.path, out)
    with zipfile.ZipFile(out) as archive:
        told = json.loads(archive.read("metadata.json"))
        text = archive.read("config.json").decode()
    assert told["keras_version"]
    assert told["mien"]["labels"] == list(READ)
    assert told["mien"]["other"] is True
    assert told["mien"]["terms"]["weights"] == "MIT"
    assert "Lambda" not in text


@pytest.mark.parametrize("reads", [READ, LEARNT])
def test_comes_back_as_a_bundle(
    make_bundle: Callable[..., Path], tmp_path: Path, tiny_network: None, reads: tuple[str, ...]
) -> None:
    bundle, out = bundle_of(make_bundle, "residual", 16, reads=reads), tmp_path / "out.keras"
    export_keras(bundle.path, out)
    settings = ModelSettings(name="back", weights_terms="MIT", command="a test")
    other = len(reads) < len(LEARNT)
    back = import_keras(out, reads, tmp_path / "back", settings, other=other).bundle
    assert (back.info.labels, back.info.other) == (reads, other)
    faces = np.random.default_rng(3).integers(0, 256, (5, 16, 16, 1), np.uint8)
    np.testing.assert_allclose(OnnxClassifier(back)(faces), wanted(bundle, faces), atol=TOLERANCE)
    with pytest.raises(SettingsError, match="gives"):
        import_keras(out, reads, tmp_path / "more", settings, other=not other)


def test_bundle_without_float_weights_is_refused(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=r"holds no weights\.safetensors"):
        export_keras(make_bundle(), tmp_path / "out.keras")
    assert not (tmp_path / "out.keras").exists()


def test_weights_of_other_classes_are_refused(
    make_bundle: Callable[..., Path], tmp_path: Path, tiny_network: None
) -> None:
    bundle = bundle_of(make_bundle, "residual", 16)
    other = load_bundle(make_bundle("other", labels=("a", "b"), size=16))
    write_bundle(other.path, other.info, other.graph, "", weights=bundle.load_weights())
    with pytest.raises(BundleError, match="but the bundle reads a, b"):
        export_keras(other.path, tmp_path / "out.keras")


@pytest.mark.parametrize("name", ["out.h5", "out", "there.keras", "folder.keras"])
def test_place_is_checked_first(tmp_path: Path, name: str) -> None:
    (tmp_path / "there.keras").write_text("mine")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(SettingsError, match=name):
        export_keras(tmp_path / "nowhere", tmp_path / name)
    assert (tmp_path / "there.keras").read_text() == "mine"


def test_what_differs_is_not_written(
    make_bundle: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tiny_network: None,
) -> None:
    bundle, out = bundle_of(make_bundle, "residual", 16), tmp_path / "out.keras"
    out.write_text("former")
    monkeypatch.setattr(module, "TOLERANCE", 0.0)
    with pytest.raises(TrainingError, match="differs from the network"):
        export_keras(bundle.path, out, overwrite=True)
    assert out.read_text() == "former"
    assert not list(tmp_path.glob(".mien-*"))


def test_full_disk_leaves_what_was_there(
    make_bundle: Callable[..., Path], small_disk: Path, tiny_network: None
) -> None:
    bundle, out = bundle_of(make_bundle, "residual", 16), small_disk / "out.keras"
    out.write_text("former")
    with pytest.raises(BundleError, match="cannot be written"):
        export_keras(bundle.path, out, overwrite=True)
    assert out.read_text() == "former"


def test_mean_of_two_models_gives_probabilities(keras: Any) -> None:
    layers, faces = keras.layers, keras.Input((16, 16, 1))
    ends = [layers.Dense(3, activation="softmax")(layers.Flatten()(faces)) for _ in range(2)]
    mean, total = layers.Average()(ends), layers.Add()(ends)
    assert keras_network._check_output(keras, keras.Model(faces, mean), Path("x")) == "softmax"
    with pytest.raises(BundleError, match="ends in Add"):
        keras_network._check_output(keras, keras.Model(faces, total), Path("x"))
