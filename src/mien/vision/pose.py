"""How a head is turned, in degrees, from the five points that a detector finds."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from mien.types import FloatArray, RealArray

# The five points on a face at rest, in cm: x to the picture's right, y down, z away from the
# viewer. From the canonical face of MediaPipe (google-ai-edge/mediapipe, canonical_face_model.obj,
# Apache-2.0): means of the corners and lids of the eyes (vertices 33, 133, 145, 159), of the two at
# the tip of the nose (1, 4), and the corners of the mouth (61).
FACE: RealArray = np.array(
    [
        (-3.164, -2.627, -3.646),
        (3.164, -2.627, -3.646),
        (0.0, 0.795, -7.531),
        (-2.456, 4.343, -4.284),
        (2.456, 4.343, -4.284),
    ]
)
# From how far away the face is taken to be seen, in cm: the focal length of a camera is not known,
# and of the usual distances the choice moves angles by a degree.
DISTANCE = 80.0
# What is said to face the camera, in degrees between the head's forward and the line of sight.
FACING = 20.0


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is turned, in degrees, as seen from the camera.

    Attributes:
        pitch: Tilted up, above 0, or down; -90 to 90.
        yaw: Turned to the picture's right, above 0, or left; -180 to 180.
        roll: Leaning clockwise in the picture, above 0, or against the clock; -180 to 180.
    """

    pitch: float
    yaw: float
    roll: float

    @property
    def faces_camera(self) -> bool:
        """Whether the head points at the camera, to within `FACING`; not where the eyes look."""
        forward = math.cos(math.radians(self.pitch)) * math.cos(math.radians(self.yaw))
        return math.degrees(math.acos(min(1.0, forward))) <= FACING


def estimate_pose(landmarks: FloatArray) -> Pose | None:
    """Estimate how a head is turned, by perspective-n-point.

    The method is SQPnP (Terzakis and Lourakis, "A consistently fast and globally optimal solution
    to the perspective-n-point problem", ECCV 2020), of OpenCV; EPnP errs more with five points. The
    camera is taken to look straight at the face: the angles are those to the line of sight,
    wherever in the picture the face is. What they err by, `python -m benchmarks.pose` measures.

    Args:
        landmarks: [5,2] in pixels, as in `mien.types.Face`.

    Returns:
        The pose; None where the points lie as those of no face can.
    """
    points = landmarks.astype(np.float64)
    # Pixels for a cm: a turn shortens one of both ways only.
    scale = max(a / b for a, b in zip(_ways(points), _ways(FACE), strict=True))
    if scale == 0:
        return None
    # As a camera of focal length 1 sees it at that distance.
    view = (points - points.mean(0)) / scale / DISTANCE
    turn = _solve(view)
    return None if turn is None else pose_of(turn)


def _ways(points: RealArray) -> tuple[float, float]:
    """Return how far it is from eye to eye, and from between the eyes to the mouth."""
    between = points[:2].mean(0)[:2]
    down = points[3:].mean(0)[:2] - between
    return float(np.linalg.norm(points[1] - points[0])), float(np.linalg.norm(down))


def _solve(view: RealArray) -> RealArray | None:
    try:
        good, turn, _ = cv2.solvePnP(FACE, view, np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP)
        if not good:
            return None
    except cv2.error:
        return None
    matrix = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)
    return matrix if np.isfinite(matrix).all() else None


def pose_of(turn: RealArray) -> Pose:
    """Return the angles of a head that was turned by yaw, then pitch, then roll.

    Args:
        turn: [3,3], by which the axes of `FACE` are turned.
    """
    # Forward is -z of the face.
    x, y, z = -turn[:, 2]
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, -y))))
    yaw = math.degrees(math.atan2(x, -z))
    right = (math.cos(math.radians(yaw)), 0.0, math.sin(math.radians(yaw)))
    down = np.cross(np.array(right), np.array((x, y, z)))
    across = turn[:, 0]
    roll = math.degrees(math.atan2(float(across @ down), float(across @ np.array(right))))
    return Pose(pitch, yaw, roll)
