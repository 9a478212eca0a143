"""The networks' shapes, and the baseline as the original demo had it."""

import pytest
import torch
from torch import nn

from mien.training.expression.network import (
    ARCHITECTURES,
    BaselineNetwork,
    Deployed,
)
from mien.training.expression.settings import Architecture
from mien.training.expression.standardise import Standardise


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
@pytest.mark.parametrize(("channels", "size"), [(1, 48), (3, 64)])
def test_gives_one_logit_per_class(arch: Architecture, channels: int, size: int) -> None:
    network = ARCHITECTURES[arch](5, channels, size).eval()
    assert network(torch.rand(2, channels, size, size)).shape == (2, 5)


@pytest.mark.parametrize("arch", sorted(ARCHITECTURES))
def test_features_are_what_the_last_linear_layer_sees(arch: Architecture) -> None:
    network = ARCHITECTURES[arch](5, 1, 48).eval()
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    pictures = torch.rand(3, 1, 48, 48)
    logits, features = network.with_features(pictures)
    assert features.shape == (3, last.in_features)
    torch.testing.assert_close(last(features), logits)
    torch.testing.assert_close(network(pictures), logits)


def test_baseline_is_the_original_layer_by_layer() -> None:
    network = BaselineNetwork(4, 1, 48)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    shapes = [tuple(layer.weight.shape) for layer in layers]
    assert shapes == [
        (32, 1, 5, 5),
        (64, 32, 3, 3),
        (64, 64, 3, 3),
        (128, 64, 3, 3),
        (128, 128, 3, 3),
        (1024, 128),
        (4, 1024),
    ]


@pytest.mark.parametrize(
    ("arch", "size"), [("residual", 8), ("residual-deep", 31), ("baseline", 32)]
)
def test_too_small_pictures_are_refused(arch: Architecture, size: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        ARCHITECTURES[arch](4, 1, size)


def test_standardised_picture_does_not_depend_on_light() -> None:
    picture = torch.rand(1, 1, 24, 24)
    dim = picture * 0.5 + 0.1
    given = Standardise()(torch.cat([picture, dim]))
    torch.testing.assert_close(given[0], given[1], atol=0.01, rtol=0.01)
    torch.testing.assert_close(given.mean(dim=(1, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)


def test_flat_picture_stays_finite() -> None:
    assert torch.isfinite(Standardise()(torch.full((1, 1, 8, 8), 0.3))).all()


def test_temperature_softens_but_keeps_the_order() -> None:
    network = ARCHITECTURES["residual"](4, 1, 16).eval()
    faces = torch.randint(0, 256, (3, 16, 16, 1), dtype=torch.uint8)
    (sharp, _), (soft, _) = Deployed(network, 0.5)(faces), Deployed(network, 5.0)(faces)
    torch.testing.assert_close(soft.sum(1), torch.ones(3))
    assert torch.equal(sharp.argmax(1), soft.argmax(1))
    assert (soft.max(1).values < sharp.max(1).values).all()


@pytest.mark.parametrize("reads", [[3, 0], [4, 1, 0, 2], [2, 0, 4, 1, 3]])
def test_what_is_not_read_is_something_else(reads: list[int]) -> None:
    network = ARCHITECTURES["residual"](5, 1, 16).eval()
    faces = torch.randint(0, 256, (3, 16, 16, 1), dtype=torch.uint8)
    learnt, given = (Deployed(network, 0.7, kept)(faces)[0] for kept in (None, reads))
    torch.testing.assert_close(given[:, : len(reads)], learnt[:, reads])
    torch.testing.assert_close(given.sum(1), torch.ones(3))
    assert given.shape[1] == min(len(reads) + 1, 5)
