"""Measures of how well each face can be seen: numbers only, the faces themselves are not kept.

There are no labels of skin, sex, age or origin at hand, and none is guessed here. The brightness of
the face, and that of the skin as seen, are those of the picture: they depend on skin, light and
camera, and cannot tell them apart.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from mien.evaluation.pictures.picture import Picture
from mien.types import Face, InputSpec, PixelArray, RealArray
from mien.vision.crop import crop_faces
from mien.vision.quality import QualitySettings, assess

BRIGHTNESS, CONTRAST = "brightness of the face", "contrast of the face"
SKIN = "brightness of the skin as seen"
SHARPNESS, SIZE = "sharpness of the face", "size of the face"
TURN, AGREEMENT = "head turn", "agreement of the votes"
NAMES = (BRIGHTNESS, SKIN, CONTRAST, SHARPNESS, SIZE, TURN, AGREEMENT)
# What a reader must know of a measure beside its name.
NOTES = {
    SKIN: "Brightness of the skin as seen is the lightness L* of the cheeks in the picture, 0 to "
    "100. It mixes skin, light and camera, so it tells nobody's skin colour."
}

# As `mien.vision.quality` looks at a face.
_VIEW = InputSpec(size=64, channels=1, crop_scale=1.0)
_LIMITS = QualitySettings()
# The cheeks: half way from each eye to the corner of the mouth below it. Where nobody says where
# these are, where an average face has that in its box; and how far to each side is looked at, over
# the side of the box: a square of skin without eye, nose or mouth.
_CHEEKS = ((0.325, 0.575), (0.675, 0.575))
_REACH = 0.07


class Measures:
    """Watches pictures and keeps seven numbers of each.

    Brightness, sharpness, size and head turn are those of `mien.vision.quality`. Contrast is the
    standard deviation of the gray values (RMS contrast: Peli, "Contrast in complex images", 1990).
    The skin is that of the cheeks: the median of their lightness L* (CIE 1976), of gray pictures,
    too, since a picture without its colours keeps it nearly. Head turn is taken without its side.
    Size and turn are nan for cropped faces, whose size is no longer that in the picture and which
    come without landmarks.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[float, ...]] = []

    def add(self, picture: Picture) -> None:
        """Measure one picture."""
        if picture.face is None:
            self._rows.append((float("nan"),) * len(NAMES))
            return
        quality = assess(picture.image, picture.face, _LIMITS)
        size = float("nan") if picture.cropped else quality.size
        turn = float("nan") if quality.yaw is None else abs(quality.yaw)
        light = quality.brightness, _skin(picture.image, picture.face)
        contrast = _contrast(picture.image, picture.face)
        row = (*light, contrast, quality.sharpness, size, turn, picture.agreement)
        self._rows.append(row)

    def finish(self) -> Mapping[str, RealArray]:
        """Return the values of every measure, float64 [n] in the order of the pictures."""
        table = np.array(self._rows, dtype=np.float64).reshape(-1, len(NAMES))
        return {name: table[:, column].copy() for column, name in enumerate(NAMES)}


def _contrast(image: PixelArray, face: Face) -> float:
    view = crop_faces(image, (face,), _VIEW)[0]
    _, deviation = cv2.meanStdDev(view)
    return float(deviation[0, 0])


def _skin(image: PixelArray, face: Face) -> float:
    """Return the median lightness of both cheeks, 0 to 100; nan where they are not in the picture.

    Args:
        image: BGR uint8 [H,W,3].
        face: A face in its pixels.
    """
    reach = max(1, round(_REACH * face.box.side))
    patches = []
    for x, y in _cheeks(face):
        left, top = round(x) - reach, round(y) - reach
        rows, columns = (slice(max(0, start), max(0, start + 2 * reach)) for start in (top, left))
        patches.append(image[rows, columns].reshape(-1, 3))
    pixels = np.concatenate(patches).astype(np.float32) / 255
    if not pixels.size:
        return float("nan")
    return float(np.median(cv2.cvtColor(pixels[None], cv2.COLOR_BGR2LAB)[..., 0]))


def _cheeks(face: Face) -> list[tuple[float, float]]:
    if face.landmarks is not None:
        middles = (face.landmarks[:2] + face.landmarks[3:]) / 2
        return [(float(x), float(y)) for x, y in middles]
    box = face.box
    return [(box.x1 + x * box.width, box.y1 + y * box.height) for x, y in _CHEEKS]
