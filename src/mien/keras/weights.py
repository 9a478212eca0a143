"""Gives a built Keras model the weights of a file, each to the layer that it was saved of.

Keras would match them by order alone, so two of the same shape could change places without a word:
the four of a batch normalisation, or those of a base whose first layers were frozen. Here names
decide where there are any, and every weight has to find its place.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.errors import BundleError
from mien.keras.older import plain_name
from mien.keras.source import KerasSource

ROLE = re.compile(
    r"(?:^|[/_])(depthwise_kernel|pointwise_kernel|kernel|bias|gamma|beta|alpha|moving_mean|"
    r"moving_variance|running_mean|running_std|mean|variance|count|StateVar|seed_generator_state|"
    r"W|b)(?:_\d+)?(?::\d+)?$"
)
# Names of Keras 1, and one that Keras 3 gave up.
ROLES = {
    "W": "kernel",
    "b": "bias",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
    "depthwise_kernel": "kernel",
}
NEVER_TRAINED = frozenset({"moving_mean", "moving_variance", "mean", "variance"})
# What only training needs: how often a normalisation was adapted, and the state of random numbers.
UNUSED = frozenset({"count", "StateVar", "seed_generator_state"})
NUMBERED = re.compile(r"(.+?)(?:_(\d+))?")

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A weight that the model has: of which layer, what it is to it, and whether it was trained."""

    layer: str
    role: str | None
    trained: bool
    variable: Any


@dataclass(frozen=True, slots=True)
class _Saved:
    """A weight that the file has, and what the name of its layer may be, likeliest first."""

    owners: tuple[str, ...]
    role: str | None
    array: Array


def assign_weights(model: Any, config: dict[str, Any], source: KerasSource) -> None:
    """Fill a model.

    Args:
        model: A `keras.Model`, built from `config`.
        config: As `harmless` wrote it; says in which order its author's Keras knew the layers.
        source: The file.

    Raises:
        BundleError: The weights do not fit the model.
    """
    try:
        if source.legacy:
            _assign_listed(model, config, source)
        else:
            _assign_placed(model, config, "layers", dict(source.weights))
    except _MisfitError as error:
        raise BundleError(
            f"{source.path}: the weights do not fit the architecture ({error})"
        ) from error
    for layer in _all_layers(model):
        if hasattr(layer, "finalize_state"):  # a Normalization divides by what it computes here
            layer.finalize_state()


class _MisfitError(Exception):
    pass


def _all_layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)


def _children(model: Any, config: dict[str, Any]) -> list[tuple[Any, dict[str, Any], str]]:
    """Return the layers with weights, what the file says of each, and its class there."""
    by_name = {layer.name: layer for layer in model.layers}
    listed = [
        (by_name.pop(part["config"].get("name"), None), part["config"], part["class_name"])
        for part in config["layers"]
    ]
    return [each for each in listed if each[0] is not None and each[0].weights]


# Keras 1 and 2: a list of layers, each with a list of all that is in it.


def _assign_listed(model: Any, config: dict[str, Any], source: KerasSource) -> None:
    saved = {plain_name(name): _saved(arrays) for name, arrays in source.weights}
    saved = {name: weights for name, weights in saved.items() if weights}
    layers = _children(model, config)
    names = [layer.name for layer, _, _ in layers]
    if not set(names) <= saved.keys():
        # Another model of the same shape has other numbers in its names.
        if len(names) != len(saved):
            raise _MisfitError(f"{len(names)} layers with weights, {len(saved)} in the file")
        names = list(saved)
    for (layer, inner, _), name in zip(layers, names, strict=True):
        slots = [s for s in _slots(layer, inner, trained=True) if s.role not in UNUSED]
        _fill(layer.name, slots, saved[name])


def _saved(arrays: Sequence[tuple[str, Array]]) -> list[_Saved]:
    found = [_Saved(_owners(name), _role(name), array) for name, array in arrays]
    return [weight for weight in found if weight.role not in UNUSED]


def _slots(layer: Any, config: dict[str, Any], *, trained: bool) -> list[_Slot]:
    trained = trained and config.get("trainable", True) is not False
    if "layers" in config:
        children = _children(layer, config)
        return [
            slot for child, inner, _ in children for slot in _slots(child, inner, trained=trained)
        ]
    roles = [(_role(variable.name), variable) for variable in layer.weights]
    return [
        _Slot(layer.name, role, trained and role not in NEVER_TRAINED, variable)
        for role, variable in roles
    ]


def _fill(name: str, slots: list[_Slot], saved: list[_Saved]) -> None:
    """Find the order in which all weights fit, by shape and by what they are."""
    # Keras 2 lists what was trained first; a frozen model's weights come layer by layer.
    by_training = sorted(slots, key=lambda slot: not slot.trained)
    for order in (_by_name(slots, saved), by_training, slots):
        if len(order) == len(saved) and all(map(_fits, order, saved)):
            for slot, weight in zip(order, saved, strict=True):
                slot.variable.assign(weight.array)
            return
    wanted = _shapes(tuple(slot.variable.shape) for slot in slots)
    raise _MisfitError(
        f"{name!r} wants {wanted}, the file has {_shapes(weight.array.shape for weight in saved)}"
    )


def _by_name(slots: list[_Slot], saved: list[_Saved]) -> list[_Slot]:
    """Return the slots in the file's order; none where a name is missing or stands twice."""
    by_name = {(slot.layer, slot.role): slot for slot in slots}
    order = [
        next((by_name[owner, w.role] for owner in w.owners if (owner, w.role) in by_name), None)
        for w in saved
    ]
    found = [slot for slot in order if slot is not None]
    return found if len({id(slot) for slot in found}) == len(slots) else []


def _fits(slot: _Slot, weight: _Saved) -> bool:
    same_role = None in (slot.role, weight.role) or slot.role == weight.role
    return same_role and tuple(slot.variable.shape) == weight.array.shape


# Keras 3, and `.keras` of Keras 2: each layer at a place named after its class.


def _assign_placed(
    model: Any, config: dict[str, Any], place: str, saved: dict[str, list[tuple[str, Array]]]
) -> None:
    by_class: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
    for layer, inner, class_name in _children(model, config):
        by_class.setdefault(_snake_case(class_name), []).append((layer, inner))
    for kind, layers in by_class.items():
        found = _places(place, kind, saved)
        if len(found) != len(layers):
            raise _MisfitError(
                f"{len(layers)} layers {kind!r} with weights, {len(found)} in the file"
            )
        for (layer, inner), name in zip(layers, found, strict=True):
            if "layers" in inner:
                _assign_placed(layer, inner, f"{name}/layers", saved)
            else:
                _assign_own(layer, [array for _, array in saved.get(name, [])])


def _places(place: str, kind: str, saved: dict[str, list[tuple[str, Array]]]) -> list[str]:
    """Return the places of all layers of a class that have weights, in order of their numbers.

    Some versions of Keras count 0, 1, 2, others 0, 2, 4.
    """
    numbers: dict[int, str] = {}
    for name in saved:
        inside, _, rest = name.partition(f"{place}/")
        child = rest.partition("/")[0]
        numbered = NUMBERED.fullmatch(child)
        if not inside and numbered and numbered[1] == kind:
            numbers[int(numbered[2] or 0)] = f"{place}/{child}"
    return [numbers[number] for number in sorted(numbers)]


def _assign_own(layer: Any, arrays: list[Array]) -> None:
    variables = layer.weights
    if [tuple(variable.shape) for variable in variables] != [array.shape for array in arrays]:
        wanted = _shapes(tuple(variable.shape) for variable in variables)
        given = _shapes(array.shape for array in arrays)
        raise _MisfitError(f"{layer.name!r} wants {wanted}, the file has {given}")
    for variable, array in zip(variables, arrays, strict=True):
        if _role(variable.name) not in UNUSED:
            variable.assign(array)


def _snake_case(class_name: str) -> str:
    """Return a class's name as Keras writes it into the file; both kinds of model are one."""
    if class_name == "Model":
        return "functional"
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", class_name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _role(name: str) -> str | None:
    found = ROLE.search(name)
    return ROLES.get(found[1], found[1]) if found else None


def _owners(name: str) -> tuple[str, ...]:
    """Return "base|conv" and "conv" for "base/conv/kernel:0": a name may have held a slash."""
    parts = name.split("/")[:-1]
    return tuple("|".join(parts[start:]) for start in range(len(parts)))


def _shapes(shapes: Any) -> str:
    listed = [str(list(shape)).replace(" ", "") for shape in itertools.islice(shapes, 9)]
    return " ".join(listed[:8]) + (" …" if len(listed) > 8 else "")
