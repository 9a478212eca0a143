"""Measures of how well each face can be seen: numbers only, the faces themselves are not kept.

There are no labels of skin, sex, age or origin at hand, and none is guessed here. The brightness of
the face is that of the picture: it depends on skin, light and camera, and cannot tell them apart.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from mien.evaluation.labelled import Picture
from mien.evaluation.metrics import RealArray
from mien.preprocess import crop_faces
from mien.quality import QualitySettings, assess
from mien.types import Face, InputSpec, PixelArray

BRIGHTNESS, CONTRAST = "brightness of the face", "contrast of the face"
SHARPNESS, SIZE = "sharpness of the face", "size of the face"
TURN, AGREEMENT = "head turn", "agreement of the votes"
NAMES = (BRIGHTNESS, CONTRAST, SHARPNESS, SIZE, TURN, AGREEMENT)

# As `mien.quality` looks at a face.
_VIEW = InputSpec(size=64, channels=1, crop_scale=1.0)
_LIMITS = QualitySettings()


class Measures:
    """Watches pictures and keeps six numbers of each.

    Brightness, sharpness, size and head turn are those of `mien.quality`. Contrast is the standard
    deviation of the gray values (RMS contrast: Peli, "Contrast in complex images", 1990). Head turn
    is taken without its side. Size and turn are nan for cropped faces, whose size is no longer that
    in the picture and which come without landmarks.
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
        contrast = _contrast(picture.image, picture.face)
        row = (quality.brightness, contrast, quality.sharpness, size, turn, picture.agreement)
        self._rows.append(row)

    def finish(self) -> Mapping[str, RealArray]:
        """Return the values of every measure, float64 [n] in the order of the pictures."""
        table = np.array(self._rows, dtype=np.float64).reshape(-1, len(NAMES))
        return {name: table[:, column].copy() for column, name in enumerate(NAMES)}


def _contrast(image: PixelArray, face: Face) -> float:
    view = crop_faces(image, (face,), _VIEW)[0]
    _, deviation = cv2.meanStdDev(view)
    return float(deviation[0, 0])
