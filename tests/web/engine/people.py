"""Made people for the trackers' vectors: how they look in a descriptor and in a portrait.

Some look alike, some are gray; of each there are variants, from nearly the same to a stranger, so
that every limit of who is who is crossed by some.
"""

from dataclasses import dataclass

import numpy as np

from mien.tracking import appearance, portrait
from mien.types import FloatArray

Random = np.random.Generator
PEOPLE, VARIANTS = 6, 12
# How alike a variant is to the person: as one frame to the next, and as another day.
STEADY, CHANGED = (0.985, 1.0), (0.55, 0.95)
_LIGHT, _TEXTURE = appearance.GRID**2, portrait.TEXTURE


@dataclass(frozen=True)
class Portrait:
    """A portrait: a row of them all, and by how much it is shaded.

    No two are of the same shade: of two that are equally alike, the last bit of a sum would decide
    who it is.
    """

    row: int
    shade: float


@dataclass
class Shades:
    """Hands out one shade after the other, each a little darker."""

    used: int = 0

    def shaded(self, row: int) -> Portrait:
        """Return a row in a new shade."""
        self.used += 1
        return Portrait(row, float(np.float32(1 - 2e-5 * self.used)))


@dataclass(frozen=True)
class Looks:
    """Descriptors and portraits, a row for each variant of each person.

    Attributes:
        descriptors: float32 [P*V, appearance.WIDTH].
        portraits: float32 [P*V, portrait.WIDTH].
    """

    descriptors: FloatArray
    portraits: FloatArray

    def row(self, person: int, variant: int) -> int:
        """Return which row a variant of a person has; the first half are steady."""
        return person % PEOPLE * VARIANTS + variant % VARIANTS

    def portrait(self, one: "Portrait") -> FloatArray:
        """Return a portrait."""
        return np.asarray(self.portraits[one.row] * np.float32(one.shade))


def make_looks(rng: Random) -> Looks:
    """Return people of whom the second is like the first, and the last two are gray."""
    descriptors, portraits = [], []
    for person in range(PEOPLE):
        light, texture = _unit(rng, _LIGHT), _unit(rng, _TEXTURE)
        colour = rng.uniform(-30, 30, appearance.WIDTH - _LIGHT)
        tones = rng.normal(scale=0.15, size=portrait.WIDTH - _TEXTURE)
        if person == 1:
            light, texture = (
                _beside(rng, own[:size], 0.96)
                for own, size in ((descriptors[0], _LIGHT), (portraits[0], _TEXTURE))
            )
            colour, tones = descriptors[0][_LIGHT:], portraits[0][_TEXTURE:]
        if person >= PEOPLE - 2:
            tones = np.zeros_like(tones)
        for variant in range(VARIANTS):
            low, high = STEADY if variant < VARIANTS // 2 else CHANGED
            shakes = rng.normal(scale=1.5, size=colour.shape) * (1 if variant else 0)
            shades = rng.normal(scale=0.01, size=tones.shape) * (tones != 0)
            light_now = _beside(rng, light, rng.uniform(low, high))
            texture_now = _beside(rng, texture, rng.uniform(low, high))
            descriptors.append(np.concatenate([light_now, colour + shakes]))
            portraits.append(np.concatenate([texture_now, tones + shades]))
    return Looks(np.array(descriptors, np.float32), np.array(portraits, np.float32))


def _unit(rng: Random, size: int) -> np.ndarray:
    values = rng.normal(size=size)
    return values / np.linalg.norm(values)


def _beside(rng: Random, vector: np.ndarray, share: float) -> np.ndarray:
    """Return a vector of length one whose product with another one is so much."""
    away = _unit(rng, len(vector))
    away -= (away @ vector) * vector
    return share * vector + np.sqrt(1 - share**2) * away / np.linalg.norm(away)
