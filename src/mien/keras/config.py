"""Makes an architecture harmless: known layers with plain values, and nothing else.

Keras builds a model by looking up the classes that a file names, and such look-ups have been led
astray to run code (CVE-2025-1550, CVE-2025-8747, CVE-2025-9905, CVE-2025-9906). So what is built
here is written anew: class names from a list, modules of our choosing, and of the rest only what
reading faces needs. How weights were initialised, regularised and optimised is left out.
"""

import re
from pathlib import Path
from typing import Any, NoReturn

from mien.errors import BundleError, one_line
from mien.keras.arithmetic import as_rescaling
from mien.keras.older import (
    LAYER_NAMES,
    TRAINING_ONLY,
    newer_settings,
    plain_name,
    renumber,
    unwrapped,
)

MODELS = {"Sequential": "Sequential", "Functional": "Model", "Model": "Model"}
# Where files say that Keras's own layers come from.
PACKAGES = frozenset({"keras", "tensorflow", "tf_keras"})
# fmt: off
LAYERS = frozenset({
    "InputLayer", "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense",
    "MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D",
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "Normalization", "Rescaling",
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Identity",
    "Flatten", "Reshape", "Permute", "ZeroPadding2D", "Cropping2D", "UpSampling2D",
    "Resizing", "CenterCrop", "Conv2DTranspose", "Cropping1D", "GlobalAveragePooling1D",
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
})
# Without hard_sigmoid, which is another function since Keras 3.
ACTIVATIONS = frozenset({
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish",
    "exponential", "sigmoid", "tanh", "softplus", "softsign", "softmax",
})
# fmt: on
TENSOR = "__keras_tensor__"
UNUSED = re.compile(
    r".*_(initializer|regularizer|constraint)|dtype|input_dtype|quantization_config"
)


def harmless(config: Any, path: Path) -> tuple[str, dict[str, Any]]:
    """Check an architecture and write it anew.

    Args:
        config: What a file of Keras 1, 2 or 3 holds.
        path: The file, for messages.

    Returns:
        "Sequential" or "Model", and what its `from_config` takes.

    Raises:
        BundleError: It is no architecture, or has a layer or activation that is not known here.
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if not isinstance(name, str) or "config" not in config:
        raise BundleError(f"{path}: the architecture is none of Keras; write it with to_json()")
    if name not in MODELS:
        _refuse(path, name, "a model of its own class, whose code is not in a file")
    try:
        model = _Writer(path).layer(config)
    except (TypeError, KeyError, AttributeError, ValueError, RecursionError) as error:
        raise BundleError(
            f"{path}: the architecture is damaged ({type(error).__name__}: {one_line(error)}); "
            "save the model again"
        ) from error
    return model["class_name"], model["config"]


class _Writer:
    """Writes an architecture anew, part by part; knows the file for its messages."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def layer(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return a layer or a model, with what its place in the graph needs."""
        given = as_rescaling(given)
        name = LAYER_NAMES.get(given["class_name"], given["class_name"])
        package = str(given.get("module") or "keras").partition(".")[0]
        known = (None, name, given["class_name"])
        if given.get("registered_name") not in known or package not in PACKAGES:
            _refuse(self._path, given.get("registered_name") or name, "a layer of its author's own")
        if name == "Lambda":
            _refuse(self._path, name, "code inside the file, which is never run")
        if name not in LAYERS | TRAINING_ONLY and name not in MODELS:
            _refuse(self._path, name, "unknown here")
        settings = given["config"]
        if name in TRAINING_ONLY:  # when faces are read, it gives what it takes
            kept = ("name", "batch_input_shape", "input_shape")
            settings = {key: settings[key] for key in kept if key in settings}
            name, settings = "Activation", {**settings, "activation": "linear"}
        written: dict[str, Any] = {"class_name": MODELS.get(name, name)}
        if "module" in given:
            written["module"] = "keras" if name in MODELS else "keras.layers"
        if isinstance(settings, list):  # a Sequential before Keras 2.2.3
            settings = {"name": "sequential", "layers": settings}
        written["config"] = self._settings(name, settings)
        if "name" in given:
            written["name"] = self._value(given["name"])
        if "inbound_nodes" in given:
            written["inbound_nodes"] = self._value(given["inbound_nodes"])
        if "input_layers" in written["config"]:
            renumber(written["config"])
        return written

    def _settings(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        kept = newer_settings(name, given, self._path)
        # Keras 3 takes it for the shape without the batch, except in an InputLayer.
        if name != "InputLayer" and "batch_input_shape" in kept:
            kept["input_shape"] = kept.pop("batch_input_shape")[1:]
        if "activation" in kept:
            kept["activation"] = self._activation(kept["activation"])
        return {key: self._value(kept[key]) for key in kept if not UNUSED.fullmatch(key)}

    def _activation(self, given: Any) -> str | None:
        name = given.get("config") if isinstance(given, dict) else given
        if name is not None and name not in ACTIVATIONS:
            raise BundleError(f"{self._path}: the activation {str(name)[:80]!r} is unknown here")
        return name

    def _value(self, given: Any) -> Any:
        given = unwrapped(given)
        if isinstance(given, str):
            return plain_name(given)
        if isinstance(given, list):
            return [self._value(part) for part in given]
        if not isinstance(given, dict):
            return given
        if "class_name" not in given:
            return {key: self._value(part) for key, part in given.items()}
        if given["class_name"] == TENSOR:
            kept = ("shape", "dtype", "keras_history")
            inner = {key: self._value(given["config"][key]) for key in kept}
            return {"class_name": TENSOR, "config": inner}
        return self.layer(given)


def _refuse(path: Path, name: object, reason: str) -> NoReturn:
    raise BundleError(
        f"{path}: holds {str(name)[:80]!r}, {reason}; mien imports plain networks of Keras's own "
        "layers for pictures"
    )
