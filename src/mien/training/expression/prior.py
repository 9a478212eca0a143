"""How much the frequent classes are preferred again that balanced training held back."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn


@torch.no_grad()
def prefer(network: nn.Module, shares: npt.NDArray[np.float64], strength: float) -> None:
    """Shift a network's logits towards the classes that are frequent (Menon et al. 2021).

    Args:
        network: Changed: what is added goes into the bias of its last layer, so it costs no time.
        shares: Of the classes among the faces that were learnt from, [K].
        strength: What the logarithms of the shares are multiplied by; below 0 rare ones gain.
    """
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    preferred = torch.from_numpy(shares).clamp(min=1e-6).log()
    last.bias.add_((strength * preferred).to(last.bias))
