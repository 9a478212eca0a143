"""Starting from what a bundle has learnt instead of from nothing.

Bundles hold convolutions into which batch normalisation was folded, perhaps in 8 bits. To learn on,
a network needs its normalisation back: each convolution is given the folded kernel, and the
normalisation after it the mean and variance that this convolution has on training faces, with the
scale and shift that undo them. The network then answers as the bundle does, and can learn.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from mien.errors import TrainingError, one_line
from mien.models.bundle import Bundle
from mien.training.expression.weights import learnt_classes, read_weights
from mien.types import FloatArray

SHOWN = 512  # faces that show the normalisation its ranges
PREFIX = "network."


def warm_start(
    network: nn.Module, bundle: Bundle, classes: Sequence[str], pictures: Tensor
) -> None:
    """Give a network what a bundle has learnt; classes that it does not know start from nothing.

    Args:
        network: Of the same kind as the bundle's; other sizes of faces are fine where it pools over
            the whole face.
        bundle: What to start from.
        classes: The classes of the network's outputs.
        pictures: Training faces, float [N,C,S,S] in 0..1, which show normalisation its ranges.

    Raises:
        TrainingError: The bundle's graph does not name its weights, or is of another network.
    """
    weights = _named_weights(bundle)
    hooks = [
        _adopt(bundle, weights, name, layer, after)
        for name, layer, after in _layers(network)
        if isinstance(layer, nn.Conv2d)
    ]
    was_training = network.training
    network.eval()
    with torch.no_grad():
        network(pictures[:SHOWN])
    for hook in hooks:
        hook.remove()
    network.train(was_training)
    _take_head(network, bundle, weights, classes)


def _layers(network: nn.Module) -> Iterator[tuple[str, nn.Module, nn.Module | None]]:
    """Yield every module with its name and, within a sequence, what comes after it there."""
    for outer, module in network.named_modules():
        layers = list(module.named_children())
        following = layers[1:] if isinstance(module, nn.Sequential) else []
        for (name, layer), after in zip_longest(layers, following):
            yield f"{outer}.{name}".removeprefix("."), layer, after[1] if after else None


def _adopt(
    bundle: Bundle,
    weights: dict[str, FloatArray],
    name: str,
    convolution: nn.Conv2d,
    after: nn.Module | None,
) -> RemovableHandle:
    """Give a convolution its kernel, and, once it is shown faces, let its normalisation undo it."""
    kernel, bias = (_one(bundle, weights, f"{name}.{part}") for part in ("weight", "bias"))
    _copy(bundle, name, convolution.weight, kernel)
    if bias.shape != (convolution.out_channels,):
        raise _another(bundle, name)
    shift = torch.from_numpy(bias)
    if convolution.bias is not None:
        _copy(bundle, name, convolution.bias, bias)

    def undo(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        if not isinstance(after, nn.BatchNorm2d):
            return
        mean, variance = output.mean(dim=(0, 2, 3)), output.var(dim=(0, 2, 3))
        after.get_buffer("running_mean").copy_(mean)
        after.get_buffer("running_var").copy_(variance)
        after.weight.copy_(torch.sqrt(variance + after.eps))
        after.bias.copy_(mean + shift)

    return convolution.register_forward_hook(undo)


@torch.no_grad()
def _take_head(
    network: nn.Module, bundle: Bundle, weights: dict[str, FloatArray], classes: Sequence[str]
) -> None:
    """Copy the rows of the last layer whose classes the bundle knows."""
    name, head = [(n, m) for n, m in network.named_modules() if isinstance(m, nn.Linear)][-1]
    rows, bias = (_one(bundle, weights, f"{name}.{part}") for part in ("weight", "bias"))
    labels = learnt_classes(bundle) if bundle.info.weights_sha256 else bundle.info.labels
    if rows.shape != (len(labels), head.in_features) or bias.shape != (len(labels),):
        raise _another(bundle, name)
    for place, label in enumerate(classes):
        if label in labels:
            head.weight[place] = torch.from_numpy(rows[labels.index(label)])
            head.bias[place] = float(bias[labels.index(label)])


def _named_weights(bundle: Bundle) -> dict[str, FloatArray]:
    """Return a bundle's float weights, or those of its graph: version 2 of mien's had no others."""
    return read_weights(bundle) if bundle.info.weights_sha256 else _in_graph(bundle)


def _in_graph(bundle: Bundle) -> dict[str, FloatArray]:
    """Return the weights of a graph as its network names them; those in 8 bits as floats."""
    try:
        return _weights_of(onnx.load_model_from_string(bundle.graph).graph)
    # What protobuf, onnx and NumPy raise of a graph that is none, or not of mien's making.
    except (DecodeError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise TrainingError(
            f"--from {bundle.path}: its graph cannot be read ({one_line(error)}); take another one"
        ) from error


def _weights_of(graph: onnx.GraphProto) -> dict[str, FloatArray]:
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    result = dict(stored)
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in stored:
            values, scale, zero = (stored[name].astype(np.float32) for name in node.input)
            shape = (-1, *[1] * (values.ndim - 1))
            name = node.output[0].removesuffix("_DequantizeLinear_Output")
            result[name] = (values - zero.reshape(shape)) * scale.reshape(shape)
        elif node.op_type == "Cast" and node.input[0] in stored:
            result[node.output[0]] = stored[node.input[0]].astype(np.float32)
    return {
        name.removeprefix(PREFIX): np.array(value, dtype=np.float32)
        for name, value in result.items()
        if name.startswith(PREFIX)
    }


def _one(bundle: Bundle, weights: dict[str, FloatArray], name: str) -> FloatArray:
    if name not in weights:
        raise TrainingError(
            f"--from {bundle.path}: this bundle holds no weights {name!r} to start from; take one "
            "that mien trained with the same --arch"
        )
    return weights[name]


@torch.no_grad()
def _copy(bundle: Bundle, name: str, target: Tensor, value: FloatArray) -> None:
    if tuple(target.shape) != value.shape:
        raise _another(bundle, name)
    target.copy_(torch.from_numpy(value))


def _another(bundle: Bundle, name: str) -> TrainingError:
    return TrainingError(
        f"--from {bundle.path}: {name} is of another shape; the bundle is of another network, "
        "choose its --arch and --channels"
    )
