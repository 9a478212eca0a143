"""Endless training scenes for a detector, made of a few thousand pictures.

Most scenes are a picture around a face, turned, scaled and shifted; some are four such pictures
side by side, some are faces pasted into pictures without any, some are such pictures alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from mien.training.detector.annotated import Annotated, Matrix, move, similarity
from mien.training.detector.camera import cover, photograph
from mien.types import FloatArray, PixelArray
from mien.vision.boxes import iou_matrix

Point = npt.NDArray[np.float64]

VIEW, MOSAIC, PASTED = 0.46, 0.12, 0.22  # shares of scenes; the rest shows no face
# Sides of faces, evenly by their logarithm: in pixels, or as a part of the scene's side.
SMALLEST, VIEWED, TILED, GLUED = 12.0, 1.05, 0.9, 0.5
# Faces are enlarged by this at most, since larger ones would be blurred; cropped ones are so small
# that a little more is allowed.
ENLARGED, CROP_ENLARGED = 2.2, 1.4
CROPPED = 0.4  # of the pasted faces, where there are cropped ones
BORDERS = (cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)
SURROUNDED = 0.6  # of the pictures with faces: around them is one without


@dataclass(frozen=True, slots=True)
class Pieces:
    """What scenes are made of.

    Attributes:
        pictures: Pictures with faces.
        weights: How often each of them is used, in relation to the others.
        faceless: Pictures without any.
        crops: Cropped faces, each alone in its picture.
    """

    pictures: Sequence[Annotated]
    weights: Sequence[float]
    faceless: Sequence[Annotated]
    crops: Sequence[Annotated] = ()


class Scenes:
    """Makes scenes at random; the same for the same generator."""

    def __init__(self, pieces: Pieces) -> None:
        """Take the material."""
        self._pieces = pieces
        weights = np.asarray(pieces.weights, dtype=np.float64)
        self._bounds = np.cumsum(weights / weights.sum())
        self._alone = [
            picture
            for picture in pieces.pictures
            if len(picture.boxes) == 1 and not len(picture.unknown)
        ]

    def make(self, size: int, rng: Generator) -> Annotated:
        """Return a scene of `size` x `size` pixels."""
        artist = _Artist(self._pieces, self._bounds, self._alone, rng)
        kind = rng.random()
        if kind < VIEW or not self._pieces.faceless:
            scene = artist.view(size, VIEWED * size)
        elif kind < VIEW + MOSAIC:
            scene = artist.mosaic(size)
        elif kind < VIEW + MOSAIC + PASTED:
            scene = artist.paste(size)
        else:
            scene = artist.background(size)
        image = photograph(cover(scene, rng), scene.boxes, rng)
        return Annotated(image, scene.boxes, scene.landmarks, scene.unknown)


@dataclass(frozen=True, slots=True)
class _Artist:
    """Makes one scene."""

    pieces: Pieces
    bounds: npt.NDArray[np.float64]
    alone: Sequence[Annotated]
    rng: Generator

    def view(self, size: int, largest: float) -> Annotated:
        """A picture around one of its faces."""
        rng = self.rng
        chosen = min(int(np.searchsorted(self.bounds, rng.random())), len(self.bounds) - 1)
        picture = self.pieces.pictures[chosen]
        face = int(rng.integers(len(picture.boxes)))
        own = float(picture.sides[face])
        side = min(self._side(SMALLEST, largest), ENLARGED * own)
        margin = min(0.2 * side, size / 2)
        target = rng.uniform(margin, size - margin, 2)
        matrix = self._similarity(picture.boxes[face], target, side / own)
        if self.pieces.faceless and rng.random() < SURROUNDED:
            return move(picture, matrix, size, around=self.background(size).image)
        border, fill = int(rng.choice(BORDERS)), int(rng.integers(256))
        return move(picture, matrix, size, border=border, fill=fill)

    def background(self, size: int) -> Annotated:
        """Some part of a picture without faces."""
        rng = self.rng
        picture = self.pieces.faceless[int(rng.integers(len(self.pieces.faceless)))]
        height, width = picture.image.shape[:2]
        scale = self._side(0.45, 2.9) * size / max(height, width)
        middle = (
            rng.uniform((0, 0), (width, height)) if rng.random() < 0.6 else (width / 2, height / 2)
        )
        angle = math.radians(rng.normal(0, 20))
        matrix = similarity(middle, (size / 2, size / 2), scale, angle, mirror=rng.random() < 0.5)
        border, fill = int(rng.choice((*BORDERS, cv2.BORDER_REFLECT))), int(rng.integers(256))
        return move(picture, matrix, size, border=border, fill=fill)

    def mosaic(self, size: int) -> Annotated:
        """Four small scenes side by side: many small faces."""
        half = size // 2
        tiles = [
            self.view(half, TILED * half) if self.rng.random() < 0.8 else self.background(half)
            for _ in range(4)
        ]
        corners = [(0, 0), (half, 0), (0, half), (half, half)]
        parts = [_shifted(tile, *at, half) for tile, at in zip(tiles, corners, strict=True)]
        boxes, landmarks, unknown = (np.concatenate(part) for part in zip(*parts, strict=True))
        rows = [np.concatenate([tiles[n].image, tiles[n + 1].image], axis=1) for n in (0, 2)]
        return Annotated(np.concatenate(rows), boxes, landmarks, unknown)

    def paste(self, size: int) -> Annotated:
        """Faces in an oval with a soft edge, before a picture without faces."""
        scene = self.background(size)
        for _ in range(int(self.rng.integers(1, 5))):
            scene = self._with_one_more(scene, size)
        return scene

    def _with_one_more(self, scene: Annotated, size: int) -> Annotated:
        """Paste one face, unless its place is taken."""
        rng, crops = self.rng, self.pieces.crops
        cropped = bool(crops) and (rng.random() < CROPPED or not self.alone)
        from_ = crops if cropped else self.alone
        if not from_:
            return scene
        picture = from_[int(rng.integers(len(from_)))]
        own = float(picture.sides[0])
        side = min(
            self._side(SMALLEST, GLUED * size), (CROP_ENLARGED if cropped else ENLARGED) * own
        )
        target = rng.uniform(0.4 * side, size - 0.4 * side, 2)
        room = np.concatenate([target - side, target + side])[None]
        if (iou_matrix(room, np.concatenate([scene.boxes, scene.unknown])) > 0).any():
            return scene
        # Only the pixels around the face are drawn: a square, part of which may be outside.
        patch = 2 * math.ceil(1.3 * side)
        corner = np.floor(target - patch / 2).astype(int)
        left, top = map(int, corner)
        matrix = self._similarity(picture.boxes[0], target - corner, side / own)
        pasted = move(picture, matrix, patch)
        part = _oval(patch, target - corner, side, rng, tight=cropped)
        image = _blended(scene.image, pasted.image, part, corner)
        boxes, landmarks, unknown = _shifted(pasted, left, top, patch)
        return Annotated(
            image,
            np.concatenate([scene.boxes, boxes]),
            np.concatenate([scene.landmarks, landmarks]),
            np.concatenate([scene.unknown, unknown]),
        )

    def _similarity(self, box: FloatArray, target: Point, scale: float) -> Matrix:
        """Turn mostly a little, at most 50 degrees; mirror half."""
        rng = self.rng
        turned = float(np.clip(rng.normal(0, 14), -45, 45))
        angle = math.radians(turned if rng.random() < 0.75 else rng.uniform(-50, 50))
        middle = (box[:2] + box[2:]) / 2
        return similarity(middle, target, scale, angle, mirror=rng.random() < 0.5)

    def _side(self, low: float, high: float) -> float:
        return math.exp(self.rng.uniform(math.log(low), math.log(high)))


def _shifted(tile: Annotated, left: int, top: int, size: int) -> tuple[FloatArray, ...]:
    """Return boxes, landmarks and unknown regions where the tile lies in its scene."""
    corner = np.array([left, top], dtype=np.float32)
    both = np.tile(corner, 2)
    unknown = np.clip(tile.unknown, 0, size)
    return tile.boxes + both, tile.landmarks + corner, unknown + both


def _oval(
    size: int, middle: Point, side: float, rng: Generator, *, tight: bool
) -> npt.NDArray[np.float32]:
    """Return how much of each pixel is the pasted face: float32 [size,size] in 0..1.

    A cropped face ends at its brows and chin, so that its oval has to be tight.
    """
    part = rng.uniform(0.5, 0.62) if tight else rng.uniform(0.62, 0.95)
    x, y = middle[0], middle[1] - (0.0 if tight else 0.08 * side)
    grid = np.arange(size, dtype=np.float32) + 0.5
    across = (grid - np.float32(x)) / np.float32(0.85 * part * side)
    down = (grid - np.float32(y)) / np.float32(1.03 * part * side)
    distance = np.sqrt(across[None] ** 2 + down[:, None] ** 2)
    edge = max(rng.uniform(0.02, 0.2), 1.2 / side)
    return np.asarray(np.clip((1 - distance) / edge + 0.5, 0, 1), dtype=np.float32)


def _blended(
    image: PixelArray,
    patch: PixelArray,
    part: npt.NDArray[np.float32],
    corner: npt.NDArray[np.int_],
) -> PixelArray:
    """Return the image with a patch blended in, whose upper left is at `corner`."""
    size, patch_size = len(image), len(patch)
    low = np.maximum(corner, 0)
    high = np.minimum(corner + patch_size, size)
    inner = tuple(
        slice(a, b) for a, b in zip((low - corner)[::-1], (high - corner)[::-1], strict=True)
    )
    outer = tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1], strict=True))
    weight = part[inner] if image.ndim == 2 else part[inner][..., None]
    result = image.copy()
    below = result[outer].astype(np.float32)
    result[outer] = (below + (patch[inner] - below) * weight).astype(np.uint8)
    return result
