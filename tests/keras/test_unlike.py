"""Without faces, a scale is refused only where nothing changes and another makes differences."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("h5py") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)

from mien.errors import BundleError
from mien.keras.network import KerasModel
from mien.keras.scale import FoundScale
from mien.keras.unlike import check_on_unlike, unlike_pictures

# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PATH = Path("m.h5")


def loaded(keras: Any, kernel: float, bias: float) -> KerasModel:
    """A model that compares the brightness of two halves: softmax(kernel * (up - down) + bias)."""
    layers = keras.layers
    halves = [layers.AveragePooling2D((8, 16)), layers.Flatten(), layers.Dense(2)]
    model = keras.Sequential([keras.Input((16, 16, 1)), *halves])
    weights = kernel * np.array([[1, -1], [-1, 1]], np.float32)
    model.set_weights([weights, np.array([bias, -bias], np.float32)])
    return KerasModel(model, size=16, channels=1, channels_last=True, head="logits")


def test_a_scale_at_which_nothing_changes_is_refused_if_another_does_better(keras: Any) -> None:
    of_bytes = loaded(keras, kernel=0.3, bias=2.5)
    for scale in ("0..1", "-1..1"):
        with pytest.raises(
            BundleError, match=rf"m\.h5: with --scale={scale} .* --scale=0\.\.255, or"
        ):
            check_on_unlike(of_bytes, FoundScale(scale, ""), PATH)
    found = FoundScale("0..255", "", ("a note",))
    assert check_on_unlike(of_bytes, found, PATH) == found


def test_a_model_that_never_changes_gets_a_note(keras: Any) -> None:
    constant = loaded(keras, kernel=0.0, bias=1.0)
    (note,) = check_on_unlike(constant, FoundScale("0..1", ""), PATH).notes
    assert "its answers hardly change (by 0) over 48 unlike" in note


def test_pictures_are_unlike_and_always_the_same() -> None:
    pictures = unlike_pictures(24, 3)
    assert pictures.shape == (48, 3, 24, 24)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert (pictures.std(dim=(1, 2, 3)) > 0).all()
    assert (pictures == unlike_pictures(24, 3)).all()
