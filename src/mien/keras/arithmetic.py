"""Arithmetic with plain numbers inside a model, as `x / 127.5 - 1` in a model's first lines.

Each version of Keras writes it as an operation of its own; to Keras 3 it is the same as a layer
`Rescaling`, which multiplies by a number and adds another.
"""

from collections.abc import Callable
from typing import Any

Number = float | int
# What the operation makes of x and the number y: x * scale + offset.
OPERATIONS: dict[str, Callable[[Number], tuple[Number, Number]]] = {
    "truediv": lambda y: (1.0 / y, 0.0),
    "multiply": lambda y: (y, 0.0),
    "subtract": lambda y: (1.0, -y),
    "add": lambda y: (1.0, y),
}
KERAS3_NAMES = {
    "TrueDivide": "truediv",
    "Divide": "truediv",
    "Multiply": "multiply",
    "Subtract": "subtract",
    "Add": "add",
}


def as_rescaling(given: dict[str, Any]) -> dict[str, Any]:
    """Return a layer as it is, or as `Rescaling` where it is arithmetic with one number."""
    found = _of_keras2(given) or _of_keras3(given)
    if found is None:
        return given
    name, y, nodes = found
    scale, offset = OPERATIONS[name](y)
    layer_name = given.get("name") or given["config"]["name"]
    layer = {
        "class_name": "Rescaling",
        "config": {"name": layer_name, "scale": scale, "offset": offset},
        "name": layer_name,
        "inbound_nodes": nodes,
    }
    return {**layer, "module": "keras.layers"} if "module" in given else layer


def _of_keras2(given: dict[str, Any]) -> tuple[str, Number, Any] | None:
    if given["class_name"] != "TFOpLambda":
        return None
    name = str(given["config"].get("function")).rpartition(".")[2]
    match given["inbound_nodes"]:
        case [[str(source), int(call), int(output), {"y": float() | int() as y}]] if (
            name in OPERATIONS and (y or name != "truediv")
        ):
            return name, y, [[[source, call, output, {}]]]
    return None


def _of_keras3(given: dict[str, Any]) -> tuple[str, Number, Any] | None:
    module = str(given.get("module"))
    if not module.startswith(("keras.src.ops", "keras.ops")):
        return None
    name = KERAS3_NAMES.get(given["class_name"])
    match given["inbound_nodes"]:
        case [{"args": [dict() as tensor, float() | int() as y]}] if name is not None and (
            y or name != "truediv"
        ):
            return name, y, [{"args": [tensor], "kwargs": {}}]
    return None
