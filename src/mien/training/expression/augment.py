"""Random changes to training pictures, on whole batches and on the network's own device.

They stand for what a camera does and a face does: the detector's box is never twice the same, heads
tilt, rooms are dark, webcams are coarse and noisy, hands and hair hide parts of a face.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812

ROTATION = 12.0  # degrees either way
SCALE = 1.2  # from 1/1.2 to 1.2: detectors differ in how tightly they frame
SHIFT = 0.06  # of the side, either way
COARSE, ERASE = 0.15, 0.15  # share of pictures that are coarsened, and that lose a rectangle
NOISE = 0.03  # highest standard deviation of any picture's noise, of 0..1
# Bad cameras and dark rooms: how many pictures, and how bad. Without them a network is as sure of
# noise as of a face.
NOISY, BLURRED, DARK = 0.15, 0.1, 0.1
STRONG_NOISE, BLUR = 0.2, 2.0  # highest standard deviations: of 0..1, and in pixels of 48
DARKEST, DARK_NOISE = 0.1, 0.04  # share of the light that is left, and the sensor's noise then
COVERED = 0.12  # share of pictures whose mouth or eyes are hidden, half of them each
MIXED, MIX = 0.4, 0.5  # share of pictures that others shine through, and how much of these at most


def augment(
    pictures: Tensor, generator: Generator, degraded: float = 1.0, *, grain: int | None = None
) -> Tensor:
    """Change every picture at random.

    Args:
        pictures: float [N,C,S,S] in 0..1.
        generator: Source of all randomness, on the device of `pictures`.
        degraded: How many pictures are degraded (coarse, blurred, dark, noisy, partly covered), of
            the usual number.
        grain: Pixels along a side of the sensor whose noise it is; S unless given. Pictures that
            are shrunk to this size afterwards are then as noisy as those that had it before.

    Returns:
        float [N,C,S,S] in 0..1, newly made.
    """
    grain = grain or pictures.shape[-1]
    changed = _move(pictures, generator)
    changed = _coarsen(changed, generator, degraded)
    changed = _blur(changed, generator, degraded)
    changed = _light(changed, generator, grain)
    changed = _cover(_sense(changed, generator, grain, degraded), generator)
    return _erase(changed, generator, degraded)


def mirror(pictures: Tensor, generator: Generator) -> Tensor:
    """Mirror half of the pictures, [N,C,S,S]."""
    chosen = _uniform(len(pictures), 0, 1, generator) < 0.5
    return torch.where(chosen.view(-1, 1, 1, 1), pictures.flip(3), pictures)


def mix(pictures: Tensor, others: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Let other pictures shine through some (MixUp, Zhang et al. 2018).

    Args:
        pictures: float [N,C,S,S] in 0..1.
        others: One for each, of the same shape.
        generator: Source of all randomness, on the device of `pictures`.

    Returns:
        The mixed pictures, and the share of the other in each: float [N] in 0..0.5, often 0.
    """
    count = len(pictures)
    chosen = _uniform(count, 0, 1, generator) < MIXED
    share = torch.where(chosen, _uniform(count, 0, MIX, generator), 0.0)
    return torch.lerp(pictures, others, share.view(-1, 1, 1, 1)), share


def _uniform(count: int, low: float, high: float, generator: Generator) -> Tensor:
    values = torch.rand(count, generator=generator, device=generator.device)
    return low + (high - low) * values


def _move(pictures: Tensor, generator: Generator) -> Tensor:
    """Mirror, turn, scale and shift in one resampling."""
    count = len(pictures)
    angle = _uniform(count, -math.radians(ROTATION), math.radians(ROTATION), generator)
    scale = torch.exp(_uniform(count, -math.log(SCALE), math.log(SCALE), generator))
    mirror = torch.where(_uniform(count, 0, 1, generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    # The grid spans -1..1, so a shift of one side is 2.
    dx, dy = (_uniform(count, -2 * SHIFT, 2 * SHIFT, generator) for _ in range(2))
    rows = torch.stack([cos * mirror, -sin, dx, sin * mirror, cos, dy], dim=1)
    grid = F.affine_grid(rows.view(count, 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _coarsen(pictures: Tensor, generator: Generator, degraded: float = 1.0) -> Tensor:
    """Shrink some pictures and enlarge them again, as a face far from a webcam looks."""
    size = pictures.shape[-1]
    small = int(size * float(_uniform(1, 0.4, 0.8, generator)))
    coarse = F.interpolate(pictures, size=small, mode="area")
    coarse = F.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    chosen = _uniform(len(pictures), 0, 1, generator) < COARSE * degraded
    return torch.where(chosen.view(-1, 1, 1, 1), coarse, pictures)


def _blur(pictures: Tensor, generator: Generator, degraded: float = 1.0) -> Tensor:
    """Blur some pictures, all alike, as a lens out of focus or a moving head does."""
    size = pictures.shape[-1]
    sigma = float(_uniform(1, 0.3, BLUR, generator)) * size / 48
    reach = min(math.ceil(2.5 * sigma), size - 1)
    offsets = torch.arange(-reach, reach + 1, device=pictures.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(pictures.shape[1], 1, 1, -1)
    chosen = _uniform(len(pictures), 0, 1, generator) < BLURRED * degraded
    found = pictures[chosen]
    if not len(found):
        return pictures
    for turned, pad in (
        (kernel, (reach, reach, 0, 0)),
        (kernel.transpose(2, 3), (0, 0, reach, reach)),
    ):
        padded = F.pad(found, pad, mode="replicate")
        found = F.conv2d(padded, turned, groups=pictures.shape[1])
    blurred = pictures.clone()
    blurred[chosen] = found
    return blurred


def _noise(pictures: Tensor, generator: Generator, grain: int) -> Tensor:
    """Return normal noise for each picture, as a sensor of `grain` pixels along a side has it."""
    count, channels, size, _ = pictures.shape
    shape = (count, channels, grain, grain)
    noise = torch.randn(shape, generator=generator, device=pictures.device)
    return noise if grain == size else F.interpolate(noise, size, mode="nearest")


def _sense(pictures: Tensor, generator: Generator, grain: int, degraded: float = 1.0) -> Tensor:
    """Take light away from some pictures, and add a bad sensor's noise to some."""
    count = len(pictures)

    def some(share: float, low: float, high: float, rest: float) -> Tensor:
        chosen = _uniform(count, 0, 1, generator) < share * degraded
        values = torch.where(chosen, _uniform(count, low, high, generator), rest)
        return values.view(-1, 1, 1, 1)

    light = some(DARK, DARKEST, 0.5, 1.0)
    strength = some(NOISY, NOISE, STRONG_NOISE, 0.0) + torch.where(light < 1, DARK_NOISE, 0.0)
    noise = _noise(pictures, generator, grain)
    # What a camera stores has 256 levels: in the dark few of them are used.
    return (((pictures * light + noise * strength).clamp(0, 1)) * 255).round() / 255


def _light(pictures: Tensor, generator: Generator, grain: int) -> Tensor:
    """Change gamma, contrast and brightness, and add a sensor's noise."""
    count = len(pictures)

    def each(low: float, high: float) -> Tensor:
        return _uniform(count, low, high, generator).view(-1, 1, 1, 1)

    gamma, contrast = torch.exp(each(-0.3, 0.3)), torch.exp(each(-0.3, 0.3))
    lit = pictures.clamp(1e-4, 1).pow(gamma)
    mean = lit.mean(dim=(1, 2, 3), keepdim=True)
    lit = (lit - mean) * contrast + mean + each(-0.1, 0.1)
    noise = _noise(pictures, generator, grain)
    return (lit + noise * each(0, NOISE)).clamp(0, 1)


def _cover(pictures: Tensor, generator: Generator) -> Tensor:
    """Hide the mouth or the eyes of some faces, as a hand, a mask, a cup or dark glasses do.

    A network that never saw faces without a mouth is as sure of them as of others. What hides them
    is a bar of one gray or, as cloth is, of gray that changes from side to side.
    """
    count, size = len(pictures), pictures.shape[-1]

    def each(low: float, high: float) -> Tensor:
        return _uniform(count, low, high, generator).view(-1, 1, 1, 1)

    rows = ((torch.arange(size, device=pictures.device) + 0.5) / size).view(1, 1, -1, 1)
    columns = rows.transpose(2, 3)
    middle = torch.where(each(0, 1) < 0.5, each(0.7, 0.84), each(0.34, 0.46))
    inside = (rows - middle).abs() < each(0.04, 0.2)
    left, right = each(0, 0.25), each(0.75, 1)
    inside = inside & (columns >= left) & (columns < right)
    cloth = each(0, 1) + (columns - 0.5) * each(-0.4, 0.4) + (rows - middle) * each(-0.6, 0.6)
    chosen = each(0, 1) < COVERED
    return torch.where(chosen & inside, cloth.clamp(0, 1), pictures)


def _erase(pictures: Tensor, generator: Generator, degraded: float = 1.0) -> Tensor:
    """Fill a rectangle of some pictures with one gray (random erasing, Zhong et al. 2020)."""
    count, size = len(pictures), pictures.shape[-1]

    def spans(low: float, high: float) -> tuple[Tensor, Tensor]:
        length = _uniform(count, low * size, high * size, generator)
        start = _uniform(count, 0, 1, generator) * (size - length)
        return start.view(-1, 1), (start + length).view(-1, 1)

    place = torch.arange(size, device=pictures.device).view(1, -1)
    (left, right), (top, bottom) = spans(0.1, 0.4), spans(0.1, 0.4)
    columns, rows = (place >= left) & (place < right), (place >= top) & (place < bottom)
    chosen = _uniform(count, 0, 1, generator) < ERASE * degraded
    hole = rows[:, None, :, None] & columns[:, None, None, :] & chosen.view(-1, 1, 1, 1)
    return torch.where(hole, _uniform(count, 0, 1, generator).view(-1, 1, 1, 1), pictures)
