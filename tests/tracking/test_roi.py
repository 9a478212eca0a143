"""ROI tracking: the full frame is looked at now and then, and its faces are found all the same."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.tracking.roi import RoiDetector
from mien.types import Box, Face, PixelArray

WIDTH, HEIGHT = 640, 480
Square = tuple[int, int, int]


class SquareDetector:
    """Finds bright squares in whatever picture it is given, and remembers how large that was."""

    name = "squares"
    face_side = 48.0

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self.sizes.append((image.shape[1], image.shape[0]))
        bright = (image.mean(axis=2) > 127).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=4)
        return tuple(
            Face(
                Box(float(x), float(y), float(x + width), float(y + height)),
                0.9,
                np.array([[x, y], [x + width, y], [x, y], [x, y + height], [x, y]], np.float32),
            )
            for x, y, width, height, area in stats[1:].tolist()
            if area >= 9
        )

    @property
    def full_frames(self) -> int:
        return self.sizes.count((WIDTH, HEIGHT))


def picture(*squares: Square) -> PixelArray:
    image = np.full((HEIGHT, WIDTH, 3), 40, dtype=np.uint8)
    for x, y, side in squares:
        image[max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)] = 220
    return image


def boxes(faces: tuple[Face, ...]) -> list[Box]:
    return sorted((face.box for face in faces), key=lambda box: box.x1)


def is_near(box: Box, square: Square) -> bool:
    x, y, side = square
    wanted = (x, y, x + side, y + side)
    tolerance = max(2.0, 0.06 * side)
    return all(abs(a - b) <= tolerance for a, b in zip(box.to_tuple(), wanted, strict=True))


def test_a_face_is_followed_in_windows_and_the_frame_searched_now_and_then() -> None:
    detector = SquareDetector()
    rois, known = RoiDetector(detector, interval=0.2), list[Box]()
    for index in range(31):
        square = (100 + 5 * index, 200, 80)
        (face,) = rois(picture(square), index / 30, known)
        assert is_near(face.box, square)
        known = [face.box]
    assert detector.full_frames == 6
    assert set(detector.sizes) == {(WIDTH, HEIGHT), (96, 96)}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(24, 90), st.integers(-8, 8), st.integers(-8, 8), st.integers(0, 30)),
        min_size=1,
        max_size=6,
    )
)
def test_every_face_is_found_once_in_every_frame(people: list[tuple[int, int, int, int]]) -> None:
    rois, known = RoiDetector(SquareDetector(), interval=10.0), list[Box]()
    for index in range(6):
        # Each in a cell of its own, so that none hides or touches another.
        squares = [
            (50 + 205 * (n % 3) + dx * index, 60 + 220 * (n // 3) + dy * index + shift, side)
            for n, (side, dx, dy, shift) in enumerate(people)
        ]
        known = boxes(rois(picture(*squares), index / 30, known))
        assert len(known) == len(squares)
        for square in squares:
            assert sum(is_near(box, square) for box in known) == 1


def test_who_comes_is_seen_at_the_next_search() -> None:
    rois = RoiDetector(SquareDetector(), interval=0.2)
    one, two = (100, 100, 60), (400, 100, 60)
    known = boxes(rois(picture(one), 0.0, []))
    assert len(rois(picture(one, two), 0.1, known)) == 1
    assert len(rois(picture(one, two), 0.2, known)) == 2


def test_an_empty_room_is_searched_no_oftener() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=0.2)
    for index in range(13):
        assert rois(picture(), index / 30, []) == ()
    assert detector.full_frames == 3
    assert len(detector.sizes) == 3


def test_a_face_that_is_not_where_it_should_be_is_searched_for_at_once() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=10.0)
    known = boxes(rois(picture((100, 100, 60)), 0.0, []))
    (face,) = rois(picture((500, 300, 60)), 0.1, known)
    assert is_near(face.box, (500, 300, 60))
    assert detector.full_frames == 2
    assert rois(picture(), 0.2, [face.box]) == ()


def test_a_missing_face_is_looked_for_where_it_may_be_back_and_costs_no_search() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=10.0)
    known = boxes(rois(picture((100, 100, 60)), 0.0, []))
    assert rois(picture(), 0.1, [], known) == ()
    (face,) = rois(picture((110, 100, 60)), 0.2, [], known)
    assert is_near(face.box, (110, 100, 60))
    assert detector.full_frames == 1


def test_two_windows_that_show_one_face_give_it_once() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=10.0)
    rois(picture((100, 100, 60)), 0.0, [])
    square = (100, 100, 60)
    twice = [Box(100, 100, 160, 160), Box(115, 100, 175, 160)]
    (face,) = rois(picture(square), 0.1, twice)
    assert is_near(face.box, square)
    assert detector.full_frames == 2, "the other one is lost"


def test_a_neighbour_in_the_window_is_not_taken_for_the_face() -> None:
    rois = RoiDetector(SquareDetector(), interval=10.0)
    squares = [(100, 100, 60), (180, 100, 60)]
    known = boxes(rois(picture(*squares), 0.0, []))
    found = boxes(rois(picture(*squares), 0.1, known))
    assert len(found) == 2
    assert is_near(found[0], squares[0])
    assert is_near(found[1], squares[1])


def test_landmarks_come_back_to_their_place() -> None:
    rois = RoiDetector(SquareDetector(), interval=10.0)
    square = (300, 200, 150)
    known = boxes(rois(picture(square), 0.0, []))
    (face,) = rois(picture(square), 0.1, known)
    assert face.landmarks is not None
    wanted = [[300, 200], [450, 200], [300, 200], [300, 350], [300, 200]]
    assert np.abs(face.landmarks - wanted).max() < 5


def test_a_head_that_lies_still_lies_once_it_is_followed() -> None:
    class Lying(SquareDetector):
        def __call__(self, image: PixelArray) -> tuple[Face, ...]:
            return tuple(replace(face, turns=3) for face in super().__call__(image))

    rois = RoiDetector(Lying(), interval=10.0)
    square = (300, 200, 150)
    known = boxes(rois(picture(square), 0.0, []))
    (face,) = rois(picture(square), 0.1, known)
    assert face.turns == 3


@pytest.mark.parametrize("square", [(-30, 100, 80), (600, 100, 80), (100, -30, 80), (100, 440, 80)])
def test_a_face_that_reaches_over_the_edge_is_followed(square: Square) -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=10.0)
    known = boxes(rois(picture(square), 0.0, []))
    assert len(rois(picture(square), 0.1, known)) == 1
    assert detector.full_frames == 1


@pytest.mark.parametrize("later", [-1.0, 0.0, 3.0])
def test_time_that_jumps_back_or_far_is_a_new_scene(later: float) -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=0.2)
    known = boxes(rois(picture((100, 100, 60)), 1.0, []))
    both = picture((100, 100, 60), (400, 100, 60))
    assert len(rois(both, 1.0 + later, known)) == (1 if later == 0.0 else 2)


def test_without_an_interval_every_frame_is_searched_and_no_window_looked_into() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=0.0)
    for index in range(5):
        rois(picture((100, 100, 60)), index / 30, [Box(100, 100, 160, 160)])
    assert detector.sizes == [(WIDTH, HEIGHT)] * 5


def test_a_crowd_is_searched_for_in_whole_frames() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=10.0)
    squares = [(40 + 60 * (n % 10), 40 + 80 * (n // 10), 30) for n in range(40)]
    known = boxes(rois(picture(*squares), 0.0, []))
    assert len(rois(picture(*squares), 0.1, known)) == 40
    assert detector.sizes == [(WIDTH, HEIGHT)] * 2


def test_after_a_reset_the_frame_is_searched() -> None:
    detector = SquareDetector()
    rois = RoiDetector(detector, interval=10.0)
    rois(picture((100, 100, 60)), 0.0, [])
    rois.reset()
    assert len(rois(picture((100, 100, 60)), 0.1, [])) == 1
    assert detector.full_frames == 2
