"""Rates rise, fall and never leave their range; averages follow closely at first."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from mien.training.schedule import learning_rate, moving_average


@given(done=st.floats(0, 30))
def test_learning_rate_stays_between_zero_and_the_highest(done: float) -> None:
    assert 0 <= learning_rate(0.01, 30, done) <= 0.01


def test_learning_rate_rises_for_an_epoch_and_falls_to_zero() -> None:
    rates = [learning_rate(0.01, 10, done) for done in (0.1, 0.5, 1, 3, 6, 10)]
    assert rates[:3] == sorted(rates[:3])
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[2] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0)


def test_an_average_starts_at_its_first_values_and_then_keeps_to_its_decay() -> None:
    update = moving_average(0.9)
    old, new = torch.zeros(1), torch.ones(1)
    assert update(old, new, 0).item() == pytest.approx(0.9)
    assert update(old, new, 10_000).item() == pytest.approx(0.1)
