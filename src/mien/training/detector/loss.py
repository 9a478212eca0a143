"""What the detector's network learns from a scene: which cells see which face, and how well.

Scores learn how well their own box fits (Li et al. 2020, generalized focal loss), so that the
surest of several boxes is the best; boxes learn by generalized IoU (Rezatofighi et al. 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from mien.training.detector.annotated import Annotated
from mien.training.detector.network import RANGES, STRIDES, decode
from mien.types import FloatArray

# A cell learns a face when the face's middle is at most so far away, in sides of the face or in
# strides, whichever is more; a ring around these cells learns neither face nor background.
NEAR_SIDES, NEAR_STRIDES, RING = 0.16, 0.62, 1.7
# Where a grid is not the one for a face, so much of the face's middle counts for nothing there.
FOREIGN = 0.3
POINT_SCALE = 0.03  # of the face's side: below it, errors of landmarks count by their square
LANDMARKS = 8.0  # their weight beside boxes, whose errors are larger numbers
WHOLE = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The faces of several scenes, in rows of equal length.

    Attributes:
        faces: float [N,M,15]: 1 where there is a face, its box, its landmarks.
        unknown: float [N,U,4].
    """

    faces: Tensor
    unknown: Tensor

    @classmethod
    def of(cls, scenes: Sequence[Annotated]) -> "Targets":
        """Gather the faces of scenes."""
        rows = [
            np.concatenate(
                [np.ones((len(s.boxes), 1)), s.boxes, s.landmarks.reshape(-1, 10)], axis=1
            )
            for s in scenes
        ]
        return cls(_padded(rows, 15), _padded([scene.unknown for scene in scenes], 4))

    def to(self, device: torch.device) -> "Targets":
        """Return the same on a device."""
        return Targets(self.faces.to(device), self.unknown.to(device))


@dataclass(frozen=True, slots=True)
class Losses:
    """The parts of the loss, each a scalar."""

    score: Tensor
    box: Tensor
    landmarks: Tensor

    def total(self) -> Tensor:
        """Return what is minimised."""
        return self.score + self.box + LANDMARKS * self.landmarks


def losses(rows: Tensor, cells: Tensor, targets: Targets) -> Losses:
    """Compare what the network says with what the scenes hold.

    Args:
        rows: float [N,A,15].
        cells: float [A,3].
        targets: Of the same N scenes.
    """
    nearest, counts = assign(cells, targets)
    scene, cell = (nearest >= 0).nonzero(as_tuple=True)
    quality = torch.zeros_like(rows[..., 0])
    weight = counts.float()
    box_loss = point_loss = rows.sum() * 0.0
    faces = 1.0
    if len(scene):
        which = nearest[scene, cell]
        wanted = targets.faces[scene, which]
        boxes, points = decode(rows[scene, cell], cells[cell])
        overlap, fit = _overlaps(boxes, wanted[:, 1:5])
        share = _per_face(scene * targets.faces.shape[1] + which)
        faces = float(share.sum())
        quality[scene, cell] = overlap.detach()
        # Every face counts alike, however many cells see it.
        weight[scene, cell] = (2.0 * share).clamp(max=1.0)
        side = _sides(wanted[:, 1:5])[:, None, None]
        errors = F.smooth_l1_loss(
            points / side,
            wanted[:, 5:].reshape(-1, 5, 2) / side,
            beta=POINT_SCALE,
            reduction="none",
        )
        box_loss = ((1 - fit) * share).sum() / faces
        point_loss = (errors.mean(dim=(1, 2)) * share).sum() / faces
    logits = rows[..., 0]
    focus = (torch.sigmoid(logits) - quality).abs().square()
    each = F.binary_cross_entropy_with_logits(logits, quality, reduction="none")
    score = (each * focus * weight).sum() / max(faces, len(rows) / 4)
    return Losses(score, box_loss, point_loss)


def assign(cells: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Say which cell learns which face.

    Returns:
        The number of the face, int64 [N,A], -1 where a cell learns none; and whether the cell's
        score counts at all, bool [N,A]: not where it may see a face or not.
    """
    middles, strides = cells[:, :2], cells[:, 2]
    boxes, there = targets.faces[..., 1:5], targets.faces[..., 0] > 0
    sides = _sides(boxes)[:, None]  # [N,1,M]
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2
    away = (middles[None, :, None] - centres[:, None]).abs()  # [N,A,M,2]
    limits = torch.tensor(
        [RANGES[STRIDES.index(int(stride))] for stride in strides.tolist()], device=cells.device
    )
    own = (sides >= limits[None, :, :1]) & (sides < limits[None, :, 1:]) & there[:, None]
    radius = torch.maximum(NEAR_SIDES * sides, NEAR_STRIDES * strides[None, :, None])
    near = (away < radius[..., None]).all(dim=-1)
    distance = torch.where(near & own, away.sum(dim=-1) / sides, WHOLE)
    least, which = _first_least(distance)
    learns = least < WHOLE
    ring = (away < RING * radius[..., None]).all(dim=-1) & own
    foreign = (away < FOREIGN * sides[..., None]).all(dim=-1) & ~own & there[:, None]
    low, high = targets.unknown[:, None, :, :2], targets.unknown[:, None, :, 2:]
    point = middles[None, :, None]
    hidden = ((point > low) & (point < high)).all(dim=-1).any(dim=-1)
    unclear = (ring | foreign).any(dim=-1) | hidden
    return torch.where(learns, which, -1), learns | ~unclear


def _first_least(distance: Tensor) -> tuple[Tensor, Tensor]:
    if distance.shape[2]:
        return distance.min(dim=2)
    shape = distance.shape[:2]
    return distance.new_full(shape, WHOLE), distance.new_zeros(shape, dtype=torch.int64)


def _per_face(keys: Tensor) -> Tensor:
    """Return one over the number of rows with the same key."""
    _, inverse, counts = torch.unique(keys, return_inverse=True, return_counts=True)
    return torch.reciprocal(counts[inverse].float())


def _sides(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=1.0).prod(dim=-1).sqrt()


def _overlaps(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return IoU and generalized IoU of pairs of boxes [n,4]."""
    small, large = torch.minimum(first, second), torch.maximum(first, second)
    inner = _area(torch.cat([large[:, :2], small[:, 2:]], dim=1))
    outer = _area(torch.cat([small[:, :2], large[:, 2:]], dim=1))
    union = (_area(first) + _area(second) - inner).clamp(min=1e-6)
    overlap = inner / union
    return overlap, overlap - (outer - union) / outer.clamp(min=1e-6)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0.0).prod(dim=1)


def _padded(rows: Sequence[FloatArray], width: int) -> Tensor:
    longest = max((len(part) for part in rows), default=0)
    result = np.zeros((len(rows), longest, width), dtype=np.float32)
    for target, part in zip(result, rows, strict=True):
        target[: len(part)] = part
    return torch.from_numpy(result)
