"""Networks that start from a face recogniser: a large one that teaches, and its lower half.

MobileNet (Howard et al. 2017) as Savchenko trained it to tell people apart on VGGFace2
(HSE_FaceRec, Apache-2.0; "Facial expression and attributes recognition based on multi-task learning
of lightweight neural networks", 2021). Its features hold expressions too: fitted to a few thousand
labelled faces they read them better than a network that starts from nothing reads after many more.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.standardise import Standardise
from mien.types import FloatArray

# What the recogniser saw: gray levels around zero, about this far from it.
SPREAD = 60.0
OUTPUTS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
HALVING = (1, 3, 5, 11)


@dataclass(frozen=True, slots=True)
class MobileNetShape:
    """How much of the recogniser is used, and how.

    Attributes:
        blocks: Number of its 13 blocks.
        inner_size: Least side that faces are enlarged to: the features need faces at their own
            scale.
        frozen: Blocks that stay as they are; edges and textures need no new learning.
    """

    blocks: int
    inner_size: int
    frozen: int


# Faces of more pixels are enlarged by this much, and not to `inner_size`.
ENLARGED = 1.25

TEACHER = MobileNetShape(blocks=13, inner_size=128, frozen=5)
SMALL = MobileNetShape(blocks=9, inner_size=96, frozen=0)


class SeparableConvolution(nn.Module):
    """A depthwise and a pointwise convolution, batch normalisation folded in."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, groups=inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,inputs,S,S] to [N,outputs,S/stride,S/stride]."""
        x = F.relu6(self.depthwise(_pad(x, self.stride)))
        return F.relu6(self.pointwise(x))


class FaceMobileNet(FaceNetwork):
    """The recogniser's features, global average pooling and a new last layer."""

    def __init__(
        self, classes: int, channels: int, size: int, shape: MobileNetShape = TEACHER
    ) -> None:
        super().__init__()
        if size < 16:
            raise ValueError(f"the mobilenet network needs pictures of at least 16 px, got {size}")
        self.shape = shape
        self.inner_size = max(shape.inner_size, round(size * ENLARGED))
        self.standardise = Standardise()
        self.stem = nn.Conv2d(channels, 32, 3, 2)
        inputs = (32, *OUTPUTS)
        self.blocks = nn.ModuleList(
            SeparableConvolution(inputs[i], OUTPUTS[i], 2 if i in HALVING else 1)
            for i in range(shape.blocks)
        )
        if shape.frozen:
            for part in (self.stem, *list(self.blocks)[: shape.frozen]):
                part.requires_grad_(requires_grad=False)
        self.dropout = nn.Dropout(0.4)
        self.head = nn.Linear(OUTPUTS[shape.blocks - 1], classes)

    def with_features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Map float [N,C,S,S] in 0..1 to logits [N,K] and features [N,D]."""
        inner = (self.inner_size, self.inner_size)
        x = F.interpolate(pictures, size=inner, mode="bilinear", align_corners=False)
        x = F.relu6(self.stem(_pad(self.standardise(x) * SPREAD, 2)))
        for block in self.blocks:
            x = block(x)
        pooled = x.mean(dim=(2, 3))
        return self.head(self.dropout(pooled)), pooled

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """Return what learns, and how fast by comparison: the new last layer has more to learn."""
        parts = (self.stem, *self.blocks)
        body = [p for part in parts for p in part.parameters() if p.requires_grad]
        return [(body, 1.0), (list(self.head.parameters()), 5.0)]

    def load_pretrained(self, weights: dict[str, FloatArray]) -> None:
        """Take up the recogniser's features.

        Args:
            weights: The arrays of the TensorFlow.js file `faceres-deep`, by name.

        Raises:
            KeyError, ValueError: An array is missing or of another shape.
        """
        bias = "batchnorm_1/sub"
        kernel = weights["conv1/convolution/merged_input"]
        # The file's channels are blue, green and red; a gray picture is the same in all of them.
        gray = self.stem.in_channels == 1
        kernel = kernel.sum(axis=2, keepdims=True) if gray else kernel[:, :, ::-1]
        _set(self.stem, kernel, weights[f"conv1_bn/{bias}"])
        for number, block in enumerate(self.blocks, start=1):
            scale = weights[f"conv_dw_{number}_bn/batchnorm_1/mul"]
            kernel = weights[f"conv_dw_{number}/depthwise_kernel"] * scale[:, None]
            kernel = kernel.transpose(0, 1, 3, 2)
            _set(_part(block, "depthwise"), kernel, weights[f"conv_dw_{number}_bn/{bias}"])
            kernel = weights[f"conv_pw_{number}/convolution/merged_input"]
            _set(_part(block, "pointwise"), kernel, weights[f"conv_pw_{number}_bn/{bias}"])


def _part(block: nn.Module, name: str) -> nn.Conv2d:
    part: Any = getattr(block, name)
    return part  # type: ignore[no-any-return]


def _pad(x: Tensor, stride: int) -> Tensor:
    """Pad as TensorFlow's "same" does for a 3x3 kernel and an even size."""
    return F.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))


@torch.no_grad()
def _set(layer: nn.Conv2d, kernel: FloatArray, bias: FloatArray) -> None:
    """Copy TensorFlow's [height,width,inputs,outputs] and [outputs] into a convolution."""
    moved = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
    if moved.shape != layer.weight.shape or bias.shape != (layer.out_channels,):
        raise ValueError(f"a kernel is {tuple(moved.shape)}, not {tuple(layer.weight.shape)}")
    layer.weight.copy_(moved)
    if layer.bias is not None:
        layer.bias.copy_(torch.from_numpy(bias))
