"""From a picture and a box to what the network sees: the only code that does this.

Training, evaluation, the live view and the page all come through here, because a crop that frames
a face otherwise than training did costs many points of accuracy.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from mien.types import Face, InputSpec, PixelArray


def crop_faces(image: PixelArray, faces: Sequence[Face], spec: InputSpec) -> PixelArray:
    """Crop every face as the network wants it.

    The crop is a square around the centre of the box, its side `Box.side * crop_scale`. What lies
    outside the picture repeats its edge: black bars would be a feature the network never saw. Of a
    head that lies on its side, the crop is turned by quarters, which loses nothing.

    Args:
        image: BGR uint8 [H,W,3].
        faces: Faces in pixels of `image`.
        spec: Size, channels, framing and alignment.

    Returns:
        uint8 [N,size,size,channels]; gray, or RGB.
    """
    crops = [_resize(_square(image, face, spec), spec) for face in faces]
    shape = (0, spec.size, spec.size, spec.channels)
    return np.stack(crops) if crops else np.empty(shape, dtype=np.uint8)


def whole_face(image: PixelArray, spec: InputSpec) -> PixelArray:
    """Take a picture that is a face already, as those of a prepared data set are.

    Args:
        image: BGR uint8 [H,W,3].
        spec: Size and channels; the framing is the picture's own.

    Returns:
        uint8 [size,size,channels]; gray, or RGB.
    """
    return _resize(image, spec)


def eye_angle(face: Face) -> float:
    """Degrees by which the line through the eyes falls to the right; 0 without landmarks."""
    if face.landmarks is None:
        return 0.0
    dx, dy = face.landmarks[1] - face.landmarks[0]
    return math.degrees(math.atan2(float(dy), float(dx)))


def _square(image: PixelArray, face: Face, spec: InputSpec) -> PixelArray:
    side = max(1, round(face.box.side * spec.crop_scale))
    angle = eye_angle(face) if spec.alignment == "eyes" else 0.0
    if angle == 0.0:
        return np.rot90(_around(image, face.box.center, side), face.turns)
    # Cut with room for the turn first, so that the cost depends on the face, not on the picture.
    room = _around(image, face.box.center, math.ceil(side * math.sqrt(2)) + 2)
    middle = (room.shape[1] - 1) / 2, (room.shape[0] - 1) / 2
    turn = cv2.getRotationMatrix2D(middle, angle, 1.0)
    size = room.shape[1], room.shape[0]
    turned = cv2.warpAffine(room, turn, size, borderMode=cv2.BORDER_REPLICATE)
    start = (room.shape[0] - side) // 2
    return np.asarray(turned[start : start + side, start : start + side], dtype=np.uint8)


def _around(image: PixelArray, center: tuple[float, float], side: int) -> PixelArray:
    return cut_square(image, round(center[0] - side / 2), round(center[1] - side / 2), side)


def cut_square(
    image: PixelArray, left: int, top: int, side: int, border: int = cv2.BORDER_REPLICATE
) -> PixelArray:
    """Cut out a square, which may reach beyond the picture's edges.

    Args:
        image: uint8 [H,W,3].
        left: Its first column.
        top: Its first row.
        side: Its side in pixels.
        border: What is beyond the edges, as OpenCV names it.

    Returns:
        uint8 [side,side,3]; a view where the square is inside.
    """
    height, width = image.shape[:2]
    # A square wholly outside still gives the nearest edge instead of an empty picture.
    x1, x2 = (min(max(x, 0), width - 1) for x in (left, left + side - 1))
    y1, y2 = (min(max(y, 0), height - 1) for y in (top, top + side - 1))
    inside = image[y1 : y2 + 1, x1 : x2 + 1]
    if inside.shape[:2] == (side, side):
        return inside
    before_x, before_y = min(max(-left, 0), side - 1), min(max(-top, 0), side - 1)
    after_x, after_y = side - before_x - inside.shape[1], side - before_y - inside.shape[0]
    padded = cv2.copyMakeBorder(inside, before_y, after_y, before_x, after_x, border)
    return np.asarray(padded, dtype=np.uint8)


def _resize(image: PixelArray, spec: InputSpec) -> PixelArray:
    code = cv2.COLOR_BGR2GRAY if spec.channels == 1 else cv2.COLOR_BGR2RGB
    converted = cv2.cvtColor(image, code)
    # Area averaging is exact for shrinking; for enlarging it would only repeat pixels.
    method = cv2.INTER_AREA if min(image.shape[:2]) >= spec.size else cv2.INTER_LINEAR
    resized = cv2.resize(converted, (spec.size, spec.size), interpolation=method)
    return np.asarray(resized, dtype=np.uint8).reshape(spec.size, spec.size, spec.channels)
