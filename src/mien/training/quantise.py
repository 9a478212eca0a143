"""Weights and activations in 8 bits: half the file and half the time for nearly the same answers.

Post-training static quantisation (Jacob et al. 2018), by onnxruntime: each convolution's weights
per output channel, its inputs by the range that they take on training faces. What is before the
first convolution and after the last stays in floats.
"""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from mien.datasets.arrays import Pictures
from mien.types import PixelArray

FACES, BATCH = 1024, 64
Which = Callable[[onnx.ModelProto], list[str]]


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    """Hands pictures to onnxruntime, a batch at a time."""

    def __init__(self, name: str, batches: Iterable[PixelArray]) -> None:
        self._name, self._batches = name, iter(batches)

    def get_next(self) -> dict[str, PixelArray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}


def quantise_faces(graph: bytes, faces: Pictures) -> bytes:
    """Return a classifier's graph that computes its convolutions in 8 bits.

    Args:
        graph: uint8 faces → probabilities, as `store_as_half` made it.
        faces: Training faces, uint8 [M,S,S,C]; `FACES` of them, evenly spread, since faces of one
            source may come one after the other, show the ranges.
    """
    spread = np.linspace(0, len(faces) - 1, min(FACES, len(faces))).round().astype(np.intp)
    shown = np.array(faces[spread])
    return quantise(graph, "faces", np.array_split(shown, -(-len(shown) // BATCH)))


def quantise(
    graph: bytes, name: str, batches: Iterable[PixelArray], *, keep: Which | None = None
) -> bytes:
    """Return a graph that computes its convolutions in 8 bits.

    Args:
        graph: As `store_as_half` made it.
        name: Of its input.
        batches: Inputs, which show the ranges that numbers take.
        keep: Names the convolutions that stay in floats.

    Returns:
        The bytes of the smaller graph. Its answers differ a little from the original's.
    """
    with _silence(), tempfile.TemporaryDirectory() as folder:
        whole, ready, done = (Path(folder) / f"{name}.onnx" for name in ("a", "b", "c"))
        whole.write_bytes(graph)
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
        kept = [] if keep is None else keep(onnx.load(str(ready)))
        quantize_static(
            str(ready),
            str(done),
            _Batches(name, batches),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=kept,
            per_channel=True,
            # Weights of 7 bits: processors without VNNI add pairs of products in 16 bits,
            # which full 8 bits overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return without_notes(onnx.load(str(done)))


def without_notes(model: onnx.ModelProto) -> bytes:
    """Return a graph's bytes without what tells only how it was made, and with short names.

    Of a small graph in 8 bits, that is a sixth.
    """
    graph = model.graph
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    public = {value.name for value in (*graph.input, *graph.output)} | {""}
    names: dict[str, str] = {}

    def short(name: str) -> str:
        return name if name in public else names.setdefault(name, f"t{len(names)}")

    for number, node in enumerate(graph.node):
        node.doc_string, node.name = "", f"n{number}"
        del node.metadata_props[:]
        node.input[:] = map(short, list(node.input))
        node.output[:] = map(short, list(node.output))
    for weight in graph.initializer:
        weight.name, weight.doc_string = short(weight.name), ""
    return bytes(model.SerializeToString())


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what onnxruntime says on the way, for those who tune it by hand, from the root logger.

    It says it by `logging.info` and the like, which give a root logger without a handler one of
    their own, for good: so it has a handler meanwhile.
    """
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    root.addFilter(_none)
    try:
        yield
    finally:
        root.removeFilter(_none)
        root.removeHandler(handler)


def _none(_: logging.LogRecord) -> bool:
    return False
