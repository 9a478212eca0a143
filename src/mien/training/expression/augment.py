"""Random changes to training pictures, on whole batches and on the network's own device.

They stand for what a camera does and a face does: the detector's box is never twice the same, heads
tilt, rooms are dark, webcams are coarse and noisy, hands and hair hide parts of a face.

What becomes of a face follows from its own random numbers alone (`mien.training.randomness`), not
from the faces beside it.
"""

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
# Lowest standard deviation of those that are blurred, in pixels of 48; and the highest one, in
# their own pixels, that is not made at a part of their size.
SHARPEST, FINEST = 0.3, 2.0
COARSEST, LEAST_COARSE = 0.4, 0.8  # of the side: what pictures are shrunk to
# Of coarseness and blur: pictures of one kind are changed together, which takes half as long.
KINDS = 6
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
    grain = grain or pictures.shape[-1]
    changed = _move(pictures, draws)
    _coarsen(changed, draws, degraded)
    _blur(changed, draws, degraded)
    changed = _light(changed, draws, grain)
    _sense(changed, draws, grain, degraded)
    _cover(changed, draws)
    _erase(changed, draws, degraded)
    return changed


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
    size = pictures.shape[-1]
    angle = draws.uniform(-math.radians(ROTATION), math.radians(ROTATION))
    scale = torch.exp(draws.uniform(-math.log(SCALE), math.log(SCALE)))
    mirror = torch.where(draws.uniform() < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    # The grid spans -1..1, so a shift of one side is 2.
    dx, dy = (draws.uniform(-2 * SHIFT, 2 * SHIFT) for _ in range(2))
    places = (torch.arange(size, device=pictures.device) * 2 + 1) / size - 1
    across, down = places.view(1, 1, -1), places.view(1, -1, 1)

    def each(*values: Tensor) -> list[Tensor]:
        return [one.view(-1, 1, 1) for one in values]

    a, b, c, d, e, f = each(cos * mirror, -sin, dx, sin * mirror, cos, dy)
    # As complex numbers x and y lie beside each other at once; to lay them so takes as long as to
    # look up the pixels.
    place = torch.complex(a * across, d * across) + torch.complex(b * down + c, e * down + f)
    grid = torch.view_as_real(place)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _coarsen(pictures: Tensor, draws: Draws, degraded: float = 1.0) -> None:
    """Shrink some pictures and enlarge them again, in place, as a face far from a webcam looks."""
    size = pictures.shape[-1]
    for kind, chosen in draws.kinds(COARSE * degraded, KINDS):
        small = max(1, int(size * _between(COARSEST, LEAST_COARSE, kind)))
        coarse = F.interpolate(pictures[chosen], size=small, mode="area")
        coarse = F.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
        pictures.index_copy_(0, chosen, coarse)


def _blur(pictures: Tensor, draws: Draws, degraded: float = 1.0) -> None:
    """Blur some pictures, in place, as a lens out of focus or a moving head does."""
    size = pictures.shape[-1]
    for kind, chosen in draws.kinds(BLURRED * degraded, KINDS):
        sigma = _between(SHARPEST, BLUR, kind) * size / 48
        # A wide blur leaves nothing fine: of large pictures it is made at a part of their size.
        small = size // max(1, int(sigma / FINEST))
        found = pictures[chosen]
        found = found if small == size else F.interpolate(found, size=small, mode="area")
        found = _gaussian(found, sigma * small / size)
        if small != size:
            found = F.interpolate(found, size=size, mode="bilinear", align_corners=False)
        pictures.index_copy_(0, chosen, found)


def _gaussian(pictures: Tensor, sigma: float) -> Tensor:
    channels, size = pictures.shape[1], pictures.shape[-1]
    reach = min(math.ceil(2.5 * sigma), size - 1)
    offsets = torch.arange(-reach, reach + 1, device=pictures.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    lines = (kernel / kernel.sum()).expand(channels, 1, 1, -1)
    blurred = F.pad(pictures, (reach,) * 4, mode="replicate")
    for turned in (lines, lines.transpose(2, 3)):
        blurred = F.conv2d(blurred, turned, groups=channels)
    return blurred


def _between(low: float, high: float, kind: int) -> float:
    """Return the one of `KINDS` values between two bounds that has this number."""
    return low + (high - low) * kind / (KINDS - 1)


def _noise(pictures: Tensor, draws: Draws, grain: int) -> Tensor:
    """Return normal noise for each picture, as a sensor of `grain` pixels along a side has it."""
    noise = draws.noise(pictures.shape[1], grain)
    size = pictures.shape[-1]
    return noise if grain == size else F.interpolate(noise, size, mode="nearest")


def _light(pictures: Tensor, draws: Draws, grain: int) -> Tensor:
    """Change gamma, contrast and brightness, and add a sensor's noise."""

    def each(low: float, high: float) -> Tensor:
        return draws.uniform(low, high).view(-1, 1, 1, 1)

    gamma, contrast = torch.exp(each(-0.3, 0.3)), torch.exp(each(-0.3, 0.3))
    # In two steps, which take two thirds of the time of `pow`.
    lit = pictures.clamp(1e-4, 1).log2_().mul_(gamma).exp2_()
    mean = lit.mean(dim=(1, 2, 3), keepdim=True)
    lit = torch.addcmul(mean * (1 - contrast) + each(-0.1, 0.1), lit, contrast)
    return lit.addcmul_(_noise(pictures, draws, grain), each(0, NOISE)).clamp_(0, 1)


def _sense(pictures: Tensor, draws: Draws, grain: int, degraded: float = 1.0) -> None:
    """Take light away from some pictures, and add a bad sensor's noise to some, in place."""
    dark, noisy = draws.uniform() < DARK * degraded, draws.uniform() < NOISY * degraded
    light = torch.where(dark, draws.uniform(DARKEST, 0.5), 1.0)
    strength = torch.where(noisy, draws.uniform(NOISE, STRONG_NOISE), 0.0) + dark * DARK_NOISE
    noise = _noise(pictures, draws, grain)
    pictures.mul_(light.view(-1, 1, 1, 1)).addcmul_(noise, strength.view(-1, 1, 1, 1))
    # What a camera stores has 256 levels: in the dark few of them are used.
    pictures.clamp_(0, 1).mul_(255).round_().div_(255)


def _cover(pictures: Tensor, draws: Draws) -> None:
    """Hide the mouth or the eyes of some faces, as a hand, a mask, a cup or dark glasses do.

    In place. A network that never saw faces without a mouth is as sure of them as of others. What
    hides them is a bar of one gray or, as cloth is, of gray that changes from side to side.
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
    pictures.index_copy_(0, chosen, covered)


def _erase(pictures: Tensor, draws: Draws, degraded: float = 1.0) -> None:
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
    pictures.index_copy_(0, chosen, torch.where(hole, gray, pictures[chosen]))
