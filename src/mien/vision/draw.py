"""Draws readings on a picture: a rounded frame around each face, and a plate with the words.

Every look has its own colour, sign and line (see `looks`), so that nothing is told by colour alone.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import ceil, cos, pi, sin

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from mien.types import Analysis, Box, PixelArray, Reading
from mien.vision import fonts
from mien.vision.looks import SIDE, Look, look_of, verdict
from mien.vision.parts import part_regions
from mien.vision.placement import Kind, Spot, place

PLATE_COLOR, TEXT_COLOR = (24, 28, 34), (255, 255, 255)
PLATE_OPACITY, HALO_OPACITY = 0.82, 0.35
# Drawn this much larger and shrunk, because Pillow draws shapes without smoothing.
OVERSAMPLING = 4
SMALLEST_TEXT, LARGEST_TEXT = 11, 64
SIGN = 1.2  # side of a sign, in sizes of the text
SIGN_LINE = 2.2  # width of its strokes, in a square of SIDE

Point = tuple[float, float]


def draw(image: PixelArray, analysis: Analysis) -> PixelArray:
    """Draw what was read.

    Args:
        image: BGR uint8 [H,W,3]; not changed.
        analysis: The readings; their boxes are in pixels of `image`.

    Returns:
        A new picture of the same shape.
    """
    result = np.array(image, dtype=np.uint8)
    text_size = min(max(round(image.shape[0] / 24), SMALLEST_TEXT), LARGEST_TEXT)
    for reading in analysis.readings:
        _draw_frame(result, reading, max(1.5, text_size / 9))
    for plate, left, top in _placed(analysis.readings, text_size, image.shape[1], image.shape[0]):
        _blend(result, plate, left, top)
    return result


def _placed(
    readings: Sequence[Reading], size: int, width: int, height: int
) -> Iterator[tuple[PixelArray, int, int]]:
    """Give what is written of each face, and where."""
    numbered = len(readings) > 1  # one face needs no number
    plates = [_plates(reading, size, width, numbered) for reading in readings]
    spots = [_spot(*pair) for pair in zip(readings, plates, strict=True)]
    for kinds, placed in zip(plates, place(spots, (0, 0, width, height)), strict=True):
        if placed is not None:
            yield _scaled(kinds[placed.kind], placed.scale), ceil(placed.left), ceil(placed.top)


def words(reading: Reading) -> str:
    """Return what the plate says, as "looks happy", or "not sure · something else"."""
    return " · ".join((verdict(reading.label), *reading.remarks[:1]))


def _plates(reading: Reading, size: int, width: int, numbered: bool) -> dict[Kind, PixelArray]:
    look, number = _look(reading), str(reading.track_id) if numbered else ""
    word = _plate(f"{number}  {words(reading)}".strip(), look, size)
    return {"word": _scaled(word, (width - 1) / word.shape[1]), "sign": _plate(number, look, size)}


def _spot(reading: Reading, plates: dict[Kind, PixelArray]) -> Spot:
    regions = part_regions(reading.face)
    free = tuple(tuple(map(tuple, regions[part].tolist())) for part in ("eyes", "mouth"))
    # A pixel more than they have: they are drawn on whole ones.
    sizes = {kind: (plate.shape[1] + 1.0, plate.shape[0] + 1.0) for kind, plate in plates.items()}
    return Spot(reading.face.box.to_tuple(), free, sizes["word"], sizes["sign"])


def _look(reading: Reading) -> Look:
    return look_of(reading.label, reading.smoothed.labels)


def _draw_frame(image: PixelArray, reading: Reading, width: float) -> None:
    """Draw a rounded frame into `image`, darker at its edges so that it shows on any ground."""
    box, look = reading.face.box, _look(reading)
    margin = 3 * width
    left, top = max(0, int(box.x1 - margin)), max(0, int(box.y1 - margin))
    right = min(image.shape[1], int(box.x2 + margin) + 1)
    bottom = min(image.shape[0], int(box.y2 + margin) + 1)
    if left >= right or top >= bottom:
        return
    outline = _rounded(box, radius=0.14 * min(box.width, box.height))
    strokes = [np.array(part) - (left, top) for part in _dashes(outline, look.line, width)]
    region = image[top:bottom, left:right]
    for color, extra, opacity in (((0, 0, 0), 1.4 * width, HALO_OPACITY), (look.colour, 0, 1)):
        mask = _stroked(region.shape[:2], strokes, width + extra) * np.float32(opacity)
        ground = np.empty_like(region)
        ground[:] = color[::-1]
        region[:] = cv2.blendLinear(ground, region, mask, 1 - mask)


def _stroked(
    shape: tuple[int, int], strokes: Sequence[npt.NDArray[np.float64]], width: float
) -> npt.NDArray[np.float32]:
    """Return float32 [H,W] in 0..1: how much of each pixel lies on the strokes."""
    mask = np.zeros(shape, np.uint8)
    # Coordinates with four binary places, so that a slow face does not move in whole pixels.
    points = [np.round(stroke * 16).astype(np.int32).reshape(-1, 1, 2) for stroke in strokes]
    cv2.polylines(mask, points, False, 255, max(1, round(width)), cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) * np.float32(1 / 255)


def _rounded(box: Box, radius: float) -> list[Point]:
    """Return the closed outline of a box with round corners, beginning at its top left."""
    points: list[Point] = []
    corners = (
        (box.x1 + radius, box.y1 + radius, pi),
        (box.x2 - radius, box.y1 + radius, 1.5 * pi),
        (box.x2 - radius, box.y2 - radius, 0.0),
        (box.x1 + radius, box.y2 - radius, 0.5 * pi),
    )
    for x, y, start in corners:
        angles = (start + step * pi / 16 for step in range(9))
        points += [(x + radius * cos(angle), y + radius * sin(angle)) for angle in angles]
    return [*points, points[0]]


def _dashes(outline: list[Point], pattern: Sequence[float], width: float) -> list[list[Point]]:
    """Cut an outline into strokes; `pattern` is stroke, gap, … in multiples of `width`."""
    if not pattern:
        return [outline]
    knots = np.array(outline)
    steps = np.hypot(*np.diff(knots, axis=0).T)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    period = sum(pattern) * width
    # Stretched a little, so that the last gap ends where the first stroke begins.
    stretch = along[-1] / period / max(1, round(along[-1] / period))
    lengths = np.tile(np.array(pattern) * width * stretch, max(1, round(along[-1] / period)))
    ends = np.concatenate(([0.0], np.cumsum(lengths)))
    return [_piece(knots, along, a, b) for i, (a, b) in enumerate(pairwise(ends)) if i % 2 == 0]


def _piece(
    knots: npt.NDArray[np.float64], along: npt.NDArray[np.float64], start: float, end: float
) -> list[Point]:
    inner = along[(along > start) & (along < end)]
    at = np.concatenate(([start], inner, [end]))
    x, y = (np.interp(at, along, knots[:, axis]) for axis in (0, 1))
    return list(zip(x.tolist(), y.tolist(), strict=True))


@lru_cache(maxsize=128)
def _plate(text: str, look: Look, size: int) -> PixelArray:
    """Draw a plate with sign and words: BGR and opacity, uint8 [H,W,4]."""
    unit = size * OVERSAMPLING
    parts = [(run.text, run.font(unit)) for run in fonts.runs(text)]
    length = round(sum(font.getlength(part) for part, font in parts))
    height, padding = round(1.7 * unit), round(0.55 * unit)
    text_left = padding + round(1.35 * unit if text else 0.9 * unit)
    width = text_left + length + padding
    canvas = Image.new("RGBA", (width, height), (*PLATE_COLOR, 0))
    pen = ImageDraw.Draw(canvas)
    ground = (*PLATE_COLOR, round(255 * PLATE_OPACITY))
    pen.rounded_rectangle((0, 0, width - 1, height - 1), radius=0.5 * unit, fill=ground)
    _draw_sign(pen, look, (padding + 0.45 * unit, height / 2), SIGN * unit)
    _write(pen, parts, (text_left, height / 2), unit)
    small = canvas.resize((width // OVERSAMPLING, height // OVERSAMPLING), Image.Resampling.BOX)
    return np.ascontiguousarray(np.asarray(small)[..., [2, 1, 0, 3]])


def _write(
    pen: ImageDraw.ImageDraw,
    parts: Sequence[tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont]],
    start: Point,
    unit: int,
) -> None:
    """Write on the baseline that puts Pillow's own font in the middle of the plate."""
    own = ImageFont.load_default(unit)
    above, below = own.getmetrics() if isinstance(own, ImageFont.FreeTypeFont) else (unit, 0)
    left, baseline = start[0], start[1] + (above - below) / 2
    for part, font in parts:
        pen.text((left, baseline), part, font=font, fill=(*TEXT_COLOR, 255), anchor="ls")
        left += font.getlength(part)


def _draw_sign(pen: ImageDraw.ImageDraw, look: Look, middle: Point, side: float) -> None:
    """Draw a sign as the page draws it, with round ends and joints."""
    scale, width = side / SIDE, round(SIGN_LINE * side / SIDE)
    for stroke in look.strokes:
        points = [(float(x), float(y)) for x, y in (stroke - SIDE / 2) * scale + middle]
        pen.line(points, fill=look.colour, width=width)
        for x, y in points:
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), look.colour)


def _scaled(plate: PixelArray, scale: float) -> PixelArray:
    """Shrink a plate; one that has room stays as it is."""
    if scale >= 1:
        return plate
    size = (max(1, int(plate.shape[1] * scale)), max(1, int(plate.shape[0] * scale)))
    return np.asarray(cv2.resize(plate, size, interpolation=cv2.INTER_AREA), np.uint8)


def _blend(image: PixelArray, plate: PixelArray, left: int, top: int) -> None:
    region = image[top : top + plate.shape[0], left : left + plate.shape[1]]
    if not region.size:  # a picture of a pixel or two
        return
    part = plate[: region.shape[0], : region.shape[1]]
    weight = part[..., 3].astype(np.float32) / 255
    color = np.ascontiguousarray(part[..., :3])
    region[:] = cv2.blendLinear(color, np.ascontiguousarray(region), weight, 1 - weight)
