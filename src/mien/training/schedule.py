"""How learning rates fall and weights are averaged over a run."""

import math

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

WARM_UP = 1.0  # epochs over which the learning rate rises


def learning_rate(highest: float, epochs: int, done: float) -> float:
    """Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter 2017).

    Args:
        highest: The highest rate.
        epochs: Epochs of the whole run.
        done: Epochs done, with a fraction.
    """
    if done < WARM_UP:
        return highest * done / WARM_UP
    span = max(epochs - WARM_UP, 1e-9)
    return highest * 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / span))


class MovingAverage(AveragedModel):
    """The average of a network's weights over its steps, recent ones first.

    It follows closely at first: with the full decay from the start, the random first weights would
    weigh on the average for epochs, and early stopping would judge them.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Begin with the network's weights.

        Args:
            network: On its device.
            decay: Per step, once many steps are done.
        """
        super().__init__(network, use_buffers=True)
        self._decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take up the weights after a step.

        PyTorch's own asks for the number of steps on the device, once for each weight, and so waits
        for a GPU each time.
        """
        steps = int(self.n_averaged)
        share = 1.0 if steps == 0 else 1 - min(self._decay, (1 + steps) / (10 + steps))
        pairs = [
            *zip(self.module.parameters(), model.parameters(), strict=True),
            *zip(self.module.buffers(), model.buffers(), strict=True),
        ]
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        torch._foreach_lerp_([own for own, _ in floats], [new for _, new in floats], share)
        for own, new in pairs:
            if not own.is_floating_point():
                own.copy_(new)
        self.n_averaged += 1
