"""Appearance descriptors of faces: enough to tell two people of one scene apart, no more.

A coarse pattern of light (hair, brows, beard, glasses) and of colour (skin, clothes), made of each
face in each frame: it says who is who from one sight to the next. Who is back after minutes is for
`mien.tracking.portrait`; both hold within one sitting, and never beyond.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from mien.types import Face, FloatArray, PixelArray
from mien.vision.crop import cut_square

# The head with its hair, and a little of what is below it.
SCOPE = 1.5
GRID = 12
CHROMA = 4  # cells of colour along each side
# A mean difference of colour that halves the similarity, in steps of 256.
FADE = 12.0
WIDTH = GRID * GRID + 2 * CHROMA * CHROMA


def describe(image: PixelArray, faces: Sequence[Face]) -> FloatArray:
    """Return the appearance descriptors of faces.

    Args:
        image: BGR uint8 [H,W,3].
        faces: Faces in its pixels.

    Returns:
        float32 [N,176]: 12x12 cells of light without their mean, of length one; then 4x4 cells of
        two colour differences.
    """
    rows = np.empty((len(faces), WIDTH), dtype=np.float32)
    for row, face in zip(rows, faces, strict=True):
        side = max(GRID, round(SCOPE * face.box.side))
        x, y = face.box.center
        square = cut_square(image, round(x - side / 2), round(y - side / 2), side)
        # Twice: quick and linear first, then exact.
        small = cv2.resize(square, (4 * GRID, 4 * GRID))
        small = cv2.resize(small, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
        light = small.mean(axis=2)
        light -= light.mean()
        colour = np.stack([small[..., 2] - small[..., 1], small[..., 0] - small[..., 1]], axis=2)
        cells = colour.reshape(CHROMA, GRID // CHROMA, CHROMA, GRID // CHROMA, 2).mean(axis=(1, 3))
        row[: GRID * GRID] = (light / (np.linalg.norm(light) + 1e-6)).ravel()
        row[GRID * GRID :] = cells.ravel()
    return rows


def similarity(first: FloatArray, second: FloatArray) -> FloatArray:
    """Compare descriptors.

    Args:
        first: float32 [N,176].
        second: float32 [M,176].

    Returns:
        float32 [N,M], at most 1: the correlation of light, faded by the difference of colour.
    """
    pixels = GRID * GRID
    correlation = first[:, :pixels] @ second[:, :pixels].T
    difference = np.abs(first[:, None, pixels:] - second[None, :, pixels:]).mean(axis=2)
    return np.asarray(correlation * np.exp2(-difference / FADE), dtype=np.float32)
