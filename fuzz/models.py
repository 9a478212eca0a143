"""Models and weights as seeds, and what reads them, each with ways to damage its inside."""

import hashlib
import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from fuzz.mutate import damage
from fuzz.seeds import CLASSES, FACE
from mien.models.bundle import GRAPH, INFO, encode_info, load_bundle, load_detector_bundle
from mien.models.info import DetectorInfo, ModelInfo

NOTHING = "0" * 64
COMMON: dict[str, Any] = {
    "format": 2,
    "name": "tiny",
    "version": "1",
    "sha256": NOTHING,
    "command": "",
    "seed": 0,
    "terms": {"weights": "MIT", "data": [{"source": "lab", "terms": "MIT"}]},
}


@cache
def graph() -> bytes:
    """Return a classifier's graph: the mean brightness decides."""
    import onnx

    helper, proto = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["faces"], ["float"], to=proto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["features"]),
        helper.make_node("MatMul", ["features", "slope"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    constants = {
        "axes": np.array([1, 2, 3], np.int64),
        "last": np.array([1], np.int64),
        "slope": np.array([[-0.01, 0.01]], np.float32),
    }
    outputs = {"probabilities": len(CLASSES), "features": 1}
    made = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("faces", proto.UINT8, ["n", FACE, FACE, 1])],
        [helper.make_tensor_value_info(key, proto.FLOAT, ["n", n]) for key, n in outputs.items()],
        [onnx.numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


@cache
def info() -> bytes:
    """Return a classifier's model.json."""
    values = {
        **COMMON,
        "labels": CLASSES,
        "temperature": 1.0,
        "not_sure_below": 0.4,
        "input": {"size": FACE, "channels": 1, "crop_scale": 1.0, "alignment": "none"},
        "metrics": [
            {"dataset": "lab", "split": "test", "date": "2025-01-31", "values": {"accuracy": 0.5}}
        ],
    }
    return encode_info(msgspec.convert(values, ModelInfo))


def info_of_format_1() -> bytes:
    """Return the same as mien wrote it first."""
    values = json.loads(info())
    del values["terms"], values["weights_sha256"]
    return json.dumps({**values, "format": 1, "licence": "MIT", "training_data": ["lab"]}).encode()


@cache
def detector_info() -> bytes:
    """Return a detector's model.json."""
    values = {
        **COMMON,
        "kind": "detector",
        "channels": 1,
        "multiple": 16,
        "smallest": 9.0,
        "largest": 300.0,
        "min_score": 0.5,
        "max_overlap": 0.4,
        "max_inside": 0.9,
    }
    return encode_info(msgspec.convert(values, DetectorInfo))


@cache
def detector_graph() -> bytes:
    """Return the graph of the detector that mien ships."""
    from mien.registry import DETECTOR_BUNDLE

    return (DETECTOR_BUNDLE / GRAPH).read_bytes()


def write(folder: Path, text: bytes, model: bytes) -> None:
    """Write a bundle whose hash is right wherever the text still has a place for one."""
    (folder / GRAPH).write_bytes(model)
    digest = hashlib.sha256(model).hexdigest().encode()
    (folder / INFO).write_bytes(text.replace(NOTHING.encode(), digest))


def read_info(data: bytes, folder: Path) -> None:
    """Load a bundle with this model.json, and read a face with it."""
    write(folder, data, graph())
    _classify(folder)


def read_graph(data: bytes, folder: Path) -> None:
    """Load a bundle with this graph, and read a face with it."""
    write(folder, info(), data)
    _classify(folder)


def _classify(folder: Path) -> None:
    from mien.models.classifier import OnnxClassifier
    from mien.types import Box, Face
    from mien.vision.crop import crop_faces

    classifier = OnnxClassifier(load_bundle(folder))
    image = np.full((FACE, FACE, 3), 99, np.uint8)
    faces = crop_faces(image, [Face(Box(4, 4, 40, 40), 1.0)], classifier.spec)
    classifier(faces)
    if classifier.has_features:
        classifier.features(faces)


def read_detector_info(data: bytes, folder: Path) -> None:
    """Load a detector with this model.json, and look for faces with it."""
    write(folder, data, detector_graph())
    _detect(folder)


def read_detector_graph(data: bytes, folder: Path) -> None:
    """Load a detector with this graph, and look for faces with it."""
    write(folder, detector_info(), data)
    _detect(folder)


def _detect(folder: Path) -> None:
    from mien.detectors.single_shot import SingleShotDetector

    SingleShotDetector(load_detector_bundle(folder))(np.full((64, 64, 3), 99, np.uint8))


def in_onnx(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change what an ONNX graph says: names, kinds of elements, sizes, nodes, the version."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        _damage_graph(rng, model)
        return bytes(model.SerializeToString())
    except (DecodeError, ValueError, IndexError):
        return damage(rng, data, others)


def _damage_graph(rng: random.Random, model: Any) -> None:
    made = model.graph
    kind = rng.randrange(8)
    node, tensor = rng.choice(made.node), rng.choice(made.initializer)
    value = rng.choice([*made.input, *made.output])
    if kind == 0:
        node.op_type = rng.choice(["Identity", "Loop", "If", "Reshape", "Concat", "Nope", "Conv"])
    elif kind == 1:
        tensor.data_type = rng.randrange(30)
    elif kind == 2:
        tensor.dims.append(rng.choice([0, 1, 3, -1, 2**40]))
    elif kind == 3:
        tensor.raw_data = damage(rng, tensor.raw_data, ())
    elif kind == 4:
        value.type.tensor_type.elem_type = rng.randrange(20)
    elif kind == 5:
        value.type.tensor_type.shape.dim.add().dim_value = rng.choice([0, 1, -1, 2**40])
    elif kind == 6:
        value.name = rng.choice(["", "probabilities", "features", "faces", "x" * 300])
    else:
        model.opset_import[0].version = rng.choice([0, 1, 7, 99, 2**40])


def infos() -> tuple[bytes, ...]:
    """Return model.json as it is and as it was."""
    return info(), info_of_format_1()


def graphs() -> tuple[bytes, ...]:
    """Return the graph as seeds."""
    return (graph(),)


def detector_infos() -> tuple[bytes, ...]:
    """Return a detector's model.json as seeds."""
    return (detector_info(),)


def detector_graphs() -> tuple[bytes, ...]:
    """Return its graph as seeds."""
    return (detector_graph(),)
