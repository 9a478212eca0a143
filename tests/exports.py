"""PyTorch's exporter, asked once for all networks that differ in nothing but their weights.

An export takes seconds, and more to import what it needs. What it gives for a network that `shrink`
made is the same graph whatever the weights are, which lie in it as they are. So the tests'
processes share a folder of graphs, and what they get from it holds the weights of the network at
hand. `training/expression/test_export.py` proves that the graphs are those that PyTorch exports.
"""

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

# A number of `Deployed` that each run fits anew, and the one with which graphs are kept.
TEMPERATURE, KEPT_TEMPERATURE = "temperature", 1.0390625
PLAIN = (bool, int, float, str, list, tuple)


@functools.cache
def _list_once() -> Callable[..., Any]:
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    return functools.cache(ONNXRegistry.from_torchlib)


def export_quickly(export: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """Export, but list once what can be exported: that takes as long as to export a tiny network.

    Args:
        export: PyTorch's own.
        given: What it is given.
        options: Its options.
    """
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(_list_once()))
        return export(*given, **options)


class SharedExports:
    """`torch.onnx.export` with a memory, for networks that `shrink` made.

    Args:
        export: PyTorch's own.
        folder: Where the graphs are kept.
    """

    def __init__(self, export: Callable[..., Any], folder: Path) -> None:
        self._export = export
        self._folder = folder

    def __call__(self, network: Any, example: Sequence[Any], **options: Any) -> Any:
        """Return something whose `model_proto` is what PyTorch exports."""
        import onnx

        shapes = [str(one.shape) for one in example]
        key = _digest([*_structure(network), *shapes, str(options)])
        path = self._folder / f"{key}.onnx"
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                with _kept_temperature(network):
                    model = self._export(network, example, **options).model_proto
                    _put_weights(model, network, same=True)
                path.write_bytes(model.SerializeToString())
        model = onnx.load(path)
        _put_weights(model, network)
        return SimpleNamespace(model_proto=model)


def _structure(network: Any) -> Iterable[str]:
    """Describe all that an export depends on but the values of the weights."""
    for module in network.modules():
        plain = {key: value for key, value in vars(module).items() if isinstance(value, PLAIN)}
        if module is network and TEMPERATURE in plain:
            plain[TEMPERATURE] = plain[TEMPERATURE] == 1  # by one, the graph does not divide
        yield f"{type(module)} {plain}"
    for name, value in network.state_dict().items():
        yield f"{name} {value.dtype} {value.shape}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextlib.contextmanager
def _kept_temperature(network: Any) -> Iterator[None]:
    own = getattr(network, TEMPERATURE, 1)
    if own != 1:
        network.temperature = KEPT_TEMPERATURE
    yield
    if own != 1:
        network.temperature = own


def _put_weights(model: Any, network: Any, *, same: bool = False) -> None:
    """Put a network's weights and temperature in a graph; with `same`, it must have them before."""
    from onnx import numpy_helper

    held = {one.name: one for one in model.graph.initializer}
    values = {name: value.numpy() for name, value in network.state_dict().items()}
    if getattr(network, TEMPERATURE, 1) != 1:
        values[_temperature_of(model)] = np.array(network.temperature, np.float32)
    for name, value in values.items():
        assert name in held, f"{name}: no input of the graph; is it untrained, or not shrunk?"
        if same:
            assert np.array_equal(numpy_helper.to_array(held[name]), value), f"{name}: changed"
        held[name].CopyFrom(numpy_helper.from_array(value, name))


def _temperature_of(model: Any) -> str:
    from onnx import numpy_helper

    scalars = [one for one in model.graph.initializer if not one.dims]
    (found,) = (one for one in scalars if numpy_helper.to_array(one) == KEPT_TEMPERATURE)
    return str(found.name)
