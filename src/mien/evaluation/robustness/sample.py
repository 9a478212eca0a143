"""Keeps the faces of some pictures, for what cannot be asked as they go by."""

from dataclasses import dataclass

import numpy as np

from mien.evaluation.figures.intervals import group_numbers
from mien.evaluation.pictures.picture import Picture
from mien.types import InputSpec, IntArray, PixelArray

MAX_FACES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample:
    """Some faces as the network gets them.

    Attributes:
        faces: uint8 [n,S,S,C].
        truth: int64 [n].
        groups: int64 [n], numbered from 0.
    """

    faces: PixelArray
    truth: IntArray
    groups: IntArray


class Sampler:
    """Watches pictures and keeps the faces of some, each with the same chance.

    Algorithm R of Vitter, "Random sampling with a reservoir", 1985: the number of pictures need not
    be known before.

    Args:
        spec: How to crop the faces.
        count: Most faces that are kept.
        seed: Seed of the draw.
    """

    def __init__(self, spec: InputSpec, count: int = MAX_FACES, seed: int = 0) -> None:
        self._spec, self._count = spec, count
        self._random = np.random.default_rng(seed)
        self._seen = 0
        self._kept: list[tuple[int, PixelArray, int, str]] = []

    def add(self, picture: Picture) -> None:
        """Take one picture; one without a face does not count."""
        crop = picture.crop(self._spec)
        if crop is None:
            return
        entry = (self._seen, crop, picture.truth, picture.group)
        self._seen += 1
        if len(self._kept) < self._count:
            self._kept.append(entry)
            return
        place = int(self._random.integers(0, self._seen))
        if place < self._count:
            self._kept[place] = entry

    def finish(self) -> FaceSample:
        """Return the faces, in the order in which they came. There must have been one."""
        _, faces, truth, groups = zip(*sorted(self._kept, key=lambda entry: entry[0]), strict=True)
        return FaceSample(np.stack(faces), np.array(truth, dtype=np.int64), group_numbers(groups))
