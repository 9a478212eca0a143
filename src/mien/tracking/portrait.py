"""Portraits in numbers: who is who within one sitting, and never beyond.

Texture of the aligned face by local binary patterns (Ahonen et al., "Face description with local
binary patterns", PAMI 2006), the mouth, which talks, counting less; and how hair, skin and clothes
differ in lightness and colour from the cheeks. Clothes, hair and light are half of it: on another
day the same person is mostly a stranger to it, and is meant to be.
"""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien.types import Face, FloatArray, PixelArray
from mien.vision.quality import estimate_yaw

# Below, texture is the camera's noise; beyond, half of the face is hidden.
LEAST_SIDE, MOST_YAW = 32.0, 0.7

# The aligned picture: its side in pixels, and in units of the distance between the eyes.
_SIDE, _SPAN = 128, 6.0
_UNIT = _SIDE / _SPAN
# The face in it, its side for the texture, and the cells along each side.
_FACE, _FINE, _CELLS = 64, 64, 5
# Uniform patterns, those with two changes at most, have a bin each; all others share the last.
_UNIFORM = [c for c in range(256) if (c ^ (c >> 1 | (c & 1) << 7)).bit_count() <= 2]
_BINS = len(_UNIFORM) + 1
_ROW_WEIGHTS = (1.0, 1.0, 1.0, 0.4, 0.4)
_RADIUS = 2
_NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
# Places in units around the middle between eyes and mouth: top, bottom, left, right.
_HAIR = (
    (-1.75, -1.15, -0.9, -0.3),
    (-1.75, -1.15, -0.3, 0.3),
    (-1.75, -1.15, 0.3, 0.9),
    (-1.2, -0.2, -1.15, -0.75),
    (-1.2, -0.2, 0.75, 1.15),
)
_CHEEKS_AND_NOSE = (
    (-0.1, 0.3, -0.7, -0.25),
    (-0.1, 0.3, 0.25, 0.7),
    (-0.2, 0.2, -0.15, 0.15),
)
_SKIN = (
    (-0.9, -0.6, -0.5, 0.5),
    (-0.45, -0.25, -0.7, -0.2),
    (-0.45, -0.25, 0.2, 0.7),
    *_CHEEKS_AND_NOSE,
    (0.35, 0.6, -0.35, 0.35),
    (0.75, 1.0, -0.4, 0.4),
)
_CLOTHES = (
    (1.9, 2.45, -1.3, -0.45),
    (1.9, 2.45, -0.45, 0.45),
    (1.9, 2.45, 0.45, 1.3),
    (2.45, 2.95, -1.6, -0.5),
    (2.45, 2.95, -0.5, 0.5),
    (2.45, 2.95, 0.5, 1.6),
)
_PLACES = (*_HAIR, *_SKIN, *_CLOTHES)
# What each group may take from the likeness, and the difference (of logarithms) that takes it all:
# a hand or a shadow on one place must not make a stranger.
_TAKES = ((len(_HAIR), 0.2), (len(_SKIN), 0.3), (len(_CLOTHES), 0.05))
_CLIP = 0.2
# Lifts the logarithm of dark pixels out of the noise.
_LIFT = 12.0
# Where the colours of skin differ by less (logarithms, the mean of its places) a picture is gray.
_GRAY = 0.03
TEXTURE: Final = _CELLS * _CELLS * _BINS
WIDTH: Final = TEXTURE + 3 * len(_PLACES)


def portray(image: PixelArray, face: Face) -> FloatArray | None:
    """Describe one face well enough to know it again in this sitting.

    Args:
        image: BGR uint8 [H,W,3].
        face: A face in its pixels.

    Returns:
        float32 [WIDTH]; None where it is too small, turned away, or without landmarks.
    """
    landmarks = face.landmarks
    if landmarks is None or face.box.side < LEAST_SIDE or abs(estimate_yaw(landmarks)) > MOST_YAW:
        return None
    aligned = _align(image, landmarks.astype(np.float64), face.box.side)
    if aligned is None:
        return None
    start = (_SIDE - _FACE) // 2
    square = aligned[start : start + _FACE, start : start + _FACE]
    texture = _texture(np.asarray(cv2.cvtColor(square, cv2.COLOR_BGR2GRAY), np.uint8))
    return np.concatenate([texture, _tones(aligned)])


def resemblance(first: FloatArray, second: FloatArray) -> FloatArray:
    """Compare portraits.

    Args:
        first: float32 [N,WIDTH].
        second: float32 [M,WIDTH].

    Returns:
        float32 [N,M], 1 for the same picture, less for less alike.
    """
    result = first[:, :TEXTURE] @ second[:, :TEXTURE].T
    start = TEXTURE
    for places, takes in _TAKES:
        end = start + 3 * places
        differs = np.abs(first[:, None, start:end] - second[None, :, start:end])
        result -= takes * np.minimum(differs, _CLIP).mean(axis=2) / _CLIP
        start = end
    return np.asarray(result, dtype=np.float32)


def has_colour(portrait: FloatArray) -> bool:
    """Whether a portrait is of a picture with colours: a gray one tells less of who it is."""
    skin = portrait[TEXTURE:].reshape(-1, 3)[len(_HAIR) : len(_HAIR) + len(_SKIN), 1:]
    return bool(np.abs(skin).mean() >= _GRAY)


def _align(
    image: PixelArray, points: npt.NDArray[np.float64], face_side: float
) -> PixelArray | None:
    """Turn and scale a picture so that eyes and mouth are at their places, [_SIDE,_SIDE,3]."""
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    (across_x, across_y), down = points[1] - points[0], math.dist(eyes, mouth)
    # Of a turned head the eyes come nearer to each other, of a nodding one the mouth.
    unit = math.sqrt(down * max(math.hypot(across_x, across_y), 0.6 * down))
    middle = (eyes + mouth) / 2
    start = np.maximum(middle - _SPAN * unit, 0).astype(int)
    end = np.minimum(middle + _SPAN * unit + 1, image.shape[1::-1]).astype(int)
    # Of a near face, pixels are averaged first: a warp would pick some and leave the others.
    step = max(1, math.floor(unit / _UNIT))
    width, height = (end - start) // step
    if not 1 < unit < face_side or min(width, height) < 1:
        return None
    (x, y), small = start, (int(width), int(height))
    room = image[y : y + step * height, x : x + step * width]
    if step > 1:
        room = np.asarray(cv2.resize(room, small, interpolation=cv2.INTER_AREA), np.uint8)
    turn = _turn(-math.atan2(across_y, across_x), step * _UNIT / unit)
    shift = _SIDE / 2 - turn @ ((middle - start) / step)
    warp = np.column_stack([turn, shift])
    aligned = cv2.warpAffine(room, warp, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(aligned, dtype=np.uint8)


def _turn(angle: float, scale: float) -> npt.NDArray[np.float64]:
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _texture(gray: PixelArray) -> FloatArray:
    """Return the roots of the cells' histograms of patterns, weighted, of length one."""
    smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
    side = _FINE - 2 * _RADIUS
    middle = smooth[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
    codes = np.zeros((side, side), dtype=np.uint8)
    for bit, (dy, dx) in enumerate(_NEIGHBOURS):
        y, x = _RADIUS * (1 + dy), _RADIUS * (1 + dx)
        codes |= (smooth[y : y + side, x : x + side] >= middle).astype(np.uint8) << np.uint8(bit)
    cell = np.arange(side) * _CELLS // side
    places = (_CELLS * cell[:, None] + cell[None]) * _BINS + _bins()[codes]
    counts = np.bincount(places.ravel(), minlength=TEXTURE).reshape(_CELLS, _CELLS, _BINS)
    roots = np.sqrt(
        counts / counts.sum(axis=2, keepdims=True) * np.array(_ROW_WEIGHTS)[:, None, None]
    )
    return np.asarray(roots / np.linalg.norm(roots), dtype=np.float32).ravel()


def _bins() -> npt.NDArray[np.int64]:
    table = np.full(256, _BINS - 1)
    table[_UNIFORM] = np.arange(_BINS - 1)
    return table


def _tones(aligned: PixelArray) -> FloatArray:
    """Return lightness beside the cheeks' and two differences of colour for each place."""
    sums = cv2.integral(aligned)
    top, bottom, left, right = _corners()
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    area = (bottom - top) * (right - left)
    blue, green, red = np.log(total / area[:, None] + _LIFT).T
    light = (blue + green + red) / 3
    cheeks = [_PLACES.index(place) for place in _CHEEKS_AND_NOSE]
    tones = np.stack([0.5 * (light - light[cheeks].mean()), red - green, blue - green], axis=1)
    return np.asarray(tones, dtype=np.float32).ravel()


def _corners() -> npt.NDArray[np.int64]:
    """Return the first row, the row after the last, and the columns alike of each place, [4,P]."""
    return np.rint(_SIDE / 2 + _UNIT * np.array(_PLACES)).clip(0, _SIDE).astype(np.int64).T
