"""What hands, light, lenses, sensors and compression do to a picture."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from mien.training.detector.annotated import Annotated
from mien.types import FloatArray, PixelArray

COVERED = 0.12  # share of faces that something is held before
COARSE, BLURRED, SHAKEN, LIT, CURVED, DARK, NOISY, PACKED = (
    0.25,
    0.15,
    0.08,
    0.15,
    0.1,
    0.12,
    0.4,
    0.3,
)


def cover(scene: Annotated, rng: Generator) -> PixelArray:
    """Hold something before some faces, mostly before the mouth; return the image, uint8 [S,S]."""
    image = scene.image
    for box, points in zip(scene.boxes, scene.landmarks, strict=True):
        if rng.random() >= COVERED:
            continue
        sides = box[2:] - box[:2]
        mouth, eyes = points[3:].mean(axis=0), points[:2].mean(axis=0)
        anywhere = box[:2] + rng.random(2) * sides
        middle = (mouth, eyes, anywhere)[int(rng.choice(3, p=(0.5, 0.15, 0.35)))]
        axes = sides * rng.uniform((0.24, 0.2), (0.8, 0.56))
        shape = (tuple(map(float, middle)), tuple(map(float, axes)), float(rng.uniform(0, 180)))
        image = np.asarray(cv2.ellipse(image.copy(), shape, int(rng.integers(256)), -1), np.uint8)
    return image


def photograph(image: PixelArray, rng: Generator) -> PixelArray:
    """Change a gray picture as a camera might; uint8 [S,S] → uint8 [S,S]."""
    image = _lens(image, rng)
    levels = _light(image.astype(np.float32), rng)
    if rng.random() < NOISY:
        strength = rng.uniform(0, 6) if rng.random() < 0.7 else rng.uniform(6, 30)
        levels += strength * rng.standard_normal(levels.shape, dtype=np.float32)
    image = np.clip(levels, 0, 255).astype(np.uint8)
    if rng.random() < PACKED:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        _, packed = cv2.imencode(".jpg", image, quality)
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    return image


def _lens(image: PixelArray, rng: Generator) -> PixelArray:
    """Coarsen, blur and shake some."""
    height, width = image.shape
    if rng.random() < COARSE:
        part = rng.uniform(0.3, 0.9)
        small = (max(1, round(width * part)), max(1, round(height * part)))
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(shrunk, (width, height)), np.uint8)
    if rng.random() < BLURRED:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.2)), np.uint8)
    if rng.random() < SHAKEN:
        length = int(rng.integers(3, 10))
        shape = (1, length) if rng.random() < 0.5 else (length, 1)
        image = np.asarray(cv2.blur(image, shape), np.uint8)
    return image


def _light(levels: FloatArray, rng: Generator) -> FloatArray:
    """Light from one side, another curve, contrast and brightness, and dark rooms."""
    height, width = levels.shape
    if rng.random() < LIT:
        angle, strength = rng.uniform(0, 2 * math.pi), rng.uniform(0.2, 0.8)
        across = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(angle)
        down = np.linspace(-1, 1, height, dtype=np.float32) * math.sin(angle)
        light = np.clip(1 + strength * (across[None] + down[:, None]), 0.05, 2)
        levels = levels * light.astype(np.float32)
    if rng.random() < CURVED:
        curve = np.float32(rng.uniform(0.4, 2.5))
        levels = np.asarray(255 * (np.clip(levels, 0, 255) / 255) ** curve, dtype=np.float32)
    gain = math.exp(rng.normal(0, 0.25))
    levels = (levels - 128) * np.float32(gain) + np.float32(128 + rng.normal(0, 20))
    if rng.random() < DARK:
        levels = np.clip(levels, 0, 255) * np.float32(rng.uniform(0.06, 0.4))
    return levels.astype(np.float32)
