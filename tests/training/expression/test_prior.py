"""Frequent classes are preferred by the logarithms of their shares."""

import numpy as np
import torch

from mien.training.expression.prior import prefer


def test_frequent_classes_are_preferred_by_their_shares() -> None:
    shares = np.array([0.75, 0.25])
    network = torch.nn.Sequential(torch.nn.Linear(3, 2))
    faces = torch.randn(5, 3)
    before = network(faces).detach()
    prefer(network, shares, 0.5)
    shift = network(faces).detach() - before
    wanted = 0.5 * torch.log(torch.tensor([0.75, 0.25]))
    torch.testing.assert_close(shift, wanted.expand(5, 2))
    prefer(network, shares, -0.5)
    torch.testing.assert_close(network(faces).detach(), before)
