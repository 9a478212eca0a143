"""A detector that is sent to another process is made anew there."""

import pickle
from functools import partial

import numpy as np

from mien.detectors.movable import MovableDetector
from mien.types import Box, Face, PixelArray


class OneFace:
    """Finds one face, and cannot be pickled."""

    name, face_side, sha256 = "one", 40.0, "abc"

    def __init__(self, side: float) -> None:
        self.side = side

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        return (Face(Box(0, 0, self.side, self.side), 1.0),)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("networks cannot be pickled")


def test_it_is_made_anew_and_finds_the_same() -> None:
    detector = MovableDetector(partial(OneFace, 8.0))
    there = pickle.loads(pickle.dumps(detector))
    image = np.zeros((20, 20, 3), np.uint8)
    assert there(image)[0].box == detector(image)[0].box == Box(0, 0, 8, 8)
    assert (there.name, there.face_side, there.sha256) == ("one", 40.0, "abc")
