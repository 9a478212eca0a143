"""What Keras 1 and 2 wrote otherwise is written as Keras 3 does."""

from pathlib import Path
from typing import Any

import pytest

from mien.keras.older import newer_settings, renumber

PATH = Path("m.h5")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("BatchNormalization", {"axis": [3], "fused": True, "renorm": False}, {"axis": 3}),
        ("LayerNormalization", {"axis": [3]}, {"axis": [3]}),
        ("DepthwiseConv2D", {"groups": 1, "filters": None}, {}),
        ("Conv2D", {"groups": 2, "filters": 4}, {"groups": 2, "filters": 4}),
        ("InputLayer", {"batch_input_shape": [32, 9, 9, 1], "ragged": False}, None),
        ("LeakyReLU", {"alpha": {"type": "ndarray", "value": 0.25}}, {"alpha": 0.25}),
        ("ReLU", {"max_value": {"class_name": "__numpy__", "config": {"value": 6.0}}}, None),
        ("Reshape", {"target_shape": {"class_name": "__tuple__", "items": [3]}}, None),
        ("Sequential", {"build_input_shape": {"class_name": "TensorShape", "items": [8, 9]}}, None),
    ],
)
def test_settings(name: str, old: dict[str, Any], new: dict[str, Any] | None) -> None:
    others = {
        "InputLayer": {"batch_input_shape": [None, 9, 9, 1]},
        "ReLU": {"max_value": 6.0},
        "Reshape": {"target_shape": [3]},
        "Sequential": {"build_input_shape": [None, 9]},
    }
    assert newer_settings(name, old, PATH) == (others[name] if new is None else new)


def functional(number: int, calls: int) -> dict[str, Any]:
    """A model that calls an inner one; its first call has a number."""
    inner = {"name": "inner", "config": {"layers": []}}
    nodes = [[["in", 0, 0, {}]]] * calls
    uses = [["inner", number + call, 0, {}] for call in range(calls)]
    return {
        "layers": [
            {"name": "in", "config": {}, "inbound_nodes": []},
            {**inner, "inbound_nodes": nodes},
            {"name": "sum", "config": {}, "inbound_nodes": [uses]},
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["sum", 0, 0], ["inner", number, 0]],
    }


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("calls", [1, 2])
def test_calls_of_inner_models_count_from_zero(number: int, calls: int) -> None:
    model, wanted = functional(number, calls), functional(0, calls)
    renumber(model)
    assert model == {**wanted, "input_layers": ["in", 0, 0]}
