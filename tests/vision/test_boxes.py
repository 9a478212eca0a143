import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mien.types import Box, Face
from mien.vision.boxes import iou_matrix, main_face, non_maximum_suppression, to_array

THRESHOLDS = st.floats(0, 1)


@st.composite
def boxes(draw, min_count=0):
    """Boxes on a coarse grid, so that equal and touching ones are common."""
    count = draw(st.integers(min_count, 12))
    corners = draw(npst.arrays(np.float64, (count, 2), elements=st.integers(-20, 20)))
    sides = draw(npst.arrays(np.float64, (count, 2), elements=st.integers(1, 20)))
    return np.concatenate([corners, corners + sides], axis=1)


@st.composite
def scored_boxes(draw):
    found = draw(boxes())
    scores = draw(npst.arrays(np.float32, len(found), elements=st.floats(0, 1, width=32)))
    return found, scores


def test_to_array_keeps_order_and_shape():
    assert to_array([]).shape == (0, 4)
    assert to_array([Box(1, 2, 3, 4), Box(5, 6, 7, 8)]).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_iou_of_half_covered_boxes_is_a_third():
    a, b = np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [2, 0, 4, 2], [0, 0, 2, 2]])
    assert iou_matrix(a, b)[0] == pytest.approx([1 / 3, 0, 1])


@given(boxes(), boxes())
def test_iou_is_symmetric_and_bounded(a, b):
    overlap = iou_matrix(a, b)
    assert overlap.shape == (len(a), len(b))
    assert ((overlap >= 0) & (overlap <= 1)).all()
    assert np.array_equal(overlap, iou_matrix(b, a).T)


@given(boxes(min_count=1), st.integers(-50, 50), st.integers(1, 9))
def test_iou_does_not_depend_on_place_or_unit(found, shift, scale):
    assert np.diag(iou_matrix(found, found)) == pytest.approx(1)
    moved = (found + shift) * scale
    assert iou_matrix(moved, moved) == pytest.approx(iou_matrix(found, found))


def test_iou_of_boxes_without_area_is_zero():
    point = np.array([[1.0, 1, 1, 1]])
    assert iou_matrix(point, point).tolist() == [[0.0]]


@given(scored_boxes(), THRESHOLDS)
def test_kept_boxes_are_sorted_and_do_not_overlap(found, threshold):
    places, scores = found
    kept = non_maximum_suppression(places, scores, threshold)
    assert len(set(kept.tolist())) == len(kept)
    assert (np.diff(scores[kept]) <= 0).all()
    overlap = iou_matrix(places[kept], places[kept])
    np.fill_diagonal(overlap, 0)
    assert (overlap <= threshold + 1e-9).all()


@given(scored_boxes(), THRESHOLDS)
def test_each_dropped_box_overlaps_a_better_kept_one(found, threshold):
    places, scores = found
    kept = non_maximum_suppression(places, scores, threshold)
    for dropped in set(range(len(places))) - set(kept.tolist()):
        better = kept[scores[kept] >= scores[dropped]]
        assert iou_matrix(places[[dropped]], places[better]).max() > threshold - 1e-9


@given(scored_boxes(), THRESHOLDS)
def test_suppressing_twice_changes_nothing(found, threshold):
    places, scores = found
    kept = non_maximum_suppression(places, scores, threshold)
    again = non_maximum_suppression(places[kept], scores[kept], threshold)
    assert again.tolist() == list(range(len(kept)))


def test_a_box_inside_another_is_dropped_only_by_the_smaller_area():
    places, scores = np.array([[0.0, 0, 10, 10], [4, 4, 6, 6]]), np.array([0.9, 0.8])
    assert len(non_maximum_suppression(places, scores, 0.5)) == 2
    assert non_maximum_suppression(places, scores, 0.5, use_minimum=True).tolist() == [0]


LARGE = [100.0, 100, 300, 350]


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        ([110.0, 150, 200, 260], 1),  # half of the face
        ([170.0, 200, 240, 290], 1),  # nose and mouth
        ([150.0, 240, 250, 370], 1),  # mouth and chin
        ([240.0, 190, 300, 260], 1),  # the cheek
        ([102.0, 102, 135, 140], 2),  # somebody far behind, in the corner
        ([60.0, 60, 150, 160], 2),  # somebody behind, beside the brow
        ([270.0, 290, 330, 360], 2),  # somebody behind, below the cheek
        ([250.0, 180, 340, 290], 2),  # somebody behind, half hidden
        ([180.0, 330, 260, 430], 2),  # a child before the chest
    ],
)
@pytest.mark.parametrize("surer", [0, 1])
def test_a_part_of_a_face_is_no_other_person(other, kept, surer):
    places, scores = np.array([LARGE, other]), np.array([0.8, 0.8])
    scores[surer] += 0.1
    found = non_maximum_suppression(places, scores, 0.4, max_inside=0.7)
    assert len(found) == kept
    assert found[0] == surer


@given(scored_boxes(), THRESHOLDS)
def test_the_rule_for_parts_only_drops(found, threshold):
    places, scores = found
    plain = non_maximum_suppression(places, scores, threshold)
    assert np.array_equal(plain, non_maximum_suppression(places, scores, threshold, max_inside=1.0))
    once = non_maximum_suppression(places, scores, threshold, max_inside=0.7)
    again = non_maximum_suppression(places[once], scores[once], threshold, max_inside=0.7)
    assert again.tolist() == list(range(len(once)))
    assert len(once) <= len(places)
    if len(places):
        assert once[0] == plain[0]


def test_the_main_face_is_large_and_sure():
    small, large = Face(Box(0, 0, 20, 20), 0.99), Face(Box(40, 40, 80, 80), 0.9)
    doubtful = Face(Box(0, 40, 42, 82), 0.6)
    assert main_face([small, doubtful, large]) is large
    assert main_face([]) is None
