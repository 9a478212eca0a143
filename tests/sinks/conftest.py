"""Frames and readings to write."""

from collections.abc import Callable

import numpy as np
import pytest

from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

LABELS = ("angry", "sad", "happy", "neutral")


@pytest.fixture
def make_pair() -> Callable[..., tuple[Frame, Analysis]]:
    """Make a frame with some faces and what was read from it."""

    def make(
        index: int = 0,
        time: float = 0.0,
        *,
        faces: int = 1,
        source: str = "clip.mp4",
        size: tuple[int, int] = (64, 48),
        value: int = 90,
        other: float = 0.0,
    ) -> tuple[Frame, Analysis]:
        prediction = Prediction(LABELS, (0.1, 0.2, 0.6000000238418579, 0.1), other)
        readings = tuple(
            Reading(
                track,
                Face(Box(1.25 * track, 2, 30, 40), 0.9),
                prediction,
                prediction,
                "happy" if track == 1 else None,
                Quality(30, 10, 90, issues=() if track == 1 else ("too small", "dark")),
                None if track == 1 else "something else" if other else "too small",
            )
            for track in range(1, faces + 1)
        )
        image = np.full((size[1], size[0], 3), value, np.uint8)
        frame = Frame(image, index, time, source)
        return frame, Analysis(index, time, source, size, readings)

    return make
