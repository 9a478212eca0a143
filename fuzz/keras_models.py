"""Keras models as seeds, written without Keras, what reads them, and ways to damage them inside."""

import io
import json
import random
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.mutate import damage, damage_json
from fuzz.seeds import FACE

MODEL: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, FACE, FACE, 1]}},
            {
                "class_name": "Conv2D",
                "config": {"name": "conv", "filters": 2, "kernel_size": [5, 5], "strides": [4, 4]},
            },
            {"class_name": "GlobalAveragePooling2D", "config": {"name": "pool"}},
            {
                "class_name": "Dense",
                "config": {"name": "dense", "units": 2, "activation": "softmax"},
            },
        ],
    },
}
TEXT = json.dumps(MODEL).encode()
KINDS = {"conv": "conv2d", "dense": "dense"}
ARRAYS = {"conv": [(5, 5, 1, 2), (2,)], "dense": [(2, 2), (2,)]}


@cache
def files() -> tuple[bytes, bytes]:
    """Return a model as .h5 and as .keras, written without Keras."""
    import h5py

    text = TEXT.decode()
    old, new, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with h5py.File(old, "w") as file:
        file.attrs["model_config"], file.attrs["backend"] = text, "tensorflow"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in ARRAYS]
        for name, shapes in ARRAYS.items():
            paths = [f"{name}/{part}:0" for part in ("kernel", "bias")]
            layer = group.create_group(name)
            layer.attrs["weight_names"] = [path.encode() for path in paths]
            for path, shape in zip(paths, shapes, strict=True):
                layer[path] = np.full(shape, 0.1, np.float32)
    with h5py.File(new, "w") as file:
        for name, shapes in ARRAYS.items():
            for number, shape in enumerate(shapes):
                file[f"layers/{KINDS[name]}/vars/{number}"] = np.full(shape, 0.1, np.float32)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("config.json", text)
        archive.writestr("metadata.json", '{"keras_version": "3.14.0"}')
        archive.writestr("model.weights.h5", new.getvalue())
    return old.getvalue(), packed.getvalue()


def read(data: bytes, folder: Path, *, build: bool = False) -> None:
    """Read what a Keras file says of itself, and build its network where that is wanted."""
    from mien.keras.config import harmless
    from mien.keras.network import load_network
    from mien.keras.source import read_source

    path = folder / "model.keras"
    path.write_bytes(data)
    source = read_source(path)
    harmless(source.config, path)
    if build:
        load_network(source)


def read_json(data: bytes, folder: Path) -> None:
    """Read an architecture that lies beside its weights."""
    from mien.keras.config import harmless
    from mien.keras.source import read_source

    (folder / "weights.h5").write_bytes(h5_files()[0])
    (folder / "model.json").write_bytes(data)
    harmless(read_source(folder / "weights.h5", folder / "model.json").config, folder)


def in_h5(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change the architecture inside of an HDF5 file; the file stays whole."""
    import h5py

    buffer = io.BytesIO(data)
    try:
        with h5py.File(buffer, "r+") as file:
            text = file.attrs["model_config"]
            raw = text.encode() if isinstance(text, str) else bytes(text)
            file.attrs["model_config"] = np.void(damage_json(rng, raw, ())[:60_000] or b"{")
    except (OSError, KeyError, ValueError, RuntimeError, TypeError):
        return damage(rng, data, others)
    return buffer.getvalue()


def h5_files() -> tuple[bytes, ...]:
    """Return a whole model as .h5."""
    return files()[:1]


def keras_files() -> tuple[bytes, ...]:
    """Return a model as .keras."""
    return files()[1:]


def architectures() -> tuple[bytes, ...]:
    """Return an architecture as JSON."""
    return (TEXT,)
