"""Every weight finds its own place, in whatever order and under whatever name it was saved."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("h5py") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)

from mien.errors import BundleError
from mien.keras.config import harmless
from mien.keras.source import KerasSource
from mien.keras.weights import assign_weights

# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PATH = Path("m.h5")
BLOCK = {"c": ("kernel", "bias"), "n": ("gamma", "beta", "moving_mean", "moving_variance")}


@pytest.fixture
def model(keras: Any) -> Any:
    """A base of two blocks, the first of which was frozen, and a head."""
    layers = keras.layers
    base = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(3, 1, name="c1", trainable=False),
            layers.BatchNormalization(name="n1", trainable=False),
            layers.Conv2D(3, 1, name="c2"),
            layers.BatchNormalization(name="n2"),
        ],
        name="base",
    )
    layers = [base, layers.Flatten(), layers.Dense(2, name="dense")]
    made = keras.Sequential([keras.Input((16, 16, 1)), *layers], name="whole")
    rng = np.random.default_rng(0)
    made.set_weights([rng.random(weight.shape, np.float32) for weight in made.weights])
    return made


def listed(model: Any, order: Sequence[str], name: Callable[[str], str]) -> list[Any]:
    """Return weights as Keras 2 lists them: of the base in some order, under some names."""
    base, _, dense = model.layers
    by_name = {
        f"{layer.name}/{weight.name}": np.array(weight)
        for layer in base.layers
        for weight in layer.weights
    }
    head = [(f"dense/{w.name}:0", np.array(w)) for w in dense.weights]
    return [("base", [(name(each), by_name[each]) for each in order]), ("dense", head)]


PER_LAYER = [f"{kind}{number}/{role}" for number in (1, 2) for kind in "cn" for role in BLOCK[kind]]
TRAINED_FIRST = sorted(PER_LAYER, key=lambda name: "1/" in name or "moving" in name)
NAMES: dict[str, Callable[[str], str]] = {
    "Keras 2": lambda name: f"{name}:0",
    "nested": lambda name: f"base/{name}",
    "numbered anew": lambda name: f"{name.replace('/', '_1/')}_1:0",
    "Keras 1": lambda name: name.replace("/", "_").replace("kernel", "W").replace("bias", "b")
    .replace("moving_variance", "running_std"),
}  # fmt: skip


ORDERS = {
    "by layer": (PER_LAYER, tuple(NAMES)),
    "trained first": (TRAINED_FIRST, tuple(NAMES)),
    "backwards": (PER_LAYER[::-1], ("Keras 2", "nested")),  # only names tell it
}


@pytest.mark.parametrize("order", ORDERS)
def test_listed_weights(keras: Any, model: Any, order: str) -> None:
    names, known_by = ORDERS[order]
    for each in known_by:
        check(keras, model, listed(model, names, NAMES[each]), legacy=True)


def check(keras: Any, model: Any, weights: list[Any], *, legacy: bool) -> None:
    """Check that the weights make the same model of its own architecture."""
    config = {"class_name": "Sequential", "config": model.get_config()}
    kind, written = harmless(config, PATH)
    built = getattr(keras, kind).from_config(harmless(config, PATH)[1])
    assign_weights(built, written, KerasSource(PATH, None, "", config, legacy, weights))
    for given, wanted in zip(built.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(given, wanted)


def test_roles_that_change_places_are_told_apart(keras: Any, model: Any) -> None:
    order = [
        name.replace("gamma", "?").replace("beta", "gamma").replace("?", "beta")
        for name in PER_LAYER
    ]
    check(keras, model, listed(model, order, NAMES["Keras 2"]), legacy=True)
    with pytest.raises(BundleError, match=r"m\.h5: the weights do not fit .*'base' wants"):
        check(keras, model, listed(model, order, NAMES["Keras 1"]), legacy=True)


def test_states_of_random_numbers_are_no_weights(keras: Any, model: Any) -> None:
    base, dense = listed(model, PER_LAYER, NAMES["Keras 2"])
    state = ("random_flip/StateVar:0", np.zeros(3, np.float32))
    check(keras, model, [("aug", [state]), (base[0], [state, *base[1]]), dense], legacy=True)


@pytest.mark.parametrize("step", [1, 2])
def test_placed_weights(keras: Any, model: Any, step: int) -> None:
    base, _, dense = model.layers
    numbers = ["", f"_{step}"]
    places = [f"layers/sequential/layers/{kind}{number}" for number in numbers
              for kind in ("conv2d", "batch_normalization")]  # fmt: skip
    by_layer = zip([*places, "layers/dense"], [*base.layers, dense], strict=True)
    weights = [
        (place, [(str(n), np.array(w)) for n, w in enumerate(layer.weights)])
        for place, layer in by_layer
    ]
    check(keras, model, weights[::-1], legacy=False)
    with pytest.raises(BundleError, match="2 layers 'conv2d' with weights, 1 in the file"):
        check(keras, model, weights[1:], legacy=False)
    place, arrays = weights[-1]
    with pytest.raises(BundleError, match=r"'dense' wants \[768,2\] \[2\], the file has \[768,2\]"):
        check(keras, model, [*weights[:-1], (place, arrays[:1])], legacy=False)


def test_layers_that_are_missing_are_counted(keras: Any, model: Any) -> None:
    weights = listed(model, PER_LAYER, NAMES["Keras 2"])
    with pytest.raises(BundleError, match="2 layers with weights, 1 in the file"):
        check(keras, model, weights[:1], legacy=True)
    short = [("base", weights[0][1][:-1]), weights[1]]
    with pytest.raises(BundleError, match="'base' wants"):
        check(keras, model, short, legacy=True)


def test_other_names_of_layers_go_by_order(keras: Any, model: Any) -> None:
    (_, base), (_, dense) = listed(model, PER_LAYER, NAMES["Keras 2"])
    check(keras, model, [("base_7", base), ("dense_7", dense)], legacy=True)


def test_normalization_divides_by_what_it_was_given(keras: Any) -> None:
    layer = keras.layers.Normalization(axis=-1, name="n")
    model = keras.Sequential([keras.Input((16, 16, 1)), layer], name="whole")
    _, written = harmless({"class_name": "Sequential", "config": model.get_config()}, PATH)
    arrays = [np.array([100.0]), np.array([25.0]), np.array(7.0)]
    names = ["n/mean:0", "n/variance:0", "n/count:0"]
    for legacy, place, given in ((True, "n", names), (False, "layers/normalization", "012")):
        layer.adapt(np.zeros((2, 16, 16, 1)))
        weights = [(place, list(zip(given, arrays, strict=True)))]
        assign_weights(model, written, KerasSource(PATH, None, "", None, legacy, weights))
        pictures = np.full((1, 16, 16, 1), 110, np.float32)
        np.testing.assert_allclose(model.predict(pictures, verbose=0), 2.0, rtol=1e-5)
