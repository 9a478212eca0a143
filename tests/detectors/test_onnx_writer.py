import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.detectors.onnx_writer import OPSET, ElementType, Node, Value, encode_model

onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
INT64 = st.integers(-(2**63), 2**63 - 1)


def model(attributes):
    """One max pool, with any attributes."""
    return encode_model(
        "pool",
        [Node("MaxPool", ("x",), ("y",), attributes)],
        {},
        [Value("x", ElementType.FLOAT, ("n", 3, "h", "w"))],
        [Value("y", ElementType.FLOAT, ("n", 3, "h2", "w2"))],
    )


def test_onnx_accepts_a_model_and_reads_the_same():
    attributes = {"kernel_shape": (2, 2), "auto_pad": "SAME_UPPER", "ceil_mode": 0}
    read = onnx.load_from_string(model(attributes))
    onnx.checker.check_model(read, full_check=True)
    assert read.opset_import[0].version == OPSET
    node = read.graph.node[0]
    assert (node.op_type, list(node.input), list(node.output)) == ("MaxPool", ["x"], ["y"])
    given_attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    assert given_attributes == {"kernel_shape": [2, 2], "auto_pad": b"SAME_UPPER", "ceil_mode": 0}
    sides = read.graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_param or side.dim_value for side in sides] == ["n", 3, "h", "w"]


@given(INT64, st.lists(INT64, min_size=1, max_size=4), st.text(max_size=300))
def test_every_attribute_comes_back(number, numbers, text):
    read = onnx.load_from_string(model({"one": number, "many": numbers, "word": text}))
    one, many, word = read.graph.node[0].attribute
    assert (one.i, list(many.ints), word.s.decode()) == (number, numbers, text)


def test_onnxruntime_computes_with_the_weights():
    weights = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = encode_model(
        "line",
        [
            Node("Cast", ("bytes",), ("x",), {"to": int(ElementType.FLOAT)}),
            Node("Gemm", ("x", "w", "b"), ("y",)),
        ],
        # Not contiguous on purpose: what counts is the order of its elements, not of its bytes.
        {"w": np.asfortranarray(weights), "b": np.array([1, 2, 3], dtype=np.float32)},
        [Value("bytes", ElementType.UINT8, ("n", 2))],
        [Value("y", ElementType.FLOAT, ("n", 3))],
    )
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    x = np.array([[1, 2], [255, 0]], dtype=np.uint8)
    (y,) = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"bytes": x})
    assert np.array_equal(y, x @ weights + [1, 2, 3])
