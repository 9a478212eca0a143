"""Hard cases made of easy ones: each face picture turned, darkened, blurred, covered, cut off."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from benchmarks.detectors.truth import Shown
from mien.detectors.any_angle import turn_back
from mien.evaluation.detection import Labels
from mien.training.detector.annotated import Annotated, move, similarity
from mien.types import Box, Face, PixelArray

OUTSIDE = 0.35  # part of a face's width that is cut off


@dataclass(frozen=True, slots=True)
class Change:
    """A way to make a picture hard.

    Attributes:
        name: What it is called in the table.
        apply: Returns the changed picture and what is in it.
    """

    name: str
    apply: Callable[[Shown, Generator], tuple[PixelArray, Labels]]


def _tilted(degrees: float) -> Callable[[Shown, Generator], tuple[PixelArray, Labels]]:
    def apply(shown: Shown, rng: Generator) -> tuple[PixelArray, Labels]:
        angle = math.radians(degrees if rng.random() < 0.5 else -degrees)
        height, width = shown.image.shape[:2]
        side = max(height, width)
        matrix = similarity((width / 2, height / 2), (side / 2, side / 2), 1.0, angle, mirror=False)
        known = Annotated.of(shown.image, shown.truth)
        turned = move(known, matrix, side)
        faces = tuple(
            Face(Box(*box.tolist()), 1.0, points)
            for box, points in zip(turned.boxes, turned.landmarks, strict=True)
        )
        return turned.image, Labels(faces, tuple(Box(*row.tolist()) for row in turned.unknown))

    return apply


def _turned(turns: int) -> Callable[[Shown, Generator], tuple[PixelArray, Labels]]:
    def apply(shown: Shown, _: Generator) -> tuple[PixelArray, Labels]:
        image = np.ascontiguousarray(np.rot90(shown.image, -turns))
        size = image.shape[1], image.shape[0]
        faces = tuple(turn_back(face, turns, size) for face in shown.truth.faces)
        unknown = tuple(turn_back(Face(box, 0.0), turns, size).box for box in shown.truth.unknown)
        return image, Labels(faces, unknown)

    return apply


def _same_place(
    change: Callable[[PixelArray, tuple[Face, ...], Generator], PixelArray],
) -> Callable[[Shown, Generator], tuple[PixelArray, Labels]]:
    def apply(shown: Shown, rng: Generator) -> tuple[PixelArray, Labels]:
        return change(shown.image.copy(), shown.truth.faces, rng), shown.truth

    return apply


def _dark(image: PixelArray, _: tuple[Face, ...], rng: Generator) -> PixelArray:
    """An eighth of the light, with the noise of a sensor."""
    levels = image * np.float32(0.125) + 3 * rng.standard_normal(image.shape, np.float32)
    return np.clip(levels, 0, 255).astype(np.uint8)


def _noisy(image: PixelArray, _: tuple[Face, ...], rng: Generator) -> PixelArray:
    levels = image + 25 * rng.standard_normal(image.shape, np.float32)
    return np.clip(levels, 0, 255).astype(np.uint8)


def _blurred(image: PixelArray, faces: tuple[Face, ...], _: Generator) -> PixelArray:
    """Out of focus by a twentieth of the face's side."""
    sigma = 0.05 * max(face.box.side for face in faces)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def _back_lit(image: PixelArray, faces: tuple[Face, ...], _: Generator) -> PixelArray:
    """Heads at a quarter of the light, twice the light around them."""
    light = np.full(image.shape[:2], 2.0, np.float32)
    for face in faces:
        (x, y), box = face.box.center, face.box
        axes = (1.5 * box.width, 1.6 * box.height)
        cv2.ellipse(light, ((x, y - 0.1 * box.height), axes, 0.0), 0.25, -1)
    light = cv2.GaussianBlur(light, (0, 0), 4)
    return np.clip(image * light[..., None], 0, 255).astype(np.uint8)


def _covered(image: PixelArray, faces: tuple[Face, ...], rng: Generator) -> PixelArray:
    """Something of the picture's own texture before the mouth, two thirds of the face wide."""
    other = np.roll(image, (image.shape[0] // 2, image.shape[1] // 3), (0, 1))
    for face in faces:
        if face.landmarks is None:
            continue
        x, y = face.landmarks[3:].mean(axis=0)
        axes = (0.66 * face.box.width, 0.4 * face.box.height)
        mask = np.zeros(image.shape[:2], np.uint8)
        cv2.ellipse(mask, ((float(x), float(y)), axes, float(rng.uniform(-20, 20))), 255, -1)
        image[mask > 0] = other[mask > 0]
    return image


def _cut(shown: Shown, _: Generator) -> tuple[PixelArray, Labels]:
    """The picture without what is left of a third of its largest face."""
    largest = max(shown.truth.faces, key=lambda face: face.box.side)
    left = max(0, round(largest.box.x1 + OUTSIDE * largest.box.width))
    image = np.ascontiguousarray(shown.image[:, left:])
    faces, unknown = [], []
    for face in shown.truth.faces:
        box = _moved(face.box, left)
        if (min(box.x2, image.shape[1]) - max(box.x1, 0)) / box.width > 0.5:
            points = None if face.landmarks is None else face.landmarks - (left, 0)
            faces.append(Face(box, 1.0, points))
        else:
            unknown.append(box)
    unknown += [_moved(box, left) for box in shown.truth.unknown]
    return image, Labels(tuple(faces), tuple(unknown))


def _moved(box: Box, left: float) -> Box:
    return Box(box.x1 - left, box.y1, box.x2 - left, box.y2)


CHANGES = (
    Change("tilted by 15°", _tilted(15)),
    Change("tilted by 30°", _tilted(30)),
    Change("tilted by 45°", _tilted(45)),
    *(Change(f"turned by {90 * turns}°", _turned(turns)) for turns in (1, 2, 3)),
    Change("dark, with noise", _same_place(_dark)),
    Change("back-lit", _same_place(_back_lit)),
    Change("out of focus", _same_place(_blurred)),
    Change("sensor noise", _same_place(_noisy)),
    Change("mouth covered", _same_place(_covered)),
    Change("a third outside", _cut),
)
