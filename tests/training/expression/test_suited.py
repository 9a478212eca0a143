"""Few faces get small batches, more epochs and a lower rate; what was given stays as it is."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from mien.settings import checked
from mien.training.expression.settings import TrainSettings
from mien.training.expression.suited import STEPS_PER_EPOCH, suit


@given(faces=st.integers(1, 10_000_000))
def test_every_choice_is_a_setting_and_gives_enough_steps(faces: int) -> None:
    settings = checked(TrainSettings, **suit({}, faces))
    steps = max(1, faces // settings.batch_size)
    assert 8 <= settings.batch_size <= 128
    assert steps >= STEPS_PER_EPOCH or settings.batch_size == 8
    assert steps * settings.epochs >= 2000 or settings.epochs == 200
    assert settings.patience < settings.epochs


@given(few=st.integers(1, 100_000), more=st.integers(0, 100_000))
def test_more_faces_never_get_a_smaller_batch_or_more_epochs(few: int, more: int) -> None:
    first, second = suit({}, few), suit({}, few + more)
    assert first["batch_size"] <= second["batch_size"]
    assert first["learning_rate"] <= second["learning_rate"]


def test_large_data_get_what_the_settings_say() -> None:
    chosen, usual = suit({}, 24_000), TrainSettings()
    assert all(getattr(usual, name) == value for name, value in chosen.items())


def test_what_was_given_stays() -> None:
    options = {"batch_size": 7, "epochs": 3, "patience": 2, "learning_rate": 0.5, "name": "mine"}
    assert suit(options, 100) == options


@pytest.mark.parametrize(("arch", "rate"), [("baseline", 5e-4), ("mobilenet", 3e-4)])
def test_networks_have_rates_of_their_own(arch: str, rate: float) -> None:
    assert suit({"arch": arch}, 24_000)["learning_rate"] == rate
    assert suit({"arch": arch}, 100)["learning_rate"] < rate
