"""Endless training scenes for a detector, made of a few thousand pictures.

Most scenes are a picture around a face, turned, scaled and shifted; some are four such pictures
side by side, some are faces pasted into pictures without any, some are such pictures alone.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from mien.geometry import iou_matrix
from mien.training.detector.annotated import Annotated, Matrix, move, similarity
from mien.training.detector.camera import cover, photograph
from mien.types import FloatArray

Point = npt.NDArray[np.float64]

SIDE = 256
VIEW, MOSAIC, PASTED = 0.45, 0.15, 0.25  # shares of scenes; the rest shows no face
# Sides of faces in pixels, evenly by their logarithm.
VIEWED, TILED, GLUED = (14.0, 190.0), (10.0, 100.0), (12.0, 130.0)
BORDERS = (cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)
TRIES = 6


class Scenes:
    """Makes scenes at random."""

    def __init__(
        self,
        pictures: Sequence[Annotated],
        weights: Sequence[float],
        faceless: Sequence[Annotated],
        rng: Generator,
    ) -> None:
        """Take the material.

        Args:
            pictures: Pictures with faces.
            weights: How often each of them is used, in relation to the others.
            faceless: Pictures without.
            rng: Source of all randomness.
        """
        self._pictures, self._faceless, self._rng = pictures, faceless, rng
        self._bounds = np.cumsum(np.asarray(weights, dtype=np.float64) / np.sum(weights))
        self._alone = [
            index
            for index, picture in enumerate(pictures)
            if len(picture.boxes) == 1 and not len(picture.unknown)
        ]

    def make(self) -> Annotated:
        """Return a scene of `SIDE` pixels."""
        kind = self._rng.random()
        if kind < VIEW or not self._faceless:
            scene = self._view(SIDE, VIEWED)
        elif kind < VIEW + MOSAIC:
            scene = self._mosaic()
        elif kind < VIEW + MOSAIC + PASTED:
            scene = self._paste()
        else:
            scene = self._background(SIDE)
        image = photograph(cover(scene, self._rng), self._rng)
        return Annotated(image, scene.boxes, scene.landmarks, scene.unknown)

    def _view(self, size: int, sides: tuple[float, float]) -> Annotated:
        """A picture around one of its faces."""
        rng = self._rng
        picture = self._pictures[
            min(int(np.searchsorted(self._bounds, rng.random())), len(self._pictures) - 1)
        ]
        face = int(rng.integers(len(picture.boxes)))
        own = float(picture.sides[face])
        side = min(self._side(*sides), 2.2 * own, size)
        margin = min(0.2 * side, size / 2)
        target = rng.uniform(margin, size - margin, 2)
        matrix = self._similarity(picture.boxes[face], target, side / own)
        return move(picture, matrix, size, int(rng.choice(BORDERS)), int(rng.integers(256)))

    def _background(self, size: int) -> Annotated:
        """Some part of a picture without faces."""
        rng = self._rng
        picture = self._faceless[int(rng.integers(len(self._faceless)))]
        height, width = picture.image.shape
        scale = self._side(0.45, 2.9) * size / max(height, width)
        middle = (
            rng.uniform((0, 0), (width, height)) if rng.random() < 0.6 else (width / 2, height / 2)
        )
        angle = math.radians(rng.normal(0, 20))
        matrix = similarity(middle, (size / 2, size / 2), scale, angle, mirror=rng.random() < 0.5)
        border = int(rng.choice((*BORDERS, cv2.BORDER_REFLECT)))
        return move(picture, matrix, size, border, int(rng.integers(256)))

    def _mosaic(self) -> Annotated:
        """Four small scenes side by side: many small faces."""
        half = SIDE // 2
        image = np.empty((SIDE, SIDE), np.uint8)
        parts = []
        for top in (0, half):
            for left in (0, half):
                faces = self._rng.random() < 0.8
                tile = self._view(half, TILED) if faces else self._background(half)
                image[top : top + half, left : left + half] = tile.image
                parts.append(_shifted(tile, left, top, half))
        boxes, landmarks, unknown = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Annotated(image, boxes, landmarks, unknown)

    def _paste(self) -> Annotated:
        """Faces in an oval with a soft edge, before a picture without faces."""
        scene = self._background(SIDE)
        for _ in range(int(self._rng.integers(1, 5))):
            scene = self._with_one_more(scene) or scene
        return scene

    def _with_one_more(self, scene: Annotated) -> Annotated | None:
        if not self._alone:
            return None
        rng = self._rng
        picture = self._pictures[self._alone[int(rng.integers(len(self._alone)))]]
        own = float(picture.sides[0])
        side = min(self._side(*GLUED), 1.6 * own)
        target = rng.uniform(0.4 * side, SIDE - 0.4 * side, 2)
        room = np.concatenate([target - side, target + side])[None]
        taken = np.concatenate([scene.boxes, scene.unknown])
        if (iou_matrix(room, taken) > 0).any():
            return None
        pasted = move(
            picture, self._similarity(picture.boxes[0], target, side / own), SIDE, BORDERS[0]
        )
        part = _oval(target, side, rng)
        image = (scene.image * (1 - part) + pasted.image * part).astype(np.uint8)
        return Annotated(
            image,
            np.concatenate([scene.boxes, pasted.boxes]),
            np.concatenate([scene.landmarks, pasted.landmarks]),
            np.concatenate([scene.unknown, pasted.unknown]),
        )

    def _similarity(self, box: FloatArray, target: Point, scale: float) -> Matrix:
        """Turn mostly a little, at most 45 degrees; mirror half."""
        rng = self._rng
        turned = float(np.clip(rng.normal(0, 14), -45, 45))
        angle = math.radians(turned if rng.random() < 0.8 else rng.uniform(-45, 45))
        middle = (box[:2] + box[2:]) / 2
        return similarity(middle, target, scale, angle, mirror=rng.random() < 0.5)

    def _side(self, low: float, high: float) -> float:
        return math.exp(self._rng.uniform(math.log(low), math.log(high)))


def _shifted(tile: Annotated, left: int, top: int, size: int) -> tuple[FloatArray, ...]:
    """Return boxes, landmarks and unknown regions where the tile lies in its scene."""
    corner = np.array([left, top], dtype=np.float32)
    both = np.tile(corner, 2)
    unknown = np.clip(tile.unknown, 0, size)
    return tile.boxes + both, tile.landmarks + corner, unknown + both


def _oval(middle: Point, side: float, rng: Generator) -> FloatArray:
    """Return how much of each pixel is the pasted face: float32 [SIDE,SIDE] in 0..1."""
    part = rng.uniform(0.62, 0.95)
    centre = (float(middle[0]), float(middle[1] - 0.08 * side))
    axes = (1.7 * part * side, 2.07 * part * side)
    oval = cv2.ellipse(np.zeros((SIDE, SIDE), np.float32), (centre, axes, 0.0), 1.0, -1)
    edge = max(side * rng.uniform(0.01, 0.09), 0.6)
    return np.asarray(cv2.GaussianBlur(oval, (0, 0), edge), dtype=np.float32)
