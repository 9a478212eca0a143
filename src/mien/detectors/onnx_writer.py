"""Writes a small network as an ONNX model, without the `onnx` package.

onnxruntime runs graphs, not arrays, so weights that come as arrays need a graph around them. The
`onnx` package would make one, but is large and is not needed to run mien, so the few messages that
a plain feed-forward network takes are written here. Field numbers are those of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, the wire format is
https://protobuf.dev/programming-guides/encoding/. A test checks the result with `onnx` itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from mien.types import FloatArray

IR_VERSION = 8
OPSET = 13

Attribute = int | str | Sequence[int]


class ElementType(IntEnum):
    """Numbers of `TensorProto.DataType`."""

    FLOAT = 1
    UINT8 = 2


class _AttributeType(IntEnum):
    INT = 2
    STRING = 3
    INTS = 7


@dataclass(frozen=True, slots=True)
class Node:
    """One operator.

    Attributes:
        operator: Its ONNX name, such as "Conv".
        inputs: Names of the values it takes, weights included.
        outputs: Names of the values it gives.
        attributes: Its settings.
    """

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """An input or output of the graph; a side that is a name may be of any length."""

    name: str
    element: ElementType
    shape: Sequence[int | str]


def encode_model(
    name: str,
    nodes: Sequence[Node],
    weights: Mapping[str, FloatArray],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
) -> bytes:
    """Encode a model of opset 13.

    Args:
        name: Name of the graph.
        nodes: The operators, each after those whose outputs it takes.
        weights: Constant float32 arrays by the names that nodes use.
        inputs: What the graph takes.
        outputs: What the graph gives.

    Returns:
        The bytes of an .onnx file.
    """
    graph = b"".join(
        [
            *(_message(1, _node(node)) for node in nodes),
            _text(2, name),
            *(_message(5, _tensor(key, array)) for key, array in weights.items()),
            *(_message(11, _value(value)) for value in inputs),
            *(_message(12, _value(value)) for value in outputs),
        ]
    )
    opset = _text(1, "") + _integer(2, OPSET)
    return _integer(1, IR_VERSION) + _text(2, "mien") + _message(7, graph) + _message(8, opset)


def _node(node: Node) -> bytes:
    return b"".join(
        [
            *(_text(1, name) for name in node.inputs),
            *(_text(2, name) for name in node.outputs),
            _text(3, node.outputs[0]),
            _text(4, node.operator),
            *(_message(5, _attribute(key, value)) for key, value in node.attributes.items()),
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _integer(3, value) + _integer(20, _AttributeType.INT)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _integer(20, _AttributeType.STRING)
    items = b"".join(_integer(8, item) for item in value)
    return _text(1, name) + items + _integer(20, _AttributeType.INTS)


def _tensor(name: str, array: FloatArray) -> bytes:
    sides = b"".join(_integer(1, side) for side in array.shape)
    raw = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return sides + _integer(2, ElementType.FLOAT) + _text(8, name) + _message(9, raw)


def _value(value: Value) -> bytes:
    sides = b"".join(
        _message(1, _integer(1, side) if isinstance(side, int) else _text(2, side))
        for side in value.shape
    )
    tensor = _integer(1, value.element) + _message(2, sides)
    return _text(1, value.name) + _message(2, _message(1, tensor))


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, content: bytes) -> bytes:
    """A length-delimited field: a nested message, a string or bytes."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement."""
    rest = value & 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while rest > 0x7F:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)
