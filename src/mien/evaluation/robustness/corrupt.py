"""Corrupts faces as cameras, rooms and networks do: eight corruptions of five severities.

After Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", ICLR 2019, adapted to small faces: lengths are shares of the face's side, so that a
severity means the same at every input size, and what does not happen to faces at a webcam (snow,
fog, elastic warps) is left out, while a part that is hidden is added.

All are applied to the face as the network gets it, after the crop, because a prepared data set has
nothing else. What a detector makes of degraded pictures is therefore not in these figures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from mien.types import PixelArray

SEVERITIES = (1, 2, 3, 4, 5)

# Share of the light that is left; electrons that white gives in full light, and those of the
# sensor's own noise: a small sensor with its gain up, as webcams in the evening.
_WHITE, _READ_NOISE, _GAMMA = 1000.0, 3.0, 2.2
# Where eyes and mouth are in a square around a face, over its height.
_EYES, _MOUTH = 0.38, 0.76
_GRAY = 128

_Floats = npt.NDArray[np.float64]
_Apply = Callable[[PixelArray, float, Generator], npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class _Corruption:
    """One way in which faces are degraded.

    Attributes:
        apply: Takes one face, uint8 [S,S,C], the level and the source of randomness.
        levels: The level of each severity.
        setting: What a level means for a face of side S.
    """

    apply: _Apply
    levels: tuple[float, float, float, float, float]
    setting: Callable[[float, int], str]


def corrupt(faces: PixelArray, corruption: str, severity: int, random: Generator) -> PixelArray:
    """Corrupt faces.

    Args:
        faces: uint8 [N,S,S,C]; not changed.
        corruption: One of `CORRUPTIONS`.
        severity: 0 (no change) to 5.
        random: Source of all randomness. Faces are taken in order, so that the result does not
            depend on how many come at once.

    Returns:
        uint8 [N,S,S,C], newly made.

    Raises:
        ValueError: There is no such corruption or severity.
    """
    if not severity:
        return faces.copy()
    kind, level = _find(corruption, severity)
    result = np.empty_like(faces)
    for row, face in enumerate(faces):
        worse = kind.apply(face, level, random)
        result[row] = np.clip(np.rint(worse), 0, 255).reshape(face.shape)
    return result


def describe(corruption: str, severity: int, size: int) -> str:
    """Say what a severity means for faces of a side of `size` pixels.

    Raises:
        ValueError: There is no such corruption or severity.
    """
    if not severity:
        return "uncorrupted"
    kind, level = _find(corruption, severity)
    return kind.setting(level, size)


def _find(corruption: str, severity: int) -> tuple[_Corruption, float]:
    if corruption not in _CORRUPTIONS or severity not in SEVERITIES:
        raise ValueError(
            f"corruption must be one of {', '.join(CORRUPTIONS)} and severity in 0..5, "
            f"got {corruption!r} and {severity}"
        )
    kind = _CORRUPTIONS[corruption]
    return kind, kind.levels[severity - 1]


def _blur(face: PixelArray, level: float, _: Generator) -> npt.NDArray[np.generic]:
    return cv2.GaussianBlur(face, (0, 0), level * len(face), borderType=cv2.BORDER_REPLICATE)


def _shrink(face: PixelArray, level: float, _: Generator) -> npt.NDArray[np.generic]:
    side = _small_side(level, len(face))
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, face.shape[:2], interpolation=cv2.INTER_LINEAR)


def _darken(face: PixelArray, level: float, random: Generator) -> npt.NDArray[np.generic]:
    # Light falls before the noise and the gamma curve, so dark pictures are noisy, as real ones.
    electrons = (face / 255.0) ** _GAMMA * level * _WHITE
    seen = random.poisson(electrons) + random.normal(0, _READ_NOISE, face.shape)
    return np.asarray(255 * np.clip(seen / _WHITE, 0, 1) ** (1 / _GAMMA))


def _add_noise(face: PixelArray, level: float, random: Generator) -> npt.NDArray[np.generic]:
    return np.asarray(face + random.normal(0, level, face.shape))


def _compress(face: PixelArray, level: float, _: Generator) -> npt.NDArray[np.generic]:
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(level))
    if face.shape[2] == 1:
        return _decoded(cv2.imencode(".jpg", face, quality)[1], cv2.IMREAD_GRAYSCALE)
    # OpenCV takes BGR, and it matters: the codec keeps less of blue than of red.
    data = cv2.imencode(".jpg", np.ascontiguousarray(face[..., ::-1]), quality)[1]
    return _decoded(data, cv2.IMREAD_COLOR)[..., ::-1]


def _decoded(data: PixelArray, mode: int) -> PixelArray:
    return np.asarray(cv2.imdecode(data, mode), dtype=np.uint8)


def _flatten(face: PixelArray, level: float, _: Generator) -> npt.NDArray[np.generic]:
    mean = face.mean()
    return np.asarray((face - mean) * level + mean)


def _cover(place: float) -> _Apply:
    def apply(face: PixelArray, level: float, _: Generator) -> npt.NDArray[np.generic]:
        side, covered = len(face), face.copy()
        start = round((place - level / 2) * side)
        covered[max(0, start) : start + round(level * side)] = _GRAY
        return covered

    return apply


def _small_side(level: float, size: int) -> int:
    return max(2, round(level * size))


_CORRUPTIONS = {
    "blur": _Corruption(
        _blur,
        (0.01, 0.02, 0.03, 0.045, 0.065),
        lambda level, size: f"sigma {level * size:.1f} px",
    ),
    "low resolution": _Corruption(
        _shrink,
        (0.66, 0.5, 0.375, 0.28, 0.2),
        lambda level, size: f"{_small_side(level, size)} px",
    ),
    "low light": _Corruption(
        _darken,
        (1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32),
        lambda level, _: f"1/{1 / level:.0f} of the light",
    ),
    "sensor noise": _Corruption(
        _add_noise,
        (8, 16, 26, 38, 52),
        lambda level, _: f"std {level:.0f} of 255",
    ),
    "JPEG": _Corruption(
        _compress,
        (60, 40, 25, 15, 8),
        lambda level, _: f"quality {level:.0f}",
    ),
    "low contrast": _Corruption(
        _flatten,
        (0.6, 0.45, 0.3, 0.2, 0.1),
        lambda level, _: f"contrast x {level:g}",
    ),
    "eyes covered": _Corruption(
        _cover(_EYES),
        (0.08, 0.14, 0.2, 0.26, 0.32),
        lambda level, size: f"bar of {round(level * size)} px",
    ),
    "mouth covered": _Corruption(
        _cover(_MOUTH),
        (0.08, 0.14, 0.2, 0.26, 0.32),
        lambda level, size: f"bar of {round(level * size)} px",
    ),
}
CORRUPTIONS: tuple[str, ...] = tuple(_CORRUPTIONS)
