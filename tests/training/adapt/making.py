"""A tiny network that sees which quarter of a face is bright, and faces of such kinds."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.models.bundle import Bundle, load_bundle, write_bundle
from mien.models.info import FORMAT, DataTerms, InputInfo, ModelInfo, Terms
from mien.types import PixelArray

onnx = pytest.importorskip("onnx", reason="needs the extra [adapt]")
pytest.importorskip("safetensors", reason="needs the extra [adapt]")

SIDE = 16
LABELS, LEARNT = ("angry", "happy"), ("happy", "angry", "surprise")
TEMPERATURE = 0.5
# Of what it learnt: the quarters that speak for each class; that of the fourth is new to it.
ROWS = np.array([[0, 4, 0, 0], [4, 0, 0, 0], [0, 0, 4, 0]], np.float32)
BIAS = np.array([0.1, 0.0, -0.2], np.float32)


def graph(*, features: bool = True, other: bool = True) -> bytes:
    """Return faces → the brightness of four quarters → probabilities, as PyTorch exports them."""
    helper, proto = onnx.helper, onnx.TensorProto
    order = [LEARNT.index(label) for label in LABELS]
    learnt = "learnt" if other else "probabilities"
    weight, bias = (ROWS, BIAS) if other else (ROWS[order], BIAS[order])
    nodes = [
        helper.make_node("Cast", ["faces"], ["floats"], to=proto.FLOAT),
        helper.make_node("Div", ["floats", "range"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["first"], ["pooled"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("Gemm", ["features", "weight", "bias"], ["logits"], transB=1),
        helper.make_node("Div", ["logits", "temperature"], ["scaled"]),
        helper.make_node("Softmax", ["scaled"], [learnt], axis=1),
    ]
    constants = {
        "range": np.array(255, np.float32),
        "weight": weight,
        "bias": bias,
        "temperature": np.array(TEMPERATURE, np.float32),
    }
    if other:
        constants |= {"read": np.array(order), "rest": np.array([2])}
        nodes += [
            helper.make_node("Gather", ["learnt", "read"], ["labels"], axis=1),
            helper.make_node("Gather", ["learnt", "rest"], ["others"], axis=1),
            helper.make_node("Concat", ["labels", "others"], ["probabilities"], axis=1),
        ]
    outputs = {"probabilities": 3 if other else 2} | ({"features": 4} if features else {})
    inside = helper.make_graph(
        nodes,
        "quarters",
        [helper.make_tensor_value_info("faces", proto.UINT8, ["n", SIDE, SIDE, 1])],
        [helper.make_tensor_value_info(k, proto.FLOAT, ["n", v]) for k, v in outputs.items()],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(inside, opset_imports=opset, ir_version=8).SerializeToString())


def model(
    folder: Path,
    *,
    features: bool = True,
    other: bool = True,
    beside: bool = True,
    neutral: bool = False,
) -> Bundle:
    """Write the network as a bundle, with weights and features of known faces beside it.

    What it calls happy is called neutral where it is to know usual faces.
    """
    from mien.training.expression import known, stored

    def called(name: str) -> str:
        return "neutral" if neutral and name == "happy" else name

    info = ModelInfo(
        format=FORMAT,
        name="quarters",
        version="1",
        labels=tuple(map(called, LABELS)),
        neutral_logs=(-1.0,) * (len(LABELS) + other) if neutral else None,
        other=other,
        input=InputInfo(SIDE, 1, 1.0, "none"),
        sha256="0" * 64,
        temperature=TEMPERATURE,
        not_sure_below=0.4,
        terms=Terms("MIT", (DataTerms("drawn", "nobody's"),)),
        command="a test",
        seed=0,
    )
    classes = LEARNT if other else LABELS
    order = [LEARNT.index(name) for name in classes]
    shape = stored.Shape("residual-small", tuple(map(called, classes)), 1, SIDE)
    tensors = {"head.weight": ROWS[order], "head.bias": BIAS[order]}
    labels = np.arange(60) % (3 if other else 2)
    quarters = np.stack([seen(int(label), number) for number, label in enumerate(labels)])
    pooled = quarters.reshape(-1, 2, 8, 2, 8).mean(axis=(2, 4)).reshape(-1, 4) / 255
    faces = known.KnownFaces(pooled.astype(np.float32), labels)
    return load_bundle(
        write_bundle(
            folder,
            info,
            graph(features=features, other=other),
            "# A test's model\n",
            weights=stored.encode(tensors, shape) if beside else None,
            features=known.encode(faces) if beside else None,
        ).path
    )


def seen(quarter: int, seed: int) -> PixelArray:
    """Return a face of which a quarter is bright: uint8 [SIDE,SIDE]."""
    face = np.random.default_rng(seed).integers(0, 120, (SIDE, SIDE))
    y, x = 8 * (quarter // 2), 8 * (quarter % 2)
    face[y : y + 8, x : x + 8] += 100
    return face.astype(np.uint8)


def folder(place: Path, classes: dict[str, int], count: int = 6) -> Path:
    """Write class folders of faces: each class by the quarter that is bright."""
    for number, (name, quarter) in enumerate(classes.items()):
        (place / name).mkdir(parents=True)
        for seed in range(count):
            face = seen(quarter, 1000 * number + seed)
            cv2.imwrite(str(place / name / f"p{seed % 3}_{seed}.png"), face)
    return place


def quarters_of(count: int, kinds: Sequence[int]) -> PixelArray:
    """Return faces of some kinds, uint8 [N,SIDE,SIDE,1]."""
    return np.stack([seen(kind, seed) for kind in kinds for seed in range(count)])[..., None]
