"""The detector's network: one pass over a gray picture, faces of all sizes on three grids.

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
RANGES = ((0.0, 52.0), (36.0, 110.0), (80.0, float("inf")))
UNIT = 4.0  # distances are in so many strides
OUTPUTS = 1 + 4 + 10  # score, box, landmarks
WIDTHS = (16, 32, 48, 64, 64)  # multiples of 16: what a processor's vectors hold
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
    """Gray pictures to scores, boxes and landmarks."""

    def __init__(self, widths: Sequence[int] = WIDTHS, head: int = HEAD) -> None:
        super().__init__()
        first, second, *rest = widths
        self.stem = nn.Sequential(
            _convolution(1, first, 2), _convolution(first, second, 2), _convolution(second, second)
        )
        inputs = (second, *rest)
        self.stages = nn.ModuleList(
            nn.Sequential(
                _convolution(inputs[i], rest[i], 2),
                _Block(rest[i], rest[i] if i == 0 else rest[i] // 2),
            )
            for i in range(3)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, head, 1) for width in rest)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.ReLU(), _convolution(head, head), nn.Conv2d(head, OUTPUTS, 1))
            for _ in rest
        )
        for layers in self.heads:
            nn.init.constant_(layers[-1].bias[:1], PRIOR)  # type: ignore[index]

    def forward(self, pictures: Tensor) -> Tensor:
        """Look for faces.

        Args:
            pictures: float [N,1,H,W] in 0..255; H and W multiples of 32.

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
        rows = [
            head(x).flatten(2).transpose(1, 2) for head, x in zip(self.heads, maps, strict=True)
        ]
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
