"""Rates rise, fall and never leave their range; averages follow closely at first."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch import nn

from mien.training.schedule import MovingAverage, learning_rate


@given(done=st.floats(0, 30))
def test_learning_rate_stays_between_zero_and_the_highest(done: float) -> None:
    assert 0 <= learning_rate(0.01, 30, done) <= 0.01


def test_learning_rate_rises_for_an_epoch_and_falls_to_zero() -> None:
    rates = [learning_rate(0.01, 10, done) for done in (0.1, 0.5, 1, 3, 6, 10)]
    assert rates[:3] == sorted(rates[:3])
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[2] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0)


def test_the_average_follows_closely_at_first() -> None:
    network = nn.Linear(1, 1, bias=False)
    average = MovingAverage(network, 0.9)

    def after(value: float) -> float:
        nn.init.constant_(network.weight, value)
        average.update_parameters(network)
        return float(average.module.weight.detach())

    assert after(5.0) == pytest.approx(5.0)
    assert after(0.0) == pytest.approx(5.0 * 2 / 11)
    average.n_averaged.fill_(10_000)
    assert after(1.0) == pytest.approx(0.9 * 5.0 * 2 / 11 + 0.1)
    assert int(average.n_averaged) == 10_001


def test_what_is_counted_is_copied() -> None:
    network = nn.BatchNorm1d(2)
    average = MovingAverage(network, 0.9)
    for _ in range(3):
        network(torch.randn(4, 2))
        average.update_parameters(network)
    assert int(average.module.num_batches_tracked) == 3
    assert not torch.equal(average.module.running_mean, network.running_mean)
