"""Files of Keras 1, 2 and 3 load to the network that was saved; what does not fit is refused."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("h5py") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)

import h5py

from mien.errors import BundleError, MissingExtraError
from mien.keras.network import ImportedNetwork, load_network
from mien.keras.source import KerasSource, read_source
from mien.types import PixelArray

# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
Edited = Callable[[Callable[[Any], None]], Path]
Faces = Callable[..., PixelArray]
Same = Callable[..., None]


@pytest.fixture
def same(demo: Any, faces: Faces) -> Callable[..., None]:
    """Check that a file loads to the demo's network: same(weights, architecture=None)."""

    def check(path: Path, architecture: Path | None = None) -> None:
        network = ImportedNetwork(load_network(read_source(path, architecture)), "0..1")
        pictures = faces(3) / np.float32(255)
        with torch.no_grad():
            logits = network(torch.from_numpy(pictures.transpose(0, 3, 1, 2)))
        wanted = demo.predict(pictures, verbose=0)
        np.testing.assert_allclose(torch.softmax(logits, 1), wanted, atol=1e-5)

    return check


@pytest.mark.parametrize("weights", ["only.weights.h5", "legacy.h5", "model.h5", "model.keras"])
def test_architecture_and_weights(same: Same, keras_files: Path, weights: str) -> None:
    with (
        h5py.File(keras_files / "model.h5") as whole,
        h5py.File(keras_files / "legacy.h5", "w") as alone,
    ):
        group = whole["model_weights"]
        alone.attrs.update(group.attrs)
        for name in group:
            group.copy(name, alone)
    same(keras_files / weights, keras_files / "model.json")


def test_architecture_of_keras_2(same: Same, keras_files: Path, tmp_path: Path) -> None:
    with h5py.File(keras_files / "model.h5") as file:
        config = json.loads(file.attrs["model_config"])
    for layer in config["config"]["layers"]:
        layer["config"]["dtype"] = "mixed_float16"
        if "kernel_initializer" in layer["config"]:
            own = {"class_name": "MyOwnPenalty", "config": {"weight": 1}}
            layer["config"] |= {"kernel_regularizer": own, "kernel_constraint": own}
    first = config["config"]["layers"].pop(0)
    shape = first["config"]["batch_shape"]
    config["config"]["layers"][0]["config"]["batch_input_shape"] = shape
    for inner in (config["config"], config["config"]["layers"]):
        (tmp_path / "old.json").write_text(json.dumps({**config, "config": inner}))
        same(keras_files / "model.h5", tmp_path / "old.json")


def test_whole_model_of_keras_1(same: Same, keras_files: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.h5"
    old.write_bytes((keras_files / "model.h5").read_bytes())
    unused = {"init": "glorot_uniform", "W_regularizer": None, "b_constraint": None}
    image = {"border_mode": "valid", "dim_ordering": "tf"}
    convolution = {**unused, **image, "bias": True}
    layers = [
        ("Convolution2D", {"nb_filter": 4, "nb_row": 5, "nb_col": 5, "subsample": [1, 1]}),
        ("MaxPooling2D", {"pool_size": [5, 5], "strides": [2, 2], **image}),
        ("Convolution2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 3, "subsample": [2, 2]}),
        ("BatchNormalization", {"mode": 0, "axis": -1, "epsilon": 1e-3, "momentum": 0.99}),
        ("Activation", {"activation": "relu"}),
        ("AveragePooling2D", {"pool_size": [3, 3], "strides": [2, 2], **image}),
        ("Flatten", {}),
        ("Dropout", {"p": 0.5}),
        ("Dense", {"output_dim": 4, "activation": "softmax", "input_dim": None, "bias": True}),
    ]
    for number, (kind, config) in enumerate(layers):
        config |= convolution if kind == "Convolution2D" else {}
        config |= {**unused, "input_dim": None} if kind == "Dense" else {}
        config |= {"name": f"layer_{number}", "trainable": True}
    first = {"activation": "relu", "batch_input_shape": [None, 48, 48, 1], "input_dtype": "float32"}
    layers[0][1].update(first)
    layers[2][1].update(activation="linear")
    config = [{"class_name": kind, "config": config} for kind, config in layers]
    with h5py.File(old, "a") as file:
        del file.attrs["backend"], file.attrs["keras_version"]
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config})
    same(old)


def test_nested_models_and_branches(keras: Any, tmp_path: Path) -> None:
    inputs = keras.Input((16, 16, 1))
    inner = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Conv2D(2, 3, padding="same")])
    left, right = inner(inputs), keras.layers.RandomFlip()(inputs)
    joined = keras.layers.Concatenate()([left, keras.layers.LeakyReLU(0.1)(right)])
    flat = keras.layers.Flatten()(keras.layers.Add()([joined, joined]))
    model = keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(3)(flat)))
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        loaded = load_network(read_source(tmp_path / name))
        assert (loaded.size, loaded.channels, loaded.head) == (16, 1, "softmax")
        pictures = np.random.default_rng(0).random((2, 16, 16, 1), dtype=np.float32)
        given = loaded.model.predict(pictures, verbose=0)
        np.testing.assert_allclose(given, model.predict(pictures, verbose=0), atol=1e-6)


def keras_2(class_name: str, name: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    """Return a layer as Keras 2 lists it in a functional model."""
    config = {"name": name, "trainable": True, "dtype": "float32", **config}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": list(nodes)}


def test_nested_model_of_keras_2(keras: Any) -> None:
    image = {"batch_input_shape": [None, 16, 16, 1], "ragged": False, "sparse": False}
    kernel = {"kernel_size": [3, 3], "groups": 1}
    inner = [
        keras_2("InputLayer", "in", **image),
        keras_2("DepthwiseConv2D", "b/d", [["in", 0, 0, {}]], **kernel),
        keras_2("BatchNormalization", "n", [["b/d", 0, 0, {}]], axis=[3]),
        keras_2("SeparableConv2D", "s", [["n", 0, 0, {}]], filters=2, **kernel),
    ]
    augment = [
        {"class_name": "RandomFlip", "config": {"name": "f", "mode": "horizontal", "seed": None}},
        {"class_name": "RandomHeight", "config": {"name": "h", "factor": 0.1}},
    ]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["s", 0, 0]]}
    layers = [
        keras_2("InputLayer", "i", **image),
        keras_2("Sequential", "augment", [["i", 0, 0, {}]], layers=augment),
        keras_2("TFOpLambda", "half", ["augment", 0, 0, {"y": 2.0, "name": None}],
                function="math.truediv"),
        keras_2("Functional", "base", [["half", 0, 0, {"training": False}]], layers=inner, **ends),
        keras_2("GlobalAveragePooling2D", "p", [["base", 1, 0, {}]], keepdims=False),
        keras_2("Dense", "out", [["p", 0, 0, {}]], units=2, activation="softmax"),
    ]  # fmt: skip
    ends = {"input_layers": [["i", 0, 0]], "output_layers": [["out", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}}
    rng = np.random.default_rng(0)
    shapes = {"b/d/depthwise_kernel": (3, 3, 1, 1), "b/d/bias": 1, "n/gamma": 1, "n/beta": 1,
              "s/depthwise_kernel": (3, 3, 1, 1), "s/pointwise_kernel": (1, 1, 1, 2), "s/bias": 2,
              "n/moving_mean": 1, "n/moving_variance": 1}  # fmt: skip
    saved = {name: rng.random(shape, np.float32) for name, shape in shapes.items()}
    head = {"out/kernel": rng.random((2, 2), np.float32), "out/bias": rng.random(2, np.float32)}
    named = [(f"{name}:0", array) for name, array in saved.items()]
    weights = [("base", named), ("out", [(f"{name}:0", array) for name, array in head.items()])]
    loaded = load_network(KerasSource(Path("m.h5"), None, "", config, True, weights))

    layers = keras.layers
    plain = keras.Sequential([
        keras.Input((16, 16, 1)), layers.Rescaling(0.5), layers.DepthwiseConv2D(3),
        layers.BatchNormalization(), layers.SeparableConv2D(2, 3),
        layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    order = ["b/d/depthwise_kernel", "b/d/bias", "n/gamma", "n/beta", "n/moving_mean",
             "n/moving_variance", "s/depthwise_kernel", "s/pointwise_kernel", "s/bias"]  # fmt: skip
    plain.set_weights([*(saved[name] for name in order), *head.values()])
    pictures = rng.random((3, 16, 16, 1), np.float32)
    given, wanted = (model.predict(pictures, verbose=0) for model in (loaded.model, plain))
    np.testing.assert_allclose(given, wanted, atol=1e-6)


def test_message_keeps_its_cause() -> None:
    layer = {
        "class_name": "Conv2D",
        "config": {"name": "c", "filters": 1, "kernel_size": 3, "my_own": 3},
    }
    layer |= {"module": "keras.layers"}
    config = {
        "class_name": "Sequential",
        "module": "keras",
        "config": {"name": "m", "layers": [layer]},
    }
    with pytest.raises(BundleError, match=r"m\.h5: Keras cannot build .*Conv2D: .*my_own"):
        load_network(KerasSource(Path("m.h5"), None, "", config, True, []))


@pytest.mark.parametrize("scale", ["0..1", "-1..1", "0..255", "standardised"])
def test_pixels_are_scaled_as_said(faces: Faces, keras_files: Path, scale: Any) -> None:
    network = ImportedNetwork(load_network(read_source(keras_files / "model.keras")), scale)
    pixels = faces(3).astype(np.float64)
    pixels[0] = 77  # a flat picture has no deviation to divide by
    mean, deviation = (f(pixels, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    wanted = {
        "0..1": pixels / 255,
        "-1..1": pixels / 127.5 - 1,
        "0..255": pixels,
        "standardised": (pixels - mean) / np.maximum(deviation, 1 / 48),
    }
    pictures = torch.from_numpy(pixels.transpose(0, 3, 1, 2)).float() / 255
    np.testing.assert_allclose(network.prepare(pictures), wanted[scale], atol=2e-3, rtol=1e-4)


def test_probabilities_of_zero_can_be_calibrated(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((16, 16, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")]
    )
    kernel = np.tile(np.array([[1000.0, -1000.0]], np.float32), (256, 1))
    model.set_weights([kernel, np.zeros(2, np.float32)])
    model.save(tmp_path / "sure.keras")
    network = ImportedNetwork(load_network(read_source(tmp_path / "sure.keras")), "0..1")
    with torch.no_grad():
        assert torch.isfinite(network(torch.ones(1, 1, 16, 16))).all()


UNFIT_INPUTS = {
    "flat": ((64,), r"takes \[N,64\]"),
    "small": ((8, 8, 1), r"takes \[N,8,8,1\]"),
    "oblong": ((48, 32, 1), r"takes \[N,48,32,1\]"),
    "four channels": ((48, 48, 4), r"takes \[N,48,48,4\]"),
    "any size": ((None, None, 1), r"takes \[N,N,N,1\]"),
}


@pytest.mark.parametrize("name", UNFIT_INPUTS)
def test_unfit_input_is_refused(keras: Any, name: str, tmp_path: Path) -> None:
    shape, message = UNFIT_INPUTS[name]
    inputs = keras.Input(shape)
    pooled = inputs if len(shape) == 1 else keras.layers.GlobalAveragePooling2D()(inputs)
    keras.Model(inputs, keras.layers.Dense(4)(pooled)).save(tmp_path / "model.keras")
    with pytest.raises(BundleError, match=message):
        load_network(read_source(tmp_path / "model.keras"))


def test_unfit_outputs_are_refused(keras: Any, tmp_path: Path) -> None:
    inputs, layers = keras.Input((16, 16, 1)), keras.layers
    flat = layers.Flatten()(inputs)
    cases = {
        r"gives \[N,16,16,4\]": layers.Dense(4)(inputs),
        "ends in sigmoid": layers.Dense(4, activation="sigmoid")(flat),
        "ends in Flatten": flat,
        "2 outputs": [layers.Dense(4)(flat), layers.Dense(2)(flat)],
    }
    for message, outputs in cases.items():
        keras.Model(inputs, outputs).save(tmp_path / "model.keras")
        with pytest.raises(BundleError, match=message):
            load_network(read_source(tmp_path / "model.keras"))


def test_weights_of_another_network_are_refused(
    keras: Any, keras_files: Path, tmp_path: Path
) -> None:
    layers = [keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(4)]
    (tmp_path / "other.json").write_text(keras.Sequential(layers).to_json())
    with pytest.raises(BundleError, match="weights do not fit"):
        load_network(read_source(keras_files / "model.h5", tmp_path / "other.json"))


def test_network_that_never_saw_a_picture_is_refused(
    keras: Any, keras_files: Path, tmp_path: Path
) -> None:
    (tmp_path / "new.json").write_text(keras.Sequential([keras.layers.Dense(4)]).to_json())
    with pytest.raises(BundleError, match="does not say what pictures it takes"):
        load_network(read_source(keras_files / "model.h5", tmp_path / "new.json"))


def test_layer_that_keras_cannot_build_is_refused(keras_files: Path, tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 16, 16, 1]}},
        {"class_name": "Dense", "config": {"units": -1}},
    ]
    config = {"class_name": "Sequential", "config": {"name": "bad", "layers": layers}}
    (tmp_path / "bad.json").write_text(json.dumps(config))
    with pytest.raises(BundleError, match="Keras cannot build the model") as raised:
        load_network(read_source(keras_files / "model.h5", tmp_path / "bad.json"))
    assert len(str(raised.value)) < 500


def test_weights_that_are_no_numbers_are_refused(demo: Any, edited: Edited) -> None:
    def spoil(file: Any) -> None:
        group = file["model_weights"][demo.layers[-1].name]
        group[group.attrs["weight_names"][-1]][:] = np.nan

    with pytest.raises(BundleError, match="weights that are no numbers"):
        load_network(read_source(edited(spoil)))


def test_without_keras_the_extra_is_named(
    keras_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingExtraError, match=r"\[keras\]"):
        load_network(read_source(keras_files / "model.keras"))


def test_another_backend_is_named(
    keras: Any, keras_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(BundleError, match="runs on jax"):
        load_network(read_source(keras_files / "model.keras"))


@pytest.mark.heavy
def test_importing_keras_leaves_home_environment_and_a_redirected_stderr_alone(
    tmp_path: Path,
) -> None:
    code = (
        "import contextlib, io, logging.config, os, torch\n"
        "from mien.keras.network import import_keras_on_torch\n"
        "before = dict(os.environ)\n"
        "with contextlib.redirect_stderr(io.StringIO()) as kept:\n"
        "    keras = import_keras_on_torch()\n"
        "changed = {key for key, _ in os.environ.items() ^ before.items()}\n"
        "ours = [key for key in changed if key.startswith(('KERAS', 'TF_'))]\n"
        "logging.config.dictConfig({'version': 1})\n"
        "print(ours, keras.backend.backend(), kept.closed)\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "KERAS_BACKEND": "jax"}
    # Keras imports matplotlib, which would list all fonts anew.
    environment.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]", "torch", "False"]
    assert not (tmp_path / ".keras").exists()
