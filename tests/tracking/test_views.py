"""What a face shows of itself: nothing where it is cut off or another reaches over it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tracking.portraits import portrait

from mien.tracking.views import BESIDE, COVERED, Views
from mien.types import Box, Face
from mien.vision.boxes import iou_matrix, to_array

POINTS = np.zeros((5, 2), np.float32)


def face(x: float, y: float = 100, side: float = 80) -> Face:
    return Face(Box(x, y, x + side, y + side), 0.9, POINTS)


def views(*faces: Face) -> Views:
    return Views(faces, (640, 480), lambda face: portrait(round(face.box.x1)))


@pytest.mark.parametrize(("x", "shown"), [(0, False), (200, True), (560, False)])
def test_a_face_at_the_edge_has_no_portrait(x: int, shown: bool) -> None:
    assert (views(face(x))(0) is not None) == shown


@given(st.floats(200, 500), st.floats(40, 120))
def test_of_two_faces_that_overlap_none_has_a_portrait_and_near_ones_are_beside(
    x: float, side: float
) -> None:
    both = face(100), face(x, side=side)
    two, alone = views(*both), views(both[0])
    (a, b) = to_array([one.box for one in both])
    covered = iou_matrix(a[None], b[None])[0, 0] >= COVERED
    assert {two(0) is None, two(1) is None} == {covered}
    distance = np.hypot(*np.subtract(both[0].box.center, both[1].box.center))
    assert two.is_beside(0) == two.is_beside(1) == (distance < BESIDE * max(80, side))
    assert alone(0) is not None
    assert not alone.is_beside(0)


def test_each_portrait_is_made_once() -> None:
    asked: list[Face] = []
    once = Views([face(200)], None, lambda face: asked.append(face))
    assert once(0) is once(0) is None
    assert len(asked) == 1
