"""Pictures of bright discs, and what finds them: the repository has no weights of a real teacher.

Everything else of `mien train-detector` is real, at a size at which hundreds of runs can be ended.
"""

from pathlib import Path

import cv2
import numpy as np

from mien.types import Box, Face, PixelArray


class Discs:
    """A `Detector` that takes bright discs for faces."""

    name = "discs"
    face_side = 48.0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find one disc, or none."""
        bright = (image[..., 0] > 150).astype(np.uint8)
        if bright.sum() < 100:
            return ()
        x, y, width, height = cv2.boundingRect(bright)
        parts = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
        points = (parts * (width, height) + (x, y)).astype(np.float32)
        return (Face(Box(x, y, x + width, y + height), 0.9, points),)


def write_pictures(folder: Path, count: int = 20) -> None:
    """Write gray pictures, every second one with a disc."""
    folder.mkdir()
    for number in range(count):
        image = np.full((90, 120, 3), number, np.uint8)
        if number % 2:
            cv2.circle(image, (60, 45), 15 + number // 2, (220,) * 3, -1)
        cv2.imwrite(str(folder / f"{number}.png"), image)


def stand_in() -> None:
    """Let discs be found in place of faces, and little be looked at, in this process."""
    from mien import registry
    from mien.training.detector import feed, gather, run

    registry.make_detector = lambda *_, **__: Discs()  # type: ignore[assignment]
    feed.VALIDATION_SCENES = 4
    run.SHOWN = 2
    gather.COMPARED = float("inf")  # type: ignore[assignment]
