"""The networks: mien's own residual ones, a large teacher, and the original demo's as a baseline.

All are `FaceNetwork`s: normalisation is part of the network, so that nothing about it can be
forgotten when the network is used elsewhere.
"""

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.mobilenet import SMALL, FaceMobileNet
from mien.training.expression.settings import Architecture
from mien.training.expression.standardise import Standardise

Stages = tuple[tuple[int, int], ...]

# (channels, blocks) per stage; each stage halves the picture: 48 px become 24, 12, 6, 3.
STAGES: Stages = ((32, 1), (64, 2), (112, 2), (192, 1))
# To teach: a few times the work, faces of 96 px and more.
LARGE_STAGES: Stages = ((64, 2), (128, 2), (192, 2), (320, 2))
WIDE_STAGES: Stages = ((48, 1), (96, 2), (160, 2), (256, 1))
SMALL_STAGES: Stages = ((24, 1), (40, 2), (80, 2), (128, 1))
# For faces of 160 px and more, which the first convolution halves: 224 px become 112, 56, … 7.
DEEP_STAGES: Stages = ((32, 2), (64, 3), (128, 4), (256, 2))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016); average pooling where it halves."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        shortcut: list[nn.Module] = [nn.AvgPool2d(stride, ceil_mode=True)] if stride > 1 else []
        if inputs != outputs:
            shortcut += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,inputs,S,S] to [N,outputs,S/stride,S/stride]."""
        return F.relu(self.body(x) + self.shortcut(x))


class ResidualNetwork(FaceNetwork):
    """A small residual network with global average pooling."""

    def __init__(
        self, classes: int, channels: int, size: int, stages: Stages = STAGES, stride: int = 1
    ) -> None:
        """Make the layers.

        Args:
            classes: Number of classes.
            channels: Of the pictures.
            size: Of the pictures.
            stages: Channels and blocks of each stage.
            stride: Of the first convolution.

        Raises:
            ValueError: The pictures are too small.
        """
        super().__init__()
        least = 16 * stride
        if size < least:
            raise ValueError(
                f"the residual network needs pictures of at least {least} px, got {size}"
            )
        width = stages[0][0] // 2
        layers: list[nn.Module] = [
            Standardise(),
            nn.Conv2d(channels, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        for outputs, blocks in stages:
            for block in range(blocks):
                layers.append(ResidualBlock(width, outputs, 2 if block == 0 else 1))
                width = outputs
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(width, classes)

    def with_features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Map float [N,C,S,S] in 0..1 to logits [N,K] and features [N,D]."""
        pooled = self.features(pictures).mean(dim=(2, 3))
        return self.head(self.dropout(pooled)), pooled


class BaselineNetwork(FaceNetwork):
    """The original demo's network, layer by layer, to compare with on the same data."""

    def __init__(self, classes: int, channels: int, size: int) -> None:
        super().__init__()
        if size < 48:
            raise ValueError(f"the baseline network needs pictures of at least 48 px, got {size}")
        self.features = nn.Sequential(
            nn.Conv2d(channels, 32, 5),
            nn.ReLU(),
            nn.MaxPool2d(5, 2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3),
            nn.ReLU(),
            nn.AvgPool2d(3, 2),
            nn.Conv2d(64, 128, 3),
            nn.ReLU(),
            nn.Conv2d(128, 128, 3),
            nn.ReLU(),
            nn.AvgPool2d(3, 2),
            nn.Flatten(),
        )
        with torch.no_grad():
            flat = self.features(torch.zeros(1, channels, size, size)).shape[1]
        self.head = nn.Sequential(
            nn.Linear(flat, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, classes)
        )

    def with_features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Map float [N,C,S,S] in 0..1 to logits [N,K] and features [N,1024]."""
        hidden = self.head[:-1](self.features(pictures))
        return self.head[-1](hidden), hidden


ARCHITECTURES: dict[Architecture, Callable[[int, int, int], FaceNetwork]] = {
    "residual": ResidualNetwork,
    "residual-small": functools.partial(ResidualNetwork, stages=SMALL_STAGES),
    "residual-wide": functools.partial(ResidualNetwork, stages=WIDE_STAGES),
    "residual-large": functools.partial(ResidualNetwork, stages=LARGE_STAGES),
    "residual-deep": functools.partial(ResidualNetwork, stages=DEEP_STAGES, stride=2),
    "mobilenet": FaceMobileNet,
    "mobilenet-small": functools.partial(FaceMobileNet, shape=SMALL),
    "baseline": BaselineNetwork,
}


class Deployed(nn.Module):
    """What goes into the bundle's graph: uint8 faces in, probabilities and features out.

    Args:
        network: Gives the logits of all classes that were learnt, C.
        temperature: What these are divided by (temperature scaling, Guo et al. 2017).
        reads: Numbers of the classes that are read, in the order of the bundle; all unless given.
    """

    def __init__(
        self, network: FaceNetwork, temperature: float, reads: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.reads = [] if reads is None else list(reads)

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        """Map uint8 [N,S,S,C] to probabilities and, where there are any, features [N,D].

        The probabilities are those of the classes that are read, [N,K]. Where others were learnt,
        [N,K+1]: what these have together is last. So a face that looks like none of the labels does
        not become one of them.
        """
        pictures = faces.permute(0, 3, 1, 2).float() / 255.0
        logits, features = self.network.with_features(pictures)
        probabilities = self._read(torch.softmax(logits / self.temperature, dim=1))
        return (probabilities,) if features is None else (probabilities, features)

    def _read(self, learnt: Tensor) -> Tensor:
        numbers = list(range(learnt.shape[1]))
        if self.reads in ([], numbers):
            return learnt
        rest = [number for number in numbers if number not in self.reads]
        read = learnt[:, self.reads]
        return torch.cat([read, learnt[:, rest].sum(1, keepdim=True)], 1) if rest else read
