"""Only known layers with plain values are built, whatever a file holds."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import BundleError
from mien.keras.config import LAYERS, MODELS, TENSOR, harmless


def sequential(*layers: Any, **more: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}, **more}


def layer(class_name: str, config: Any = None, **more: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config or {}, **more}


REFUSED = {
    "nothing": (None, "none of Keras"),
    "a list": ([], "none of Keras"),
    "a name that is none": ({"class_name": [], "config": {}}, "none of Keras"),
    "a class of its own": (layer("MyModel"), "'MyModel', a model of its own class"),
    "unknown layer": (sequential(layer("LSTM")), "'LSTM', unknown here"),
    "text layer": (sequential(layer("TextVectorization")), "unknown here"),
    "own layer": (sequential(layer("Dense", registered_name="my>Dense")), "my>Dense.*own"),
    "layer from elsewhere": (sequential(layer("Dense", module="my.layers")), "'Dense', .*own"),
    "function": (sequential(layer("function", "system", module="os")), "author.s own"),
    "nested": (sequential(sequential(layer("Lambda"))), "code inside the file"),
    "hidden": (sequential(layer("Dense", {"x": [{"y": layer("__lambda__")}]})), "unknown here"),
    "activation": (sequential(layer("Dense", {"activation": "my_own"})), "activation 'my_own'"),
    "old activation": (
        sequential(layer("Dense", {"activation": "hard_sigmoid"})),
        "activation 'hard_sigmoid'",
    ),
    "channels first in Keras 1": (
        sequential(layer("Convolution2D", {"dim_ordering": "th"})),
        "Keras 1 with channels first",
    ),
    "normalisation of Keras 1": (sequential(layer("BatchNormalization", {"mode": 1})), "mode 1"),
    "damaged": (sequential({"class_name": "Dense"}), "damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_architecture_is_refused(name: str) -> None:
    config, message = REFUSED[name]
    with pytest.raises(BundleError, match=message):
        harmless(config, Path("model.json"))


def test_modules_of_the_file_are_never_looked_up() -> None:
    own = layer("Evil", module="evil")
    dense = layer("Dense", {"units": 2, "kernel_initializer": own}, module="keras.src.evil")
    kind, config = harmless(sequential(dense, compile_config=own), Path("x"))
    assert kind == "Sequential"
    (written,) = config["layers"]
    assert written == layer("Dense", {"units": 2}, module="keras.layers")


words = st.sampled_from(
    ["Sequential", "Dense", "Lambda", "function", "os", "keras", "relu", "__lambda__", TENSOR]
)
keys = st.sampled_from(
    ["class_name", "config", "module", "registered_name", "layers", "activation", "name", "dtype"]
)
anything = st.recursive(
    st.none() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


@given(anything)
def test_whatever_a_file_holds_only_known_layers_are_built(config: Any) -> None:
    try:
        _, written = harmless(sequential(layer("Dense", {"x": config})), Path("x"))
    except BundleError:
        return
    for part in parts(written):
        if "class_name" in part:
            assert part["class_name"] in LAYERS | set(MODELS) | {TENSOR}
            assert part.get("module", "keras") in ("keras", "keras.layers")


def parts(value: Any) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return own + [part for each in inner for part in parts(each)]
