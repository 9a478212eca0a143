"""Arithmetic with a number becomes a layer; anything else stays what it is."""

from typing import Any

import pytest

from mien.keras.arithmetic import as_rescaling


def keras2(function: str, y: Any) -> dict[str, Any]:
    config = {"name": "op", "function": function}
    nodes = [["x", 1, 0, {"y": y, "name": None}]]
    return {"class_name": "TFOpLambda", "name": "op", "config": config, "inbound_nodes": nodes}


def keras3(name: str, *args: Any, module: str = "keras.src.ops.numpy") -> dict[str, Any]:
    nodes = [{"args": [{"class_name": "__keras_tensor__"}, *args], "kwargs": {}}]
    return {"class_name": name, "module": module, "config": {"name": "op"}, "inbound_nodes": nodes}


@pytest.mark.parametrize(
    ("given", "scale", "offset"),
    [
        (keras2("math.truediv", 4.0), 0.25, 0.0),
        (keras2("math.subtract", 1.0), 1.0, -1.0),
        (keras2("__operators__.add", 3), 1.0, 3),
        (keras2("math.multiply", 0.5), 0.5, 0.0),
        (keras3("TrueDivide", 4.0), 0.25, 0.0),
        (keras3("Subtract", 1.0), 1.0, -1.0),
    ],
)
def test_one_number(given: dict[str, Any], scale: float, offset: float) -> None:
    layer = as_rescaling(given)
    assert layer["class_name"] == "Rescaling"
    assert layer["config"] == {"name": "op", "scale": scale, "offset": offset}
    assert layer.get("module") == ("keras.layers" if "module" in given else None)
    wanted: Any = [[["x", 1, 0, {}]]]
    if "module" in given:
        wanted = [{"args": [{"class_name": "__keras_tensor__"}], "kwargs": {}}]
    assert layer["inbound_nodes"] == wanted


@pytest.mark.parametrize(
    "given",
    [
        keras2("math.truediv", 0),
        keras2("math.subtract", ["y", 0, 0]),
        keras2("io.read_file", 1.0),
        keras3("TrueDivide", 0.0),
        keras3("Subtract", {"class_name": "__keras_tensor__"}),
        keras3("Add", 1.0, module="keras.layers"),
        keras3("Exp", 1.0),
    ],
)
def test_anything_else(given: dict[str, Any]) -> None:
    assert as_rescaling(given) is given
