import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.models.occlusion import explain
from mien.registry import make_classifier, make_detector
from mien.types import Box, Face, InputSpec
from mien.vision.parts import PARTS

SPEC = InputSpec(48, 1, 1.2)
LANDMARKS = np.array([[85, 90], [115, 90], [100, 110], [88, 128], [112, 128]], np.float32)
FACE = Face(Box(70, 65, 130, 140), 0.9, LANDMARKS)
MIDDLES = {"brows": (100, 78), "eyes": (100, 92), "mouth": (100, 130)}


class SeesWhite:
    """Sure of the second label as far as there is white in the face."""

    labels, other = ("a", "b"), False

    def __init__(self, spec=SPEC):
        self.spec = spec
        self.calls = []

    def __call__(self, faces):
        self.calls.append(len(faces))
        white = 0.5 + 0.5 * (faces > 200).any(axis=(1, 2, 3))
        return np.stack([1 - white, white], axis=1).astype(np.float32)


def white_at(middle, size=(200, 200)):
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    cv2.circle(image, middle, 4, (255, 255, 255), -1)
    return image


@pytest.mark.parametrize("part", PARTS)
def test_names_the_part_that_the_label_comes_from(part):
    first, *others = explain(white_at(MIDDLES[part]), FACE, SeesWhite())
    assert (first.part, first.effect) == (part, 0.5)
    assert [other.effect for other in others] == [0, 0]


def test_the_label_is_covered_and_not_something_else():
    class SeesOther(SeesWhite):
        other = True

        def __call__(self, faces):
            labels = super().__call__(faces)
            return np.column_stack([0.4 * labels, np.full(len(labels), 0.6, np.float32)])

    first, *others = explain(white_at(MIDDLES["mouth"]), FACE, SeesOther())
    assert (first.part, first.effect) == ("mouth", pytest.approx(0.2))
    assert [other.effect for other in others] == [0, 0]


def test_reads_all_in_one_call_and_leaves_the_picture_as_it_was():
    image, classifier = white_at(MIDDLES["mouth"]), SeesWhite()
    before = image.copy()
    explain(image, FACE, classifier)
    assert classifier.calls == [1 + len(PARTS)]
    assert np.array_equal(image, before)


@pytest.mark.parametrize("factor", [1, 6])
def test_a_region_lies_on_its_part_in_the_picture(factor):
    image = cv2.resize(white_at(MIDDLES["eyes"]), None, fx=factor, fy=factor)
    box = Box(*(factor * value for value in FACE.box.to_tuple()))
    effects = explain(image, Face(box, 0.9, factor * LANDMARKS), SeesWhite())
    for effect in effects:
        assert effect.region.dtype == np.float32
        for part, (x, y) in MIDDLES.items():
            middle = (float(factor * x), float(factor * y))
            inside = cv2.pointPolygonTest(effect.region.reshape(-1, 1, 2), middle, False) > 0
            assert inside == (part == effect.part)


def test_regions_turn_with_the_face():
    turn = cv2.getRotationMatrix2D((100, 100), 30, 1)
    image = cv2.warpAffine(white_at(MIDDLES["mouth"]), turn, (200, 200), borderValue=(90, 90, 90))
    landmarks = (LANDMARKS @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    first, *_ = explain(image, Face(FACE.box, 0.9, landmarks), SeesWhite())
    assert first.part == "mouth"
    middle = tuple(map(float, turn @ [*MIDDLES["mouth"], 1]))
    assert cv2.pointPolygonTest(first.region.reshape(-1, 1, 2), middle, False) > 0


def test_a_face_without_landmarks_has_its_parts_where_an_average_face_has():
    mouth = white_at((100, 65 + 57))
    first, *_ = explain(mouth, Face(FACE.box, 0.9), SeesWhite())
    assert (first.part, first.effect) == ("mouth", 0.5)


@pytest.mark.parametrize("turns", range(4))
def test_a_head_that_lies_has_its_parts_where_an_average_face_has(turns):
    mouth, box = np.rot90(white_at((100, 65 + 57)), -turns), np.array(FACE.box.to_tuple())
    for _ in range(turns):
        x1, y1, x2, y2 = box
        box = np.array([200 - y2, x1, 200 - y1, x2])
    face = Face(Box(*box.tolist()), 0.9, turns=turns)
    first, *_ = explain(np.ascontiguousarray(mouth), face, SeesWhite())
    assert (first.part, first.effect) == ("mouth", 0.5)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*[st.floats(-300, 500)] * 2),
    st.tuples(*[st.floats(1, 400)] * 2),
    st.none() | st.lists(st.floats(-300, 700), min_size=10, max_size=10),
    st.sampled_from(["none", "eyes"]),
)
def test_any_face_has_one_effect_per_part(corner, size, points, alignment):
    box = Box(corner[0], corner[1], corner[0] + size[0], corner[1] + size[1])
    landmarks = None if points is None else np.array(points, np.float32).reshape(5, 2)
    classifier = SeesWhite(InputSpec(48, 3, 1.2, alignment))
    effects = explain(white_at((100, 100)), Face(box, 0.9, landmarks), classifier)
    assert {effect.part for effect in effects} == set(PARTS)
    assert [e.effect for e in effects] == sorted((e.effect for e in effects), reverse=True)
    assert all(-1 <= e.effect <= 1 and np.isfinite(e.region).all() for e in effects)


def test_a_real_smile_is_read_from_the_mouth(portrait):
    classifier, _ = make_classifier()
    face = make_detector()(portrait)[0]
    first, *_ = explain(portrait, face, classifier)
    assert first.part == "mouth"
    assert first.effect > 0.02
