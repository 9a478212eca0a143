"""Takes the light out of a picture, as the first layer of the networks."""

import torch
from torch import Tensor, nn

# The variance of a step of 2.5 gray levels: flat pictures stay flat.
VARIANCE_FLOOR = 1e-4


class Standardise(nn.Module):
    """Give each picture zero mean and unit variance: a dark room then looks like a bright one."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Standardise [N,C,S,S], each picture by its own pixels."""
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        variance = (pictures - mean).square().mean(dim=(1, 2, 3), keepdim=True)
        return (pictures - mean) * torch.rsqrt(variance + VARIANCE_FLOOR)
