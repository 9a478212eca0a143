"""Random changes to training pictures, on whole batches and on the network's own device.

They stand for what a camera does and a face does: the detector's box is never twice the same, heads
tilt, rooms are dark, webcams are coarse and noisy, hands and hair hide parts of a face.

What becomes of a face follows from its own random numbers alone (`mien.training.randomness`), not
from the faces beside it.
"""

import functools
import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from mien.training.randomness import Draws

ROTATION = 12.0  # degrees either way
SCALE = 1.2  # from 1/1.2 to 1.2: detectors differ in how tightly they frame
SHIFT = 0.06  # of the side, either way
COARSE, ERASE = 0.15, 0.15  # share of pictures that are coarsened, and that lose a rectangle
NOISE = 0.03  # highest standard deviation of any picture's noise, of 0..1
# Bad cameras and dark rooms: how many pictures, and how bad. Without them a network is as sure of
# noise as of a face.
NOISY, BLURRED, DARK = 0.15, 0.1, 0.1
STRONG_NOISE, BLUR = 0.2, 2.0  # highest standard deviations: of 0..1, and in pixels of 48
COARSEST, LEAST_COARSE, COARSENESSES = 0.4, 0.8, 16  # of the side, and how many sizes between them
DARKEST, DARK_NOISE = 0.1, 0.04  # share of the light that is left, and the sensor's noise then
COVERED = 0.12  # share of pictures whose mouth or eyes are hidden, half of them each
MIXED, MIX = 0.4, 0.5  # share of pictures that others shine through, and how much of these at most


def augment(
    pictures: Tensor, draws: Draws, degraded: float = 1.0, *, grain: int | None = None
) -> Tensor:
    """Change every picture at random.

    Args:
        pictures: float [N,C,S,S] in 0..1.
        draws: The random numbers of these N faces.
        degraded: How many pictures are degraded (coarse, blurred, dark, noisy, partly covered), of
            the usual number.
        grain: Pixels along a side of the sensor whose noise it is; S unless given. Pictures that
            are shrunk to this size afterwards are then as noisy as those that had it before.

    Returns:
        float [N,C,S,S] in 0..1, newly made.
    """
    fine, strong = _noise(pictures, draws, grain or pictures.shape[-1])
    changed = _move(pictures, draws)
    changed = _coarsen(changed, draws, degraded)
    changed = _blur(changed, draws, degraded)
    changed = _light(changed, fine, draws)
    changed = _cover(_sense(changed, strong, draws, degraded), draws)
    return _erase(changed, draws, degraded)


def mirror(pictures: Tensor, draws: Draws) -> Tensor:
    """Mirror half of the pictures, [N,C,S,S]."""
    chosen = draws.some(0.5)
    return pictures.index_copy(0, chosen, pictures[chosen].flip(3))


def mix(pictures: Tensor, others: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """Let other pictures shine through some (MixUp, Zhang et al. 2018).

    Args:
        pictures: float [N,C,S,S] in 0..1.
        others: One for each, of the same shape.
        draws: The random numbers of these N faces.

    Returns:
        The mixed pictures, and the share of the other in each: float [N] in 0..0.5, often 0.
    """
    share = torch.where(draws.uniform() < MIXED, draws.uniform(0, MIX), 0.0)
    return torch.lerp(pictures, others, share.view(-1, 1, 1, 1)), share


def _move(pictures: Tensor, draws: Draws) -> Tensor:
    """Mirror, turn, scale and shift in one resampling."""
    angle = draws.uniform(-math.radians(ROTATION), math.radians(ROTATION))
    scale = torch.exp(draws.uniform(-math.log(SCALE), math.log(SCALE)))
    mirror = torch.where(draws.uniform() < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    # The grid spans -1..1, so a shift of one side is 2.
    dx, dy = (draws.uniform(-2 * SHIFT, 2 * SHIFT) for _ in range(2))
    rows = torch.stack([cos * mirror, -sin, dx, sin * mirror, cos, dy], dim=1)
    grid = F.affine_grid(rows.view(-1, 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _coarsen(pictures: Tensor, draws: Draws, degraded: float = 1.0) -> Tensor:
    """Shrink some pictures and enlarge them again, as a face far from a webcam looks."""
    chosen, how = draws.some(COARSE * degraded), draws.uniform(0, COARSENESSES)
    weights = _coarsenings(pictures.shape[-1], str(pictures.device))
    return _resampled(pictures, chosen, weights[how[chosen].long()])


@functools.cache
def _coarsenings(size: int, device: str) -> Tensor:
    """Return what shrinks a line of pixels to several sizes and enlarges it again, [sizes,S,S]."""
    lines, found = torch.eye(size, device=device)[None], []
    for share in torch.linspace(COARSEST, LEAST_COARSE, COARSENESSES).tolist():
        small = F.interpolate(lines, size=max(1, int(size * share)), mode="area")
        found.append(F.interpolate(small, size=size, mode="linear", align_corners=False)[0].T)
    return torch.stack(found)


def _blur(pictures: Tensor, draws: Draws, degraded: float = 1.0) -> Tensor:
    """Blur some pictures, as a lens out of focus or a moving head does."""
    chosen, size = draws.some(BLURRED * degraded), pictures.shape[-1]
    sigma = draws.uniform(0.3, BLUR)[chosen].view(-1, 1, 1) * size / 48
    places = torch.arange(size, device=pictures.device, dtype=torch.float32)
    weights = torch.exp(-0.5 * ((places - places[:, None]) / sigma) ** 2)
    return _resampled(pictures, chosen, weights / weights.sum(dim=2, keepdim=True))


def _resampled(pictures: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
    """Make new lines, and then columns, of those of some pictures.

    Args:
        pictures: float [N,C,S,S].
        chosen: int64 [n], which of them.
        weights: float [n,S,S]: of which old lines a new one is made.
    """
    if not len(chosen):
        return pictures
    weights = weights[:, None]
    return pictures.index_copy(0, chosen, weights @ pictures[chosen] @ weights.transpose(2, 3))


def _noise(pictures: Tensor, draws: Draws, grain: int) -> tuple[Tensor, Tensor]:
    """Return normal noise for each picture, as a sensor of `grain` pixels along a side has it.

    Two independent fields of the shape of `pictures`.
    """
    fields = draws.noise(pictures.shape[1], grain)
    if grain == pictures.shape[-1]:
        return fields
    fine, strong = (F.interpolate(one, pictures.shape[-1], mode="nearest") for one in fields)
    return fine, strong


def _sense(pictures: Tensor, noise: Tensor, draws: Draws, degraded: float = 1.0) -> Tensor:
    """Take light away from some pictures, and add a bad sensor's noise to some."""

    def some(share: float, low: float, high: float, rest: float) -> Tensor:
        chosen = draws.uniform() < share * degraded
        return torch.where(chosen, draws.uniform(low, high), rest).view(-1, 1, 1, 1)

    light = some(DARK, DARKEST, 0.5, 1.0)
    strength = some(NOISY, NOISE, STRONG_NOISE, 0.0) + torch.where(light < 1, DARK_NOISE, 0.0)
    # What a camera stores has 256 levels: in the dark few of them are used.
    return (((pictures * light + noise * strength).clamp(0, 1)) * 255).round() / 255


def _light(pictures: Tensor, noise: Tensor, draws: Draws) -> Tensor:
    """Change gamma, contrast and brightness, and add a sensor's noise."""

    def each(low: float, high: float) -> Tensor:
        return draws.uniform(low, high).view(-1, 1, 1, 1)

    gamma, contrast = torch.exp(each(-0.3, 0.3)), torch.exp(each(-0.3, 0.3))
    lit = pictures.clamp(1e-4, 1).pow(gamma)
    mean = lit.mean(dim=(1, 2, 3), keepdim=True)
    lit = (lit - mean) * contrast + mean + each(-0.1, 0.1)
    return (lit + noise * each(0, NOISE)).clamp(0, 1)


def _cover(pictures: Tensor, draws: Draws) -> Tensor:
    """Hide the mouth or the eyes of some faces, as a hand, a mask, a cup or dark glasses do.

    A network that never saw faces without a mouth is as sure of them as of others. What hides them
    is a bar of one gray or, as cloth is, of gray that changes from side to side.
    """
    chosen = draws.some(COVERED)

    def each(low: float, high: float) -> Tensor:
        return draws.uniform(low, high)[chosen].view(-1, 1, 1, 1)

    size = pictures.shape[-1]
    rows = ((torch.arange(size, device=pictures.device) + 0.5) / size).view(1, 1, -1, 1)
    columns = rows.transpose(2, 3)
    middle = torch.where(each(0, 1) < 0.5, each(0.7, 0.84), each(0.34, 0.46))
    inside = (rows - middle).abs() < each(0.04, 0.2)
    left, right = each(0, 0.25), each(0.75, 1)
    inside = inside & (columns >= left) & (columns < right)
    cloth = each(0, 1) + (columns - 0.5) * each(-0.4, 0.4) + (rows - middle) * each(-0.6, 0.6)
    covered = torch.where(inside, cloth.clamp(0, 1), pictures[chosen])
    return pictures.index_copy(0, chosen, covered)


def _erase(pictures: Tensor, draws: Draws, degraded: float = 1.0) -> Tensor:
    """Fill a rectangle of some pictures with one gray (random erasing, Zhong et al. 2020)."""
    chosen, size = draws.some(ERASE * degraded), pictures.shape[-1]

    def spans(low: float, high: float) -> tuple[Tensor, Tensor]:
        length = draws.uniform(low * size, high * size)[chosen]
        start = draws.uniform()[chosen] * (size - length)
        return start.view(-1, 1), (start + length).view(-1, 1)

    place = torch.arange(size, device=pictures.device).view(1, -1)
    (left, right), (top, bottom) = spans(0.1, 0.4), spans(0.1, 0.4)
    columns, rows = (place >= left) & (place < right), (place >= top) & (place < bottom)
    hole = rows[:, None, :, None] & columns[:, None, None, :]
    gray = draws.uniform()[chosen].view(-1, 1, 1, 1)
    return pictures.index_copy(0, chosen, torch.where(hole, gray, pictures[chosen]))
