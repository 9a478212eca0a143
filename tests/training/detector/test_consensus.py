"""Two detectors make a face; what one alone sees counts for nothing."""

import numpy as np
import pytest

from mien.evaluation.detection import Labels
from mien.training.detector.consensus import agree
from mien.types import Box, Face, FloatArray


def face(x: float, y: float, side: float = 40, score: float = 0.9, points: float = 0) -> Face:
    landmarks: FloatArray = np.full((5, 2), points, dtype=np.float32)
    return Face(Box(x, y, x + side, y + side), score, landmarks)


def test_two_teachers_make_a_face_framed_as_the_first_frames_it() -> None:
    labels = agree({"one": [face(10, 10, points=1)], "two": [face(14, 12, score=0.7, points=3)]})
    (found,) = labels.faces
    assert found.box == Box(10, 10, 50, 50)
    assert found.score == 0.9
    assert found.landmarks is not None
    assert np.allclose(found.landmarks, 2)
    assert not labels.unknown


def test_order_of_teachers_decides_the_framing() -> None:
    labels = agree({"two": [face(14, 12)], "one": [face(10, 10)]})
    assert labels.faces[0].box == Box(14, 12, 54, 52)


def test_what_one_sees_is_unknown() -> None:
    labels = agree({"one": [face(10, 10)], "two": [face(200, 10)]})
    assert not labels.faces
    assert labels.unknown == (Box(10, 10, 50, 50), Box(200, 10, 240, 50))


def test_two_who_are_unsure_make_no_face() -> None:
    labels = agree({"one": [face(10, 10, score=0.5)], "two": [face(10, 10, score=0.55)]})
    assert labels == Labels((), (Box(10, 10, 50, 50),))


def test_a_teacher_sees_each_face_once() -> None:
    labels = agree({"one": [face(10, 10)], "two": [face(10, 10), face(16, 12)]})
    assert len(labels.faces) == 1
    assert labels.unknown == (Box(16, 12, 56, 52),)


def test_people_and_one_teacher_make_a_face() -> None:
    labels = agree({"one": [face(10, 10)], "two": []}, people=[Box(8, 6, 52, 54)])
    assert len(labels.faces) == 1
    assert not labels.unknown


def test_what_only_people_see_is_unknown() -> None:
    labels = agree({"one": [], "two": []}, people=[Box(8, 6, 52, 54)])
    assert labels == Labels((), (Box(8, 6, 52, 54),))


def test_surest_first() -> None:
    seen = [face(10, 10, score=0.7), face(100, 10, score=0.95)]
    assert [found.score for found in agree({"one": seen, "two": seen}).faces] == [0.95, 0.7]


def test_faces_without_landmarks_keep_none() -> None:
    bare = Face(Box(0, 0, 9, 9), 0.9)
    assert agree({"one": [bare], "two": [bare]}).faces[0].landmarks is None


@pytest.mark.parametrize("found", [{}, {"one": []}])
def test_nothing_seen_is_nothing_known(found: dict[str, list[Face]]) -> None:
    assert agree(found) == Labels()


def test_two_of_one_making_must_both_be_surer() -> None:
    unsure = {"yunet-s": [face(10, 10, score=0.9)], "yunet-n": [face(10, 10, score=0.7)]}
    assert not agree(unsure).faces
    assert len(agree(unsure).unknown) == 1
    sure = {"yunet-s": [face(10, 10, score=0.9)], "yunet-n": [face(10, 10, score=0.85)]}
    assert len(agree(sure).faces) == 1
    other = {"yunet-s": [face(10, 10, score=0.9)], "mtcnn": [face(10, 10, score=0.7)]}
    assert len(agree(other).faces) == 1
