"""A network of mien's, layer by layer, as layers of Keras 3's own.

Each kind of module has a row in a table. All that is used exists on every backend and is saved
without code; what `import-keras` reads is made of the same layers. Layers are called as the tensors
in weights.safetensors are, with `_` for a point.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.mobilenet import SPREAD, FaceMobileNet, SeparableConvolution
from mien.training.expression.network import BaselineNetwork, ResidualBlock, ResidualNetwork
from mien.training.expression.standardise import VARIANCE_FLOOR, Standardise
from mien.types import FloatArray

# Said wherever it can be, because a user's keras.json may say otherwise.
LAST = "channels_last"
GRAY_LEVELS = 255.0
# Before it is standardised, what is near zero loses fewer digits: some backends take the variance
# for the difference of two means.
MIDDLE = -0.5


class LayerWriter:
    """Writes modules as layers, each behind the other."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras

    def seen_by_head(self, network: FaceNetwork, faces: Any) -> tuple[Any, nn.Linear]:
        """Write a network up to what its last layer sees.

        Args:
            network: As `network_from_bundle` makes it.
            faces: A tensor of Keras, [N,S,S,C] in 0..255.

        Returns:
            A tensor of Keras, [N,D], and the last layer.
        """
        write = _NETWORKS.get(type(network))
        if write is None:
            raise _unknown(network)
        return write(self, network, faces)

    def add(self, module: nn.Module, x: Any, name: str) -> Any:
        """Write a module behind what is there."""
        write = _MODULES.get(type(module))
        if write is None:
            raise _unknown(module)
        return write(self, module, x, name)

    def layer(self, kind: str, name: str, x: Any, **settings: Any) -> Any:
        """Put one layer behind what is there."""
        return getattr(self.keras.layers, kind)(name=name, **settings)(x)

    def weighted(
        self, kind: str, name: str, x: Any, weights: Sequence[FloatArray], **settings: Any
    ) -> Any:
        """Put one layer with weights behind what is there."""
        layer = getattr(self.keras.layers, kind)(name=name, **settings)
        result = layer(x)
        layer.set_weights(list(weights))
        return result


def _unknown(module: nn.Module) -> TrainingError:
    return TrainingError(
        f"{type(module).__name__}: a layer that has no counterpart in Keras here; report this with "
        "`mien doctor`"
    )


def _array(values: Tensor) -> FloatArray:
    return np.asarray(values.detach().numpy(), dtype=np.float32)


# Networks: what their `with_features` does with their parts.


def _residual(writer: LayerWriter, network: Any, faces: Any) -> tuple[Any, nn.Linear]:
    x = writer.add(network.features, _in_0_1(writer, faces), "features")
    return _pooled(writer, network, x), network.head


def _baseline(writer: LayerWriter, network: Any, faces: Any) -> tuple[Any, nn.Linear]:
    x = writer.layer("Rescaling", "gray_levels", faces, scale=1 / GRAY_LEVELS)
    x = writer.add(network.features, x, "features")
    return writer.add(network.head[:-1], x, "head"), network.head[-1]


def _mobilenet(writer: LayerWriter, network: Any, faces: Any) -> tuple[Any, nn.Linear]:
    x = _in_0_1(writer, faces)
    inner = network.inner_size
    x = writer.layer("Resizing", "enlarged", x, height=inner, width=inner, data_format=LAST)
    x = writer.add(network.standardise, x, "standardise")
    x = _padded(writer, writer.layer("Rescaling", "spread", x, scale=SPREAD), "stem", 2)
    x = _relu6(writer, writer.add(network.stem, x, "stem"), "stem")
    for number, block in enumerate(network.blocks):
        x = writer.add(block, x, f"blocks_{number}")
    return _pooled(writer, network, x), network.head


def _in_0_1(writer: LayerWriter, faces: Any) -> Any:
    """Bring gray levels into a range of 1, for a network that standardises them anyhow."""
    return writer.layer("Rescaling", "gray_levels", faces, scale=1 / GRAY_LEVELS, offset=MIDDLE)


def _pooled(writer: LayerWriter, network: Any, x: Any) -> Any:
    x = writer.layer("GlobalAveragePooling2D", "pooled", x, data_format=LAST)
    return writer.add(network.dropout, x, "dropout")


# Modules: what each maps [N,C,S,S] to, for [N,S,S,C].


def _sequential(writer: LayerWriter, module: Any, x: Any, name: str) -> Any:
    for number, part in module.named_children():
        x = writer.add(part, x, f"{name}_{number}")
    return x


def _standardise(writer: LayerWriter, _: Any, x: Any, name: str) -> Any:
    settings = {"axis": [1, 2, 3], "epsilon": VARIANCE_FLOOR, "center": False, "scale": False}
    return writer.layer("LayerNormalization", name, x, **settings)


def _convolution(writer: LayerWriter, module: Any, x: Any, name: str) -> Any:
    kernel, stride, around = module.kernel_size[0], module.stride[0], module.padding[0]
    # With a stride, Keras's "same" would fill up another side than PyTorch does.
    same = stride == 1 and kernel == 2 * around + 1
    if around and not same:
        x = writer.layer("ZeroPadding2D", f"{name}_pad", x, padding=around, data_format=LAST)
    settings = {
        "kernel_size": kernel,
        "strides": stride,
        "padding": "same" if same else "valid",
        "data_format": LAST,
    }
    weight, bias = _array(module.weight), _array(module.bias)
    if module.groups == 1:
        weights = (weight.transpose(2, 3, 1, 0), bias)
        return writer.weighted("Conv2D", name, x, weights, filters=len(bias), **settings)
    weights = (weight.transpose(2, 3, 0, 1), bias)
    return writer.weighted("DepthwiseConv2D", name, x, weights, **settings)


def _average(writer: LayerWriter, module: Any, x: Any, name: str) -> Any:
    return _pool(writer, "AveragePooling2D", module, x, name)


def _maximum(writer: LayerWriter, module: Any, x: Any, name: str) -> Any:
    return _pool(writer, "MaxPooling2D", module, x, name)


def _pool(writer: LayerWriter, kind: str, module: Any, x: Any, name: str) -> Any:
    # What hangs over the edge counts for neither of them.
    settings = {"padding": "same" if module.ceil_mode else "valid", "data_format": LAST}
    sizes = {"pool_size": module.kernel_size, "strides": module.stride}
    return writer.layer(kind, name, x, **sizes, **settings)


def _linear(writer: LayerWriter, module: Any, x: Any, name: str) -> Any:
    weights = (_array(module.weight).T, _array(module.bias))
    return writer.weighted("Dense", name, x, weights, units=module.out_features)


def _flatten(writer: LayerWriter, _: Any, x: Any, name: str) -> Any:
    # PyTorch's network has its channels first.
    x = writer.layer("Permute", f"{name}_channels_first", x, dims=(3, 1, 2))
    return writer.layer("Flatten", name, x, data_format=LAST)


def _residual_block(writer: LayerWriter, block: Any, x: Any, name: str) -> Any:
    body = writer.add(block.body, x, f"{name}_body")
    shortcut = writer.add(block.shortcut, x, f"{name}_shortcut")
    return writer.layer("ReLU", f"{name}_relu", writer.layer("Add", name, [body, shortcut]))


def _separable(writer: LayerWriter, block: Any, x: Any, name: str) -> Any:
    x = _padded(writer, x, f"{name}_depthwise", block.stride)
    x = _relu6(writer, writer.add(block.depthwise, x, f"{name}_depthwise"), f"{name}_depthwise")
    return _relu6(writer, writer.add(block.pointwise, x, f"{name}_pointwise"), f"{name}_pointwise")


def _padded(writer: LayerWriter, x: Any, name: str, stride: int) -> Any:
    sides = ((0, 1), (0, 1)) if stride == 2 else ((1, 1), (1, 1))
    return writer.layer("ZeroPadding2D", f"{name}_pad", x, padding=sides, data_format=LAST)


def _relu6(writer: LayerWriter, x: Any, name: str) -> Any:
    return writer.layer("ReLU", f"{name}_relu", x, max_value=6.0)


def _plain(kind: str, **settings: Callable[[Any], Any]) -> Any:
    """Return what writes a module without weights, with settings that are taken from it."""

    def write(writer: LayerWriter, module: Any, x: Any, name: str) -> Any:
        taken = {key: take(module) for key, take in settings.items()}
        return writer.layer(kind, name, x, **taken)

    return write


def _nothing(_: LayerWriter, __: Any, x: Any, ___: str) -> Any:
    return x


_NETWORKS: dict[type, Callable[[LayerWriter, Any, Any], tuple[Any, nn.Linear]]] = {
    ResidualNetwork: _residual,
    BaselineNetwork: _baseline,
    FaceMobileNet: _mobilenet,
}
_MODULES: dict[type, Callable[[LayerWriter, Any, Any, str], Any]] = {
    nn.Sequential: _sequential,
    nn.Identity: _nothing,
    nn.Conv2d: _convolution,
    nn.ReLU: _plain("ReLU"),
    nn.AvgPool2d: _average,
    nn.MaxPool2d: _maximum,
    nn.Flatten: _flatten,
    nn.Linear: _linear,
    nn.Dropout: _plain("Dropout", rate=lambda module: module.p),
    Standardise: _standardise,
    ResidualBlock: _residual_block,
    SeparableConvolution: _separable,
}
