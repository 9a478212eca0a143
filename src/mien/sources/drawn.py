"""The drawn faces of the sample: people whose looks come and go, one after the other.

They are drawings of the page's practice (`tools/sample_faces.py`). Of its eight people these are
read as they are drawn by the shipped models, in all four looks.
"""

from importlib.resources import files
from math import pi, sin

import cv2
import numpy as np

from mien.types import PixelArray

SHEET, SIDE = "drawn.webp", 256
# Who of the page's people is a row of the sheet, and in which ways their looks are drawn.
PEOPLE = (6, 7, 1)
LOOKS = (("happy", 1), ("sad", 0), ("angry", 1))
STRENGTHS = 3
# Each look lasts so long, with what it takes to come and to go.
LOOK_SECONDS, GLIDE_SECONDS = 4.0, 0.5
SECONDS = LOOK_SECONDS * len(LOOKS)
# Of each person: the look at each time, as a place in `LOOKS`; None is the face at rest.
COURSES = ((0, 1, 2), (1, 2, 0), (None, 0, 1))
# Where they stand: the middle of each in widths of the picture, and their sizes in tiles.
_STANDS = ((0.19, 1.24), (0.51, 1.14), (0.82, 1.22))


def looks_at(seconds: float) -> tuple[str, ...]:
    """Return how each person looks at a time of the scene, once the look has come."""
    step = int(seconds // LOOK_SECONDS) % len(LOOKS)
    places = (course[step] for course in COURSES)
    return tuple("neutral" if place is None else LOOKS[place][0] for place in places)


class DrawnFaces:
    """Draws the people on a picture."""

    def __init__(self) -> None:
        data = np.frombuffer(files("mien").joinpath("assets", SHEET).read_bytes(), np.uint8)
        sheet = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        if sheet is None or sheet.shape[2] != 4:
            raise RuntimeError(f"{SHEET}: not a picture with an alpha channel")
        self._sheet = np.asarray(sheet, dtype=np.uint8)

    def draw(self, background: PixelArray, seconds: float) -> PixelArray:
        """Return a picture, BGR uint8 [H,W,3], with all people as they are at a time."""
        image = background
        for row, (middle, scale) in enumerate(_STANDS):
            sway = sin(2 * pi * (seconds / SECONDS * 2 + row / len(_STANDS)))
            image = self._place(image, self._tile(row, seconds), middle, scale, sway)
        return image

    def _tile(self, row: int, seconds: float) -> PixelArray:
        """Return a person, BGRA, between the two strengths that a look has at this time."""
        step, passed = divmod(seconds, LOOK_SECONDS)
        place = COURSES[row][int(step) % len(LOOKS)]
        if place is None:
            return self._cut(row, 0)
        share = min(1.0, passed / GLIDE_SECONDS, (LOOK_SECONDS - passed) / GLIDE_SECONDS)
        lower, rest = divmod(share * STRENGTHS, 1)
        columns = [0, *(place * STRENGTHS + k for k in range(1, STRENGTHS + 1))]
        tile = self._cut(row, columns[int(lower)])
        if rest == 0:
            return tile
        more = self._cut(row, columns[int(lower) + 1])
        return np.asarray(cv2.addWeighted(tile, 1 - rest, more, rest, 0), dtype=np.uint8)

    def _cut(self, row: int, column: int) -> PixelArray:
        return self._sheet[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]

    @staticmethod
    def _place(
        image: PixelArray, tile: PixelArray, middle: float, scale: float, sway: float
    ) -> PixelArray:
        height, width = image.shape[:2]
        warp = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 2.5 * sway, scale)
        # The shoulders reach below the frame at every tilt, so that no one floats.
        foot = height + 14 - SIDE / 2 * scale
        warp[:, 2] += (middle * width + 5 * sway - SIDE / 2, foot - SIDE / 2)
        person = cv2.warpAffine(tile, warp, (width, height), flags=cv2.INTER_LINEAR)
        weight = person[..., 3].astype(np.float32) / 255
        drawn = np.ascontiguousarray(person[..., :3])
        return np.asarray(cv2.blendLinear(drawn, image, weight, 1 - weight), dtype=np.uint8)
