"""What Keras 1 and 2 wrote otherwise than Keras 3, and what does nothing when faces are read."""

from pathlib import Path
from typing import Any

from mien.errors import BundleError

# What was called otherwise: by Keras 1, and by TensorFlow 1.13 to 2.
LAYER_NAMES = {
    "Convolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}
# Layers that act in training only. Versions of Keras disagree about their settings and about the
# state of their random numbers, and some of them exist in one version only.
# fmt: off
TRAINING_ONLY = frozenset({
    "Dropout", "SpatialDropout2D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom",
    "RandomContrast", "RandomBrightness", "RandomHeight", "RandomWidth", "RandomShear",
    "RandomHue", "RandomSaturation", "RandomSharpness", "RandomColorJitter", "RandomGrayscale",
    "RandomColorDegeneration", "RandomErasing", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomGaussianBlur", "RandomElasticTransform",
})
# fmt: on
KERAS1_NAMES = {
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "border_mode": "padding",
    "subsample": "strides",
    "bias": "use_bias",
}
KERAS1_UNUSED = frozenset({"init", "beta_init", "gamma_init", "input_dim", "mode"})
KERAS1_SIGNS = frozenset({"dim_ordering", "init", "p", "input_dtype"})
# Settings of Keras 2 that Keras 3 does not know for all layers, where they change nothing.
IDLE: dict[str, tuple[object, ...]] = {
    "groups": (1, None),
    "filters": (None,),
    "fused": (True, False, None),
    "renorm": (False,),
    "renorm_clipping": (None,),
    "renorm_momentum": (0.99,),
    "virtual_batch_size": (None,),
    "synchronized": (False,),
    "keepdims": (False,),
    "ragged": (False,),
    "sparse": (False,),
}
SHAPES = ("batch_input_shape", "batch_shape", "build_input_shape")
# Values that JSON has no word for, and where each version of Keras puts what it holds.
WRAPPERS = {"__tuple__": "items", "TensorShape": "items", "__numpy__": "config", "ndarray": "value"}


def newer_settings(name: str, given: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the settings of a layer or model under the names, and in the forms, of Keras 3.

    Args:
        name: The layer's class, as Keras 3 calls it.
        given: Its settings, of any version.
        path: The file, for messages.

    Raises:
        BundleError: They are of Keras 1 and mean what mien does not know.
    """
    kept = {key: unwrapped(value) for key, value in _from_keras1(given, path).items()}
    for key in kept.keys() & IDLE.keys():
        if kept[key] in IDLE[key]:
            del kept[key]
    for key in kept.keys() & set(SHAPES):
        if isinstance(kept[key], list) and kept[key]:
            kept[key] = [None, *kept[key][1:]]  # a model of one batch size reads any number
    axis = kept.get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        kept["axis"] = axis[0]
    return kept


def plain_name(name: str) -> str:
    """Return a layer's name without slashes, which Keras 2 allowed ("Conv/BatchNorm")."""
    return name.replace("/", "|")


def unwrapped(value: Any) -> Any:
    """Return what a tuple, a shape or an array of NumPy holds; anything else as it is."""
    if not isinstance(value, dict):
        return value
    kind = value.get("class_name", value.get("type"))
    if not isinstance(kind, str) or kind not in WRAPPERS:
        return value
    inner = value.get(WRAPPERS[kind])
    return inner.get("value") if isinstance(inner, dict) else inner


def renumber(model: dict[str, Any]) -> None:
    """Say in the way of Keras 3 what is joined with what in a functional model, in place.

    A use is written as [layer, number of the call, number of the output, …]. Keras 2 counts calls
    of an inner model from 1 where this had an input of its own, because making it was a call, too.
    And it puts a single input or output into a list, which Keras 3 would take for a list of one.

    Args:
        model: Its settings, as Keras 3 calls them, with plain lists.
    """
    for key in ("input_layers", "output_layers"):
        if len(model[key]) == 1 and isinstance(model[key][0], list):
            model[key] = model[key][0]
    layers = model["layers"]
    uses = [use for layer in layers for use in _uses(layer["inbound_nodes"])]
    uses += _uses([model["input_layers"], model["output_layers"]])
    for inner in layers:
        of_inner = [use for use in uses if use[0] == inner["name"] and "layers" in inner["config"]]
        first = max((use[1] for use in of_inner), default=0) - len(inner["inbound_nodes"]) + 1
        for use in of_inner if first > 0 else ():
            use[1] -= first


def _uses(value: Any) -> list[list[Any]]:
    if not isinstance(value, list):
        return []
    if len(value) >= 3 and isinstance(value[0], str) and type(value[1]) is int:
        return [value]
    return [use for part in value for use in _uses(part)]


def _from_keras1(given: dict[str, Any], path: Path) -> dict[str, Any]:
    if given.get("dim_ordering", "tf") == "th":
        raise BundleError(
            f"{path}: saved by Keras 1 with channels first; load and save it with Keras 2 first"
        )
    if given.get("mode") in (1, 2):
        raise BundleError(f"{path}: a batch normalisation of mode {given['mode']} is unknown here")
    if not KERAS1_SIGNS & given.keys() and given.get("mode") != 0:
        return dict(given)
    kept = {KERAS1_NAMES.get(key, key): value for key, value in given.items()}
    if "nb_row" in kept:
        kept["kernel_size"] = [kept.pop("nb_row"), kept.pop("nb_col")]
    if kept.pop("dim_ordering", None):
        kept["data_format"] = "channels_last"
    return {
        key: value
        for key, value in kept.items()
        if key not in KERAS1_UNUSED and not key.startswith(("W_", "b_"))
    }
