"""A small Keras network of the original demo's kind, trained once, in every form Keras saves."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.types import PixelArray


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras, on PyTorch."""
    from mien.keras.network import import_keras_on_torch

    return import_keras_on_torch()


@pytest.fixture(scope="session")
def faces() -> Callable[..., PixelArray]:
    """Make faces of noise, each with another quarter brighter: faces(count, size, channels)."""

    def make(count: int, size: int = 48, channels: int = 1) -> PixelArray:
        shape = (count, size, size, channels)
        pixels = np.random.default_rng(count).integers(0, 156, shape, dtype=np.uint8)
        for index, face in enumerate(pixels):
            start = index % 4 * size // 4
            face[start : start + size // 4] += 100
        return pixels

    return make


@pytest.fixture(scope="session")
def demo(keras: Any, faces: Callable[..., PixelArray]) -> Any:
    """A network of the demo's kind, trained on faces of noise with a bright quarter."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            layers.Conv2D(4, 5, activation="relu"),
            layers.MaxPooling2D(5, 2),
            layers.Conv2D(8, 3, strides=2),
            layers.BatchNormalization(momentum=0.5),
            layers.Activation("relu"),
            layers.AveragePooling2D(3, 2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(4, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
    pictures, labels = faces(64) / np.float32(255), np.arange(64) % 4
    model.fit(pictures, labels, epochs=10, batch_size=16, verbose=0)
    return model


@pytest.fixture(scope="session")
def keras_files(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network in every form that Keras saves."""
    folder = tmp_path_factory.mktemp("keras")
    demo.save(folder / "model.keras")
    demo.save(folder / "model.h5")
    demo.save_weights(folder / "only.weights.h5")
    (folder / "model.json").write_text(demo.to_json())
    return folder


@pytest.fixture
def edited(keras_files: Path, tmp_path: Path) -> Callable[[Callable[[Any], None]], Path]:
    """Copy the whole model as `.h5` and change the copy: edited(edit)."""

    import h5py

    def make(edit: Callable[[Any], None]) -> Path:
        path = tmp_path / "edited.h5"
        path.write_bytes((keras_files / "model.h5").read_bytes())
        with h5py.File(path, "a") as file:
            edit(file)
        return path

    return make


@pytest.fixture(autouse=True)
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read files in this process: another takes half a second for each, and does the same."""
    if importlib.util.find_spec("h5py") is not None:
        from mien.keras import reading, source

        monkeypatch.setattr(source, "_read_apart", reading.read)
