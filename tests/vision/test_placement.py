"""Whatever is drawn covers no mouth, no eyes and nothing else that is drawn."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vision.spots import PICTURE, spot

from mien.vision.placement import CROWD, Placed, Rectangle, Spot, place


def drawn(one: Spot, placed: Placed) -> Rectangle:
    width, height = one.word if placed.kind == "word" else one.sign
    right, bottom = placed.left + width * placed.scale, placed.top + height * placed.scale
    return placed.left, placed.top, right, bottom


def share_of(region: Any, inner: Rectangle) -> float:
    """Return how much of a rectangle lies in a region, by its pixels."""
    steps = np.linspace(0.02, 0.98, 25)
    xs, ys = np.meshgrid(
        inner[0] + steps * (inner[2] - inner[0]), inner[1] + steps * (inner[3] - inner[1])
    )
    points = np.stack([xs.ravel(), ys.ravel()], axis=1)
    corners = np.array(region)
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    places = (points - corners[0]) @ np.stack([along / (along @ along), down / (down @ down)]).T
    return float(((places > 0) & (places < 1)).all(axis=1).mean())


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@st.composite
def boxes(draw: st.DrawFn) -> Rectangle:
    side = draw(st.floats(24, 470))
    left, top = draw(st.floats(0, 640 - side)), draw(st.floats(0, 480 - side))
    return left, top, left + side * draw(st.floats(0.7, 1)), top + side


spots = st.builds(spot, boxes(), turn=st.floats(-3.2, 3.2), front=st.booleans())


@given(st.lists(spots, max_size=7))
def test_nothing_that_is_drawn_lies_on_a_mouth_eyes_or_another_word(faces: list[Spot]) -> None:
    found = [
        drawn(one, placed)
        for one, placed in zip(faces, place(faces, PICTURE), strict=True)
        if placed is not None
    ]
    for number, mine in enumerate(found):
        assert min(mine) >= 0
        assert np.less_equal(mine[2:], PICTURE[2:]).all()
        assert all(share_of(region, mine) == 0 for one in faces for region in one.free)
        assert not any(overlap(mine, other) for other in found[:number])


@given(st.lists(spots, max_size=4))
def test_up_to_four_faces_that_do_not_overlap_have_at_least_their_sign(faces: list[Spot]) -> None:
    apart = [
        one
        for number, one in enumerate(faces)
        if not any(overlap(one.box, other.box) for other in faces[:number])
    ]
    assert None not in place(apart, PICTURE)


@given(st.lists(spots, max_size=3))
def test_what_belongs_to_a_face_lies_on_no_other(faces: list[Spot]) -> None:
    for one, placed in zip(faces, place(faces, PICTURE), strict=True):
        if placed is None:
            continue
        left, top, right, bottom = drawn(one, placed)
        own = one.box[0] <= left and one.box[1] <= top and right <= one.box[2] + 1e-9
        if not (own and bottom <= one.box[3] + 1e-9):
            others = [other for other in faces if other is not one]
            assert not any(overlap((left, top, right, bottom), other.box) for other in others)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((200, 100, 300, 220), Placed("word", 175, 57.5, 1.0)),  # above
        ((200, 10, 300, 130), Placed("word", 175, 138.5, 1.0)),  # below, where above is no room
        ((0, 100, 100, 220), Placed("word", 0, 57.5, 1.0)),  # not beyond the picture
        ((100, 0, 540, 480), Placed("word", 245, 8.5, 1.0)),  # on the forehead of one that fills it
    ],
)
def test_where_words_go(box: Rectangle, expected: Placed) -> None:
    assert place([spot(box)], PICTURE) == [expected]


@pytest.mark.parametrize("lower", [0.0, 15.0, -15.0])
def test_words_of_faces_side_by_side_lie_one_above_the_other_and_on_no_brow(lower: float) -> None:
    boxes = [
        (120.0, 340.0, 220.0, 470.0),
        (240.0, 340.0 + lower, 340.0, 470.0),
        (360.0, 340.0, 460.0, 470.0),
    ]
    faces = [spot(box) for box in boxes]
    for one, placed in zip(faces, place(faces, PICTURE), strict=True):
        assert placed is not None
        assert placed.kind == "word"
        assert not any(overlap(drawn(one, placed), box) for box in boxes)


def test_no_words_come_between_a_face_and_its_own_that_are_a_line_higher() -> None:
    boxes = [
        (50.0, 300.0, 120.0, 470.0),
        (130.0, 300.0, 186.0, 470.0),
        (210.0, 300.0, 266.0, 470.0),
    ]
    first, *others = map(spot, boxes)
    words, *found = place([first, *others], PICTURE)
    assert words is not None
    left, top, right, bottom = drawn(first, words)
    assert top < 240
    for one, placed in zip(others, found, strict=True):
        assert placed is not None
        assert not overlap(drawn(one, placed), (85, bottom, 86, 300))
    assert left < 85 < right


def test_where_words_have_no_room_there_is_a_sign() -> None:
    (found,) = place([spot((10, 10, 110, 110))], (0, 0, 120, 120))
    assert found is not None
    assert (found.kind, found.scale) == ("sign", 0.7)


def test_a_crowd_has_signs_but_for_the_one_in_front() -> None:
    faces = [(40 + 90 * column, 200, 110 + 90 * column, 280) for column in range(6)]
    kinds = [placed and placed.kind for placed in place([spot(box) for box in faces], PICTURE)]
    assert kinds == ["sign"] * 6
    chosen = [spot(box, front=number == 2) for number, box in enumerate(faces)]
    kinds = [placed and placed.kind for placed in place(chosen, PICTURE)]
    assert kinds == ["sign", "sign", "word", "sign", "sign", "sign"]
    few = [placed and placed.kind for placed in place(chosen[: CROWD - 1], PICTURE)]
    assert few[2] == "word"
    assert None not in few


def test_larger_faces_choose_first() -> None:
    near, far = spot((250, 60, 350, 180)), spot((360, 80, 380, 104))
    assert place([far, near], PICTURE)[::-1] == place([near, far], PICTURE)


def test_nobody_is_no_words() -> None:
    assert place([], PICTURE) == []
