"""What hands, light, lenses, sensors and compression do to a picture."""

import math
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from mien.training.detector.annotated import Annotated
from mien.types import FloatArray, PixelArray

COVERED = 0.15  # share of faces that something is held before
# Shares of pictures that are changed in each way.
COARSE, BLURRED, SHAKEN, LIT, BACKLIT, CURVED, DARK = 0.25, 0.18, 0.08, 0.15, 0.06, 0.12, 0.15
NOISY, PACKED = 0.4, 0.25
NOISE_SIDE = 1024
Ellipse = tuple[tuple[float, float], tuple[float, float], float]


def cover(scene: Annotated, rng: Generator) -> PixelArray:
    """Hold something before some faces, mostly before the mouth; return the image, uint8.

    What is held there is either plain or looks like some other part of the scene.
    """
    image = scene.image
    for box, points in zip(scene.boxes, scene.landmarks, strict=True):
        if rng.random() >= COVERED:
            continue
        sides = box[2:] - box[:2]
        mouth, eyes = points[3:].mean(axis=0), points[:2].mean(axis=0)
        anywhere = box[:2] + rng.random(2) * sides
        middle = (mouth, eyes, anywhere)[int(rng.choice(3, p=(0.5, 0.15, 0.35)))]
        axes = sides * rng.uniform((0.24, 0.2), (0.8, 0.56))
        angle = float(rng.uniform(0, 180))
        shape = ((float(middle[0]), float(middle[1])), (float(axes[0]), float(axes[1])), angle)
        image = _covered(image, shape, rng)
    return image


def photograph(image: PixelArray, boxes: FloatArray, rng: Generator) -> PixelArray:
    """Change a picture as a camera might.

    Args:
        image: uint8 [S,S] or [S,S,3].
        boxes: float32 [F,4], where faces are: the light may come from behind them.
        rng: Source of all randomness.

    Returns:
        uint8 of the same shape.
    """
    image = _lens(image, rng)
    image = _light(image, boxes, rng)
    if rng.random() < NOISY:
        strength = rng.uniform(0, 6) if rng.random() < 0.7 else rng.uniform(6, 30)
        image = _noisy(image, strength, rng)
    if rng.random() < PACKED:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        _, packed = cv2.imencode(".jpg", image, quality)
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED), dtype=np.uint8)
    return image


def _covered(image: PixelArray, shape: Ellipse, rng: Generator) -> PixelArray:
    mask = np.zeros(image.shape[:2], np.uint8)
    if rng.random() < 0.7:
        cv2.ellipse(mask, shape, 255, -1)
    else:
        corners = cv2.boxPoints(shape)
        cv2.fillConvexPoly(mask, corners.astype(np.int32), 255)
    result = image.copy()
    inside = mask > 0
    if rng.random() < 0.5:
        shade = rng.integers(256, size=image.shape[2:] or (1,))
        result[inside] = shade if image.ndim == 3 else shade[0]
    else:
        size = len(image)
        other = np.roll(image, tuple(int(n) for n in rng.integers(size // 4, size, 2)), (0, 1))
        result[inside] = other[inside]
    return result


def _lens(image: PixelArray, rng: Generator) -> PixelArray:
    """Coarsen, blur and shake some."""
    height, width = image.shape[:2]
    if rng.random() < COARSE:
        part = rng.uniform(0.3, 0.9)
        small = (max(1, round(width * part)), max(1, round(height * part)))
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(shrunk, (width, height)), np.uint8)
    if rng.random() < BLURRED:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.5)), np.uint8)
    if rng.random() < SHAKEN:
        length = int(rng.integers(3, 10))
        kernel = (1, length) if rng.random() < 0.5 else (length, 1)
        image = np.asarray(cv2.blur(image, kernel), np.uint8)
    return image


def _light(image: PixelArray, boxes: FloatArray, rng: Generator) -> PixelArray:
    """Light from one side or from behind; another curve, contrast and brightness; dark rooms."""
    shades = np.arange(256, dtype=np.float32)
    if rng.random() < CURVED:
        curve = np.float32(rng.uniform(0.4, 2.5))
        shades = np.asarray(255 * (shades / 255) ** curve, dtype=np.float32)
    gain = math.exp(rng.normal(0, 0.25))
    shades = (shades - 128) * np.float32(gain) + np.float32(128 + rng.normal(0, 20))
    if rng.random() < DARK:
        shades = np.clip(shades, 0, 255) * np.float32(rng.uniform(0.06, 0.4))
    table = np.clip(shades, 0, 255).astype(np.uint8)
    image = np.asarray(cv2.LUT(image, table), np.uint8)
    lit, backlit = rng.random() < LIT, rng.random() < BACKLIT and len(boxes) > 0
    if not lit and not backlit:
        return image
    height, width = image.shape[:2]
    light = _from_behind(height, width, boxes, rng) if backlit else _aslant(height, width, rng)
    levels = image.astype(np.float32) * (light if image.ndim == 2 else light[..., None])
    return np.asarray(np.clip(levels, 0, 255), dtype=np.uint8)


def _aslant(height: int, width: int, rng: Generator) -> FloatArray:
    angle, strength = rng.uniform(0, 2 * math.pi), rng.uniform(0.2, 0.8)
    across = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(angle)
    down = np.linspace(-1, 1, height, dtype=np.float32) * math.sin(angle)
    slope = 1 + strength * (across[None] + down[:, None])
    return np.asarray(np.clip(slope, 0.05, 2), dtype=np.float32)


def _from_behind(height: int, width: int, boxes: FloatArray, rng: Generator) -> FloatArray:
    """Dark where heads are, bright around them, and a part as large to look at."""
    bright, dark = rng.uniform(1.3, 3.0), rng.uniform(0.12, 0.6)
    light = np.full((height // 4, width // 4), bright, np.float32)
    for x1, y1, x2, y2 in boxes / 4:
        centre = (float(x1 + x2) / 2, float(0.6 * y1 + 0.4 * y2))
        axes = (float(x2 - x1) * 1.5, float(y2 - y1) * 1.6)
        cv2.ellipse(light, (centre, axes, 0.0), float(dark), -1)
    soft = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(1.0, 3.0)))
    return np.asarray(cv2.resize(soft, (width, height)), dtype=np.float32)


def _noisy(image: PixelArray, strength: float, rng: Generator) -> PixelArray:
    """Add noise, cut out of a sheet that is made once: drawing it anew took most of the time."""
    sheet = _noise_sheet()
    rows, columns = image.shape[:2]
    top, left = rng.integers(NOISE_SIDE - rows), rng.integers(NOISE_SIDE - columns)
    noise = sheet[top : top + rows, left : left + columns]
    if image.ndim == 3:
        layers = [sheet[left : left + rows, top : top + columns].T if rows == columns else noise]
        noise = np.stack([noise, noise[::-1, ::-1], layers[0]], axis=-1)
    levels = image + np.float32(strength) * noise
    return np.clip(levels, 0, 255).astype(np.uint8)


@cache
def _noise_sheet() -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((NOISE_SIDE, NOISE_SIDE), dtype=np.float32)
