"""Loads a checked Keras model on PyTorch, and makes it a network like mien's own."""

import contextlib
import copy
import os
import re
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from mien.errors import BundleError, MissingExtraError
from mien.keras.config import harmless
from mien.keras.source import KerasSource
from mien.keras.weights import assign_weights
from mien.training.expression.face_network import FaceNetwork
from mien.types import SUM_TOLERANCE

Scale = Literal["0..1", "-1..1", "0..255", "standardised"]
Head = Literal["softmax", "logits"]
MIN_SIZE = 16
NOISE = 4  # pictures that tell probabilities from logits
# Below it a float32 loses digits, and the logarithm of 0 would be no number to calibrate with.
TINY = torch.finfo(torch.float32).tiny


@dataclass(frozen=True, slots=True)
class KerasModel:
    """A loaded model that takes single faces and gives one value per class.

    Attributes:
        model: The `keras.Model`, on PyTorch.
        size: Side of its pictures in pixels.
        channels: 1 for gray, 3 for RGB.
        channels_last: Whether it takes [N,S,S,C]; [N,C,S,S] otherwise.
        head: What it gives.
        with_features: A `keras.Model` of the same layers that gives a list: the same, and what the
            last dense layer sees. None where the model does not end in such a layer.
    """

    model: Any
    size: int
    channels: int
    channels_last: bool
    head: Head
    with_features: Any | None = None


class ImportedNetwork(FaceNetwork):
    """A Keras model that takes and gives what mien's own networks do."""

    def __init__(self, loaded: KerasModel, scale: Scale) -> None:
        super().__init__()
        self.model = loaded.with_features or loaded.model
        self._loaded, self._scale = loaded, SCALES[scale]

    def prepare(self, pictures: Tensor) -> Tensor:
        """Map float [N,C,S,S] in 0..1 to what the Keras model takes."""
        scaled = self._scale(pictures)
        return scaled.permute(0, 2, 3, 1) if self._loaded.channels_last else scaled

    def with_features(self, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map float [N,C,S,S] in 0..1 to logits [N,K] and features [N,D] or None.

        Behind a softmax, log-probabilities take the place of logits: another softmax gives the
        same probabilities, and a temperature acts on them alike.
        """
        given = self.model(self.prepare(pictures), training=False)
        result, features = (given, None) if self._loaded.with_features is None else given
        logits = torch.log(result.clamp_min(TINY)) if self._loaded.head == "softmax" else result
        return logits, features


def load_network(source: KerasSource) -> KerasModel:
    """Build the model that a source describes and give it the weights.

    Raises:
        BundleError: It is unsafe, damaged, or no classifier of single faces.
        MissingExtraError: Keras is not installed.
    """
    described = source.architecture or source.path
    kind, config = harmless(source.config, described)
    keras = import_keras_on_torch()
    # Keras warns of old names in the file, which whoever brings it along cannot change.
    with keras.device("cpu"), quietly():
        model = _built(keras, kind, config, described)
        _load_weights(model, config, source)
    size, channels, channels_last = _check_input(model, described)
    head = _check_output(keras, model, described)
    with_features = _with_features(keras, model)
    return KerasModel(model, size, channels, channels_last, head, with_features)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Let Keras warn nobody: versions of it use what NumPy calls outdated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def import_keras_on_torch() -> Any:
    """Import Keras with PyTorch below it; environment and home folder stay as they were.

    Raises:
        BundleError: This process uses Keras with another backend already.
        MissingExtraError: Keras is not installed.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        _environment(KERAS_BACKEND="torch", KERAS_HOME=home),
        # absl, which Keras logs by, keeps the stderr it finds; a redirected one it would close as
        # soon as anybody sets up logging.
        contextlib.redirect_stderr(sys.__stderr__ or sys.stderr),
    ):
        try:
            with quietly():
                import keras
        except ModuleNotFoundError as error:
            raise MissingExtraError("importing a Keras model", "keras") from error
    backend = keras.config.backend()
    if backend != "torch":
        raise BundleError(f"Keras runs on {backend} in this process; import the model in a new one")
    return keras


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set variables for a while; the one that Keras sets for TensorFlow goes as well."""
    names = [*values, "TF_FORCE_GPU_ALLOW_GROWTH"]
    former = {name: os.environ.get(name) for name in names}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in former.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _built(keras: Any, kind: str, config: dict[str, Any], path: Path) -> Any:
    try:
        # A copy, because Keras takes it apart.
        model = getattr(keras, kind).from_config(copy.deepcopy(config))
    except Exception as error:  # Keras raises many types without a common base
        raise BundleError(f"{path}: Keras cannot build the model ({_cause(error)})") from error
    if not model.built:
        raise BundleError(
            f"{path}: does not say what pictures it takes; save it after its first use"
        )
    return model


def _load_weights(model: Any, config: dict[str, Any], source: KerasSource) -> None:
    assign_weights(model, config, source)
    if not all(bool(torch.isfinite(weight.value).all()) for weight in model.weights):
        raise BundleError(f"{source.path}: has weights that are no numbers; training went wrong")


def _check_input(model: Any, path: Path) -> tuple[int, int, bool]:
    """Return size, channels, and whether channels are last."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        counts = f"{len(model.inputs)} inputs and {len(model.outputs)} outputs"
        raise BundleError(f"{path}: has {counts}, not one of each")
    shape = tuple(model.inputs[0].shape)
    match shape:
        case (None, int(high), int(wide), 1 | 3 as channels) if high == wide >= MIN_SIZE:
            return high, channels, True
        case (None, 1 | 3 as channels, int(high), int(wide)) if high == wide >= MIN_SIZE:
            return high, channels, False
    raise BundleError(
        f"{path}: takes {_described(shape)}, but faces are [N,S,S,1] or [N,S,S,3] with S of at "
        f"least {MIN_SIZE}"
    )


def _check_output(keras: Any, model: Any, path: Path) -> Head:
    shape = tuple(model.outputs[0].shape)
    if len(shape) != 2:
        raise BundleError(f"{path}: gives {_described(shape)}, but a classifier gives [N,labels]")
    last = model
    while isinstance(last, keras.Model):
        last = last.outputs[0]._keras_history.operation
    if isinstance(last, keras.layers.Softmax):
        return "softmax"
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if activation == "softmax" or _gives_probabilities(model):
        return "softmax"
    if activation == "linear":
        return "logits"
    raise BundleError(
        f"{path}: ends in {activation or type(last).__name__}, but must give probabilities, as by "
        "softmax, or end in a layer without activation that gives logits"
    )


@torch.no_grad()
def _gives_probabilities(model: Any) -> bool:
    """Whether what it gives for noise is probabilities, as the mean of several models' is."""
    shape = (NOISE, *model.inputs[0].shape[1:])
    noise = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    try:
        given = torch.cat([model(noise * scale, training=False) for scale in (1.0, 255.0)])
    except Exception:  # Keras raises many types; what it cannot compute is told apart later
        return False
    return bool((given >= 0).all() and ((given.sum(dim=1) - 1).abs() < SUM_TOLERANCE).all())


def _with_features(keras: Any, model: Any) -> Any | None:
    """Return a model that gives what its last dense layer sees, too; None without such a layer."""
    tensor = model.outputs[0]
    while True:
        operation, number, _ = tensor._keras_history
        if not isinstance(operation, keras.layers.Layer) or not operation._inbound_nodes:
            return None
        inputs = operation._inbound_nodes[number].input_tensors
        if isinstance(operation, keras.layers.Dense):
            break
        if not isinstance(operation, keras.layers.Activation | keras.layers.Softmax):
            return None
        tensor = inputs[0]
    seen = inputs[0]
    if len(seen.shape) != 2 or seen.shape[1] is None:
        return None
    return keras.Model(model.inputs, [model.outputs[0], seen])


def _described(shape: tuple[int | None, ...]) -> str:
    return "[" + ",".join("N" if side is None else str(side) for side in shape) + "]"


def _cause(error: Exception) -> str:
    """Return what went wrong: Keras says it last, behind the whole architecture."""
    said = " ".join(str(error).split())
    layers = re.findall(r"<class '[\w.]*?(\w+)'> could not be deserialized", said)
    reason = said.rpartition("Exception encountered:")[2].strip()
    short = textwrap.shorten(reason, 200, placeholder=" …")
    return f"{layers[-1]}: {short}" if layers else short


def _standardise(pictures: Tensor) -> Tensor:
    """Zero mean and unit variance for each picture, as `tf.image.per_image_standardization`."""
    pixels = pictures * 255.0
    centred = pixels - pixels.mean(dim=(1, 2, 3), keepdim=True)
    deviation = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return centred / deviation.clamp_min(pictures.shape[1:].numel() ** -0.5)


SCALES: dict[Scale, Callable[[Tensor], Tensor]] = {
    "0..1": lambda pictures: pictures,
    "-1..1": lambda pictures: pictures * 2.0 - 1.0,
    "0..255": lambda pictures: pictures * 255.0,
    "standardised": _standardise,
}
