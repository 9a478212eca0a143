"""The detector's network: one pass over a picture, faces of all sizes on three grids.

Single-shot and anchor-free (Tian et al. 2019, FCOS; Wu et al. 2023, YuNet): every cell of a grid
says whether a face's middle is near it, and where that face's box and landmarks are. Grids are
merged from coarse to fine (Lin et al. 2017), so that a small face is judged with what is around it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

STRIDES = (8, 16, 32)
# Sides of the faces that each grid learns, in pixels; where they overlap, both do.
RANGES = ((0.0, 60.0), (42.0, 130.0), (96.0, float("inf")))
UNIT = 4.0  # distances are in so many strides
OUTPUTS = 1 + 4 + 10  # score, box, landmarks
# Channels of the stem's two layers and of the three grids: multiples of 16, which is what a
# processor's vectors hold (others took twice as long in 8 bits).
WIDTHS = (16, 32, 48, 64, 64)
# Channels inside the blocks of each grid.
BLOCKS = ((48, 32), (32,), (32,))
HEAD = 32
PRIOR = -4.0  # logit of a score before training: faces are rare
# Exponents of sides that could overflow, and that no face has.
LOWEST, HIGHEST = -4.0, 3.0


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class _Block(nn.Module):
    """Two convolutions around a shortcut, the inner one as narrow as is said."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(width, inner),
            nn.Conv2d(inner, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [N,width,H,W] to the same shape."""
        return F.relu(x + self.body(x))


class DetectorNetwork(nn.Module):
    """Pictures to scores, boxes and landmarks.

    The stem halves twice and does no more: a third layer at a quarter of the size took a tenth
    longer for the same validation loss, and one layer of 7x7 that goes there at once was quicker
    and worse. A second block on the finest grid stands for it.
    """

    def __init__(self, channels: int = 1, widths: Sequence[int] = WIDTHS, head: int = HEAD) -> None:
        super().__init__()
        self.channels = channels
        first, second, *grids = widths
        self.stem = nn.Sequential(
            _convolution(channels, first, stride=2), _convolution(first, second, stride=2)
        )
        inputs = (second, *grids)
        self.stages = nn.ModuleList(
            nn.Sequential(
                _convolution(inputs[i], width, stride=2),
                *(_Block(width, inner) for inner in BLOCKS[i]),
            )
            for i, width in enumerate(grids)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, head, 1) for width in grids)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.ReLU(), _convolution(head, head)) for _ in grids
        )
        self.outputs = nn.ModuleList(nn.Conv2d(head, OUTPUTS, 1) for _ in grids)
        for layer in self.outputs:
            nn.init.constant_(layer.bias[:1], PRIOR)  # type: ignore[index]

    def forward(self, pictures: Tensor) -> Tensor:
        """Look for faces.

        Args:
            pictures: float [N,C,H,W] in 0..255; H and W multiples of 32.

        Returns:
            float [N,A,15]: for each cell of the three grids, finest first and row by row, the logit
            of its score, its box and its landmarks, for `decode`.
        """
        x = self.stem((pictures - 128.0) / 64.0)
        maps = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            x = stage(x)
            maps.append(lateral(x))
        for fine in (1, 0):
            coarse = F.interpolate(maps[fine + 1], scale_factor=2.0, mode="nearest")
            maps[fine] = maps[fine] + coarse
        rows = []
        for head, output, features in zip(self.heads, self.outputs, maps, strict=True):
            seen = head(features)
            # In bf16, landmarks would be rounded to quarters of a pixel.
            with torch.autocast(seen.device.type, enabled=False):
                rows.append(output(seen.float()).flatten(2).transpose(1, 2))
        return torch.cat(rows, dim=1)


def cells(height: int, width: int) -> Tensor:
    """Return the cells of a picture of that size: float [A,3], middle (x, y) and stride."""
    grids = []
    for stride in STRIDES:
        rows, columns = torch.meshgrid(
            torch.arange(height // stride), torch.arange(width // stride), indexing="ij"
        )
        middles = (torch.stack([columns, rows], dim=-1).reshape(-1, 2) + 0.5) * stride
        grids.append(torch.cat([middles, torch.full_like(middles[:, :1], stride)], dim=1))
    return torch.cat(grids)


def decode(rows: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return boxes [...,4] as (x1, y1, x2, y2) and landmarks [...,5,2] in pixels.

    Args:
        rows: What the network says, float [...,15].
        cells: Of which cells, float [...,3].
    """
    middles, unit = cells[..., :2], cells[..., 2:] * UNIT
    centres = middles + rows[..., 1:3] * unit
    halves = torch.exp(rows[..., 3:5].clamp(LOWEST, HIGHEST)) * unit / 2
    landmarks = (
        middles[..., None, :] + rows[..., 5:].reshape(*rows.shape[:-1], 5, 2) * unit[..., None]
    )
    return torch.cat([centres - halves, centres + halves], dim=-1), landmarks
