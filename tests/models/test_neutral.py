"""What a model makes of neutral faces: which label that is, and where it is said."""

import msgspec
import numpy as np
import pytest

from mien.errors import SettingsError
from mien.models.bundle import load_bundle
from mien.models.info import ModelInfo
from mien.models.neutral import can_be_shown, mean_logs, neutral_index, reference
from mien.registry import MODELS, SHIPPED

INFO = load_bundle(SHIPPED[0]).info


def changed(**values: object) -> ModelInfo:
    return msgspec.convert(msgspec.to_builtins(INFO) | values, ModelInfo)


def test_neutral_is_known_by_its_synonyms() -> None:
    assert neutral_index(("sad", "Neutrality")) == 1
    assert neutral_index(("sad", "calm")) is None


def test_the_mean_is_over_neutral_faces_only() -> None:
    outcomes = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]], np.float32)
    logs = mean_logs(outcomes, np.array([0, 1, 1]), ("sad", "neutral"))
    assert logs == pytest.approx((np.log(0.25) / 2, (np.log(0.75) + np.log(1e-6)) / 2), abs=1e-4)
    assert mean_logs(outcomes, np.array([0, 0, 0]), ("sad", "neutral")) is None
    assert mean_logs(outcomes, np.array([0, 1, 1]), ("sad", "happy")) is None


@pytest.mark.parametrize("name", ["fer4", "fer4-open", "fer8"])
def test_what_is_shipped_can_be_shown_a_usual_face(name: str) -> None:
    info = load_bundle(MODELS / name).info
    assert can_be_shown(info)
    assert np.exp(reference(info)).argmax() == neutral_index(info.labels)


def test_a_model_that_can_be_shown_none_says_what_to_do() -> None:
    with pytest.raises(SettingsError, match="train it with this version"):
        reference(changed(neutral_logs=None))
    with pytest.raises(SettingsError, match=r"none of its labels means neutral \(a, b, c, d\)"):
        reference(changed(labels=["a", "b", "c", "d"]))
    assert not can_be_shown(changed(labels=["a", "b", "c", "d"]))


@pytest.mark.parametrize("logs", [[-1, -1], [-1, -1, -1, -1, 0.5], [-1, -1, -1, -1, "x"], 3])
def test_what_is_no_mean_of_logarithms_is_refused(logs: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        changed(neutral_logs=logs)
