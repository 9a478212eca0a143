"""Known turns of a face in space come back; only one of a kind that no face has gives none."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.types import FloatArray, RealArray
from mien.vision.pose import FACE, Pose, estimate_pose, pose_of


def turned(pitch: float, yaw: float, roll: float) -> RealArray:
    """Turn by yaw about the upright axis, by pitch, and last by roll in the picture."""
    about_x, about_y, about_z = np.radians((-pitch, -yaw, roll))
    matrices = [
        np.asarray(cv2.Rodrigues(np.array(axis))[0])
        for axis in ((0, 0, about_z), (0, about_y, 0), (about_x, 0, 0))
    ]
    return np.asarray(matrices[0] @ matrices[1] @ matrices[2])


def seen(turn: RealArray, *, distance: float = 80.0, scale: float = 900.0) -> FloatArray:
    points = FACE @ turn.T + (0, 0, distance)
    return np.asarray(points[:, :2] / points[:, 2:] * scale + 300, dtype=np.float32)


def near(found: Pose | None, *wanted: float, within: float) -> None:
    assert found is not None
    assert (found.pitch, found.yaw, found.roll) == pytest.approx(wanted, abs=within)


@pytest.mark.parametrize("angle", [-40.0, -15.0, 0.0, 15.0, 40.0])
def test_each_axis_alone_has_its_sign(angle: float) -> None:
    near(estimate_pose(seen(turned(angle / 2, 0, 0))), angle / 2, 0, 0, within=2.5)
    near(estimate_pose(seen(turned(0, angle, 0))), 0, angle, 0, within=2.5)
    near(estimate_pose(seen(turned(0, 0, angle))), 0, 0, angle, within=2.5)


def test_up_is_up_and_right_is_the_pictures() -> None:
    level = seen(turned(0, 0, 0))
    up, right = seen(turned(15, 0, 0)), seen(turned(0, 15, 0))
    clockwise = seen(turned(0, 0, 15))
    # The nose goes where the head points; the eye on the picture's right goes down.
    assert up[2, 1] < level[2, 1]
    assert right[2, 0] > level[2, 0]
    assert clockwise[1, 1] > level[1, 1]


@given(st.floats(-20, 20), st.floats(-45, 45), st.floats(-180, 180), st.floats(40, 300))
def test_all_axes_at_once_from_any_distance(
    pitch: float, yaw: float, roll: float, distance: float
) -> None:
    turn = turned(pitch, yaw, roll)
    wanted = pose_of(turn)
    found = estimate_pose(seen(turn, distance=distance))
    assert found is not None
    assert found.pitch == pytest.approx(wanted.pitch, abs=8)
    assert found.yaw == pytest.approx(wanted.yaw, abs=8)
    assert (found.roll - wanted.roll + 180) % 360 - 180 == pytest.approx(0, abs=8)


def test_roll_follows_a_picture_that_is_turned() -> None:
    points = seen(turned(5, 10, 0))
    level = estimate_pose(points)
    assert level is not None
    for angle in (30, 90, 180, -60):
        turn = cv2.getRotationMatrix2D((300, 300), -angle, 1.0)
        found = estimate_pose(points @ turn[:, :2].T + turn[:, 2])
        assert found is not None
        assert (found.roll - level.roll - angle + 180) % 360 - 180 == pytest.approx(0, abs=1)


def test_where_the_face_is_in_the_picture_makes_no_difference() -> None:
    points = seen(turned(5, 10, 15))
    first, second = estimate_pose(points), estimate_pose(points + np.float32((2000, 500)))
    assert first is not None
    near(second, first.pitch, first.yaw, first.roll, within=0.5)


def test_it_faces_the_camera_to_both_sides_alike() -> None:
    assert Pose(0, 0, 170).faces_camera
    assert Pose(-15, 10, 0).faces_camera
    assert not Pose(0, 25, 0).faces_camera
    assert not Pose(-15, -15, 0).faces_camera
    assert not Pose(0, 180, 0).faces_camera


@pytest.mark.parametrize(
    "points", [np.zeros((5, 2)), np.ones((5, 2)) * 7, np.outer(np.arange(5), (1, 1))]
)
def test_points_of_no_face_are_no_failure(points: FloatArray) -> None:
    found = estimate_pose(np.asarray(points, dtype=np.float32))
    assert found is None or np.isfinite((found.pitch, found.yaw, found.roll)).all()
