"""Weights and activations in 8 bits: half the file and half the time for nearly the same answers.

Post-training static quantisation (Jacob et al. 2018), by onnxruntime: each convolution's weights
per output channel, its inputs by the range that they take on training faces. What is before the
first convolution and after the last stays in floats.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from mien.types import PixelArray

FACES, BATCH = 1024, 64


class _Faces(CalibrationDataReader):  # type: ignore[misc]
    """Hands faces to onnxruntime, a batch at a time."""

    def __init__(self, faces: PixelArray) -> None:
        self._batches: Iterator[PixelArray] = iter(np.array_split(faces, -(-len(faces) // BATCH)))

    def get_next(self) -> dict[str, PixelArray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"faces": batch}


def quantise(graph: bytes, faces: PixelArray) -> bytes:
    """Return a graph that computes its convolutions in 8 bits.

    Args:
        graph: uint8 faces → probabilities, as `store_as_half` made it.
        faces: Training faces, uint8 [M,S,S,C]; the first `FACES` of them show the ranges.

    Returns:
        The bytes of the smaller graph. Its probabilities differ a little from the original's.
    """
    with _silence(), tempfile.TemporaryDirectory() as folder:
        whole, ready, done = (Path(folder) / f"{name}.onnx" for name in ("a", "b", "c"))
        whole.write_bytes(graph)
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(done),
            _Faces(np.array(faces[:FACES])),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            # Weights of 7 bits: processors without VNNI add pairs of products in 16 bits,
            # which full 8 bits overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return done.read_bytes()


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
