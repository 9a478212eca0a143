"""The scale of the pixels is said, told by the first layers or tried; never guessed."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if importlib.util.find_spec("keras") is None or importlib.util.find_spec("h5py") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)

from mien.errors import BundleError, SettingsError
from mien.keras.network import SCALES, KerasModel
from mien.keras.scale import (
    Trial,
    find_scale,
    refuse_one_answer,
    told_by_layers,
)

# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PATH = Path("m.h5")
RIGHT = np.arange(20) % 2


def trial(scale: Any, accuracy: float = 0.5, share: float = 0.5) -> Trial:
    return Trial(scale, accuracy, likelihood=-1.0, commonest=1, share=share)


def loaded(model: Any) -> KerasModel:
    return KerasModel(model, size=16, channels=1, channels_last=True, head="softmax")


def model(keras: Any, *layers: Any) -> Any:
    return keras.Sequential([keras.Input((16, 16, 1)), *layers, keras.layers.Flatten()])


# Scale and offset of a Rescaling, and what it must be fed with.
RESCALED = [
    (1 / 255, 0.0, "0..255"),
    (1 / 127.5, -1.0, "0..255"),
    ([1 / 255] * 1, 0.0, "0..255"),
    (2.0, -1.0, "0..1"),
    (255.0, 0.0, "0..1"),
    (0.5, 0.5, "-1..1"),
    (127.5, 127.5, "-1..1"),
    (0.1, 0.0, None),
]


@pytest.mark.parametrize(("scale", "offset", "wanted"), RESCALED)
def test_rescaling_tells_the_scale(keras: Any, scale: Any, offset: float, wanted: Any) -> None:
    layers = keras.layers
    inner = keras.Sequential([layers.Activation("linear"), layers.Rescaling(scale, offset)])
    told = told_by_layers(model(keras, layers.ZeroPadding2D(), inner))
    assert (told and told.scale) == wanted


@pytest.mark.parametrize(
    ("mean", "variance", "wanted"),
    [(128.0, 64.0**2, "0..255"), (0.5, 0.06, "0..1"), (0.0, 1.0, None), (0.1, 0.3, None)],
)
def test_statistics_tell_the_scale(keras: Any, mean: float, variance: float, wanted: Any) -> None:
    layers = keras.layers
    given = model(keras, layers.Normalization(axis=None, mean=mean, variance=variance))
    learnt = model(keras, layers.BatchNormalization(center=False, scale=False))
    learnt.layers[0].set_weights([np.full(1, mean), np.full(1, variance)])
    for each in (given, learnt):
        told = told_by_layers(each)
        assert (told and told.scale) == wanted


def test_layers_behind_the_first_convolution_tell_nothing(keras: Any) -> None:
    layers = keras.layers
    assert told_by_layers(model(keras, layers.Conv2D(1, 3), layers.Rescaling(1 / 255))) is None


def test_what_is_said_goes_before_layers_and_these_before_trials(keras: Any) -> None:
    divides = loaded(model(keras, keras.layers.Rescaling(1 / 255)))
    trials = [trial("0..1", 0.6), trial("0..255", 0.3), trial("-1..1", 0.59)]
    told = find_scale(None, divides, trials, PATH)
    assert told.scale == "0..255"
    assert "Rescaling" in told.why
    assert "--scale=0..1 it would be right on 60%" in told.notes[0]
    said = find_scale("-1..1", divides, trials, PATH)
    assert (said.scale, len(said.notes)) == ("-1..1", 1)
    assert "not what the model seems to take" in said.notes[0]
    assert find_scale("0..255", divides, (), PATH).notes == ()


def test_the_best_trial_is_named_with_the_others(keras: Any) -> None:
    plain = loaded(model(keras))
    trials = [trial("standardised", 0.4), trial("0..255", 0.5), trial("0..1", 0.2)]
    found = find_scale(None, plain, trials, PATH)
    assert found.scale == "0..255"
    assert found.why == (
        "the best of 0..1 (20% right), 0..255 (50% right), standardised (40% right)"
    )
    with pytest.raises(SettingsError, match=r"--scale is needed: m\.h5 does not say.*--validation"):
        find_scale(None, plain, (), PATH)


def test_one_answer_for_all_is_refused_with_the_scale_that_helps() -> None:
    constant, varied = trial("0..1", 0.5, share=0.99), trial("0..255", 0.8)
    with pytest.raises(BundleError, match=r"m\.h5: with --scale=0\.\.1 it answers 'sad' for 99% .*"
                       r"with --scale=0\.\.255 it is right on 80%"):  # fmt: skip
        refuse_one_answer("0..1", [constant, varied], RIGHT, ("happy", "sad"), PATH)
    with pytest.raises(BundleError, match="--labels or the framing"):
        refuse_one_answer("0..1", [constant], RIGHT, ("happy", "sad"), PATH)
    refuse_one_answer("0..255", [constant, varied], RIGHT, ("happy", "sad"), PATH)


def test_one_answer_may_be_right_for_few_faces_or_one_class() -> None:
    constant = [trial(scale, share=1.0) for scale in SCALES]
    for right in (RIGHT[:9], np.zeros(20, int)):
        refuse_one_answer("0..1", constant, right, ("happy", "sad"), PATH)
