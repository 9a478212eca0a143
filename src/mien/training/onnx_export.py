"""From a trained network of any kind to one ONNX graph, as small as it can be without a loss."""

import copy
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import onnx
import onnxscript  # noqa: F401  # PyTorch's exporter needs it: missing, it shows before training
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mien.errors import TrainingError
from mien.training.quantise import without_notes

N = TypeVar("N", bound=nn.Module)
OPSET = 18


def to_graph(
    deployed: nn.Module,
    example: torch.Tensor,
    outputs: Sequence[str],
    shapes: Mapping[str, Mapping[int, Any]],
) -> bytes:
    """Export a module with one input; what its graph answers is for the caller to check.

    Args:
        deployed: What to export; best of a network that `shrink` made.
        example: An input.
        outputs: Names of the outputs.
        shapes: Name of the input, and its axes that may differ in size from the example's.

    Returns:
        The bytes of an ONNX graph, with weights in 16 bits where these hold them exactly.

    Raises:
        TrainingError: PyTorch exported nothing.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own internals; comparing its answers judges the result.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            deployed,
            (example,),
            input_names=list(shapes),
            output_names=list(outputs),
            dynamic_shapes={name: dict(axes) for name, axes in shapes.items()},
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise TrainingError("PyTorch exported no graph; report this with `mien doctor`")
    return store_as_half(program.model_proto)


@torch.no_grad()
def shrink(network: N) -> N:
    """Return a smaller copy, for reading faces only.

    Batch normalisation is folded into the convolutions, and weights are rounded to 16 bits, which
    halves the file. Calibration and export start from this copy, so that what is calibrated,
    checked and shipped is one and the same network.
    """
    small = copy.deepcopy(network).cpu().float().eval()
    for module in list(small.modules()):
        if isinstance(module, nn.Sequential):
            _fold(module)
    for parameter in small.parameters():
        if parameter.dim() > 1:
            parameter.copy_(parameter.half().float())
    return small


def _fold(layers: nn.Sequential) -> None:
    for index in range(len(layers) - 1):
        convolution, norm = layers[index], layers[index + 1]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layers[index] = fuse_conv_bn_eval(convolution, norm)
            layers[index + 1] = nn.Identity()


def store_as_half(model: onnx.ModelProto) -> bytes:
    """Store weights that 16 bits hold exactly in 16 bits; the graph casts them back when loaded.

    Args:
        model: A graph with float32 weights.

    Returns:
        The bytes of the smaller graph, which gives the same probabilities.
    """
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16, casting="unsafe")
        if values.dtype != np.float32 or values.ndim < 2 or not np.array_equal(half, values):
            continue
        stored = f"{weight.name}.half"
        casts.append(helper.make_node("Cast", [stored], [weight.name], to=onnx.TensorProto.FLOAT))
        weight.CopyFrom(numpy_helper.from_array(half, stored))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    # Shapes that the exporter inferred name the old types, so they go, too.
    return without_notes(model)
