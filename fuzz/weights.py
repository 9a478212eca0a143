"""Weights and checkpoints as seeds, what reads them, and ways to damage their headers."""

import hashlib
import json
import random
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.models import graph, info, write
from fuzz.mutate import damage, damage_json
from fuzz.seeds import CLASSES, FACE
from mien.models.bundle import FEATURES, WEIGHTS, Bundle, load_bundle

PREFIX = "network."  # before the names of weights in a graph


@cache
def weights() -> tuple[bytes, ...]:
    """Return weights.safetensors of a small network."""
    from mien.training.expression.network import ARCHITECTURES
    from mien.training.expression.settings import TrainSettings
    from mien.training.expression.weights import pack_weights
    from mien.training.onnx_export import shrink

    settings = TrainSettings(arch="residual-small")
    network = shrink(ARCHITECTURES[settings.arch](len(CLASSES), 1, FACE).eval())
    return (pack_weights(network, settings, CLASSES) or b"",)


def read_weights(data: bytes, folder: Path) -> None:
    """Rebuild the network of a bundle with these weights."""
    from mien.training.expression.weights import learnt_classes, network_from_bundle

    bundle = _beside(folder, "weights", WEIGHTS, data)
    learnt_classes(bundle)
    network_from_bundle(bundle)


@cache
def features() -> tuple[bytes, ...]:
    """Return features.safetensors of a few faces."""
    from safetensors.numpy import save

    values = np.random.default_rng(0).random((5, 3)).astype(np.float16)
    return (bytes(save({"features": values, "labels": np.arange(5, dtype=np.uint16) % 3})),)


def read_features(data: bytes, folder: Path) -> None:
    """Read what a bundle keeps of validation faces."""
    from mien.training.expression import known

    known.read_features(_beside(folder, "features", FEATURES, data))


@cache
def adaptable() -> tuple[bytes, ...]:
    """Return the graph of a network whose last layer can be learnt anew."""
    from mien.training.adapt.graph import replace_tail
    from mien.training.adapt.head import Head

    slopes = np.linspace(-1, 1, len(CLASSES))
    return (replace_tail(graph(), Head(slopes[:, None], slopes), len(CLASSES), 1.0),)


def read_adaptable(data: bytes, folder: Path) -> None:
    """Take the last layer out of a bundle with this graph."""
    from mien.models.classifier import OnnxClassifier
    from mien.training.adapt.graph import read_tail

    write(folder, info(), data)
    bundle = load_bundle(folder)
    classifier = OnnxClassifier(bundle)
    if classifier.has_features:
        read_tail(bundle, classifier)


def _beside(folder: Path, kind: str, name: str, data: bytes) -> Bundle:
    """Load a bundle beside whose graph lies a file, with the right hash."""
    digest = hashlib.sha256(data).hexdigest()
    (folder / name).write_bytes(data)
    text = info().replace(
        f'"{kind}_sha256": null'.encode(), f'"{kind}_sha256": "{digest}"'.encode()
    )
    write(folder, text, graph())
    return load_bundle(folder)


@cache
def _network() -> Any:
    from mien.training.expression.network import ARCHITECTURES

    return ARCHITECTURES["residual-small"](len(CLASSES), 1, FACE)


@cache
def named_graphs() -> tuple[bytes, ...]:
    """Return a graph that names its network's weights, as older bundles did; one is in 8 bits."""
    import onnx

    from mien.training.onnx_export import shrink

    model = onnx.load_model_from_string(graph())
    for name, value in shrink(_network().eval()).state_dict().items():
        array = value.numpy()
        if name.endswith("head.bias"):
            parts = [np.zeros(array.shape, np.int8), np.float32(1), np.int8(0)]
            names = [f"{PREFIX}{name}_{end}" for end in ("quantized", "scale", "zero_point")]
            output = f"{PREFIX}{name}_DequantizeLinear_Output"
            model.graph.node.append(onnx.helper.make_node("DequantizeLinear", names, [output]))
        else:
            parts, names = [array], [PREFIX + name]
        for part, told in zip(parts, names, strict=True):
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(part), told))
    return (bytes(model.SerializeToString()),)


def read_start(data: bytes, folder: Path) -> None:
    """Start to learn from a bundle that has only this graph."""
    import torch

    from mien.training.expression.warm_start import warm_start

    write(folder, info(), data)
    warm_start(_network(), load_bundle(folder), CLASSES, torch.zeros(2, 1, FACE, FACE))


def _checkpoint() -> Any:
    import torch
    from torch.optim.swa_utils import AveragedModel

    from mien.training.checkpoint import Checkpoint

    torch.manual_seed(0)
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return Checkpoint(network, AveragedModel(network), optimizer, {}, [{"epoch": 1.0}])


@cache
def checkpoints() -> tuple[bytes, ...]:
    """Return a checkpoint of a run."""
    made = _checkpoint()
    made.keep_best()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        made.save(path, {"size": 48})
        return (path.read_bytes(),)


def read_checkpoint(data: bytes, folder: Path) -> None:
    """Go on from a checkpoint."""
    path = folder / "checkpoint.safetensors"
    path.write_bytes(data)
    _checkpoint().load(path, {"size": 48})


def in_metadata(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change the texts in the header of a safetensors file, which hold JSON themselves."""
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length])
        facts = header["__metadata__"]
        name = rng.choice(list(facts))
        changed = damage_json(rng, facts[name].encode(), ()).decode("utf-8", "replace")
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return damage(rng, data, others)
    facts[name] = changed if rng.random() < 0.9 else None
    if rng.random() < 0.1:
        del facts[name]
    text = json.dumps({key: one for key, one in header.items() if rng.random() < 0.999}).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]
