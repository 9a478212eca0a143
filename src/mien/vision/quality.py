"""How well a face can be seen: what mien says beside a reading, or instead of one."""

from dataclasses import dataclass

import cv2
import numpy as np

from mien.errors import SettingsError
from mien.types import Face, FloatArray, InputSpec, PixelArray, Quality, QualityIssue
from mien.vision.crop import crop_faces

# Faces are judged at one size, so that a figure means the same for a near and a far face.
_VIEW = InputSpec(size=64, channels=1, crop_scale=1.0)

# With these a reading is a guess. A blurred face is often still read well, so that is only noted.
DOUBTFUL: frozenset[QualityIssue] = frozenset({"too small", "dark", "turned away"})


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """Where a face stops being good enough.

    The limits were set on 393 faces that MTCNN found in press photos, which should pass (99 of 100
    do), and on the same faces blurred, darkened and shrunk, which should not.

    Attributes:
        min_size: Side of the box in pixels.
        min_sharpness: Variance of the Laplacian at 64x64.
        min_brightness: Mean gray, 0 to 255.
        max_yaw: Head turn to either side, 0 to 1.
    """

    # Half of what the networks see at 48x48: below, the mouth is three or four pixels wide.
    min_size: float = 24.0
    # The photos lie above 22, 99 of 100 above 66; blurred by 5 % of the face's side (sigma),
    # 98 of 100 fall below 19. A sharp face shrunk to 24 pixels still has 20 or more.
    min_sharpness: float = 20.0
    # The photos lie above 56, and below 21 once they have an eighth of their light. Kept low,
    # because dark skin in a dim room must not be taken for a bad picture.
    min_brightness: float = 25.0
    # Three-quarter views reach 0.8 and can be read; profiles are at 1. One photo in 100 is beyond.
    max_yaw: float = 0.85

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) >= 0:
                raise SettingsError(f"quality {name} must be 0 or more, got {getattr(self, name)}")


def assess(image: PixelArray, face: Face, settings: QualitySettings) -> Quality:
    """Judge one face.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in
    brightfield microscopy", ICPR 2000).

    Args:
        image: BGR uint8 [H,W,3].
        face: A face in pixels of `image`.
        settings: The limits.
    """
    view = crop_faces(image, (face,), _VIEW)[0, ..., 0]
    sharpness = float(cv2.Laplacian(view, cv2.CV_32F).var())
    brightness = float(view.mean())
    yaw = None if face.landmarks is None else estimate_yaw(face.landmarks)
    failed: dict[QualityIssue, bool] = {
        "too small": face.box.side < settings.min_size,
        "dark": brightness < settings.min_brightness,
        "blurred": sharpness < settings.min_sharpness,
        "turned away": yaw is not None and abs(yaw) > settings.max_yaw,
    }
    issues = tuple(issue for issue, is_so in failed.items() if is_so)
    return Quality(face.box.side, sharpness, brightness, yaw, issues)


def estimate_yaw(landmarks: FloatArray) -> float:
    """Head turn from where the nose stands between the eyes.

    Args:
        landmarks: [5,2] as in `mien.types.Face`.

    Returns:
        0 for a face to the front; -1 where the nose is at or beyond the eye on the picture's left,
        1 at the eye on its right.
    """
    left, right, nose = landmarks[:3].astype(np.float64)
    across = right - left
    length = float(across @ across)
    if length == 0:
        return 0.0
    return float(np.clip(2 * ((nose - left) @ across) / length - 1, -1, 1))
