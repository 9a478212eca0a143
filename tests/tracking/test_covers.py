"""Each face is covered before, between and after its sights, and who has to look is told where."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.tracking.covers import AROUND_SECONDS, Covers
from mien.types import Box, Face

SIZE = (640, 480)
FPS = 10


def face(x: float, y: float = 200, side: float = 60) -> Face:
    return Face(Box(x, y, x + side, y + side), 0.9)


def seen(plan: Mapping[int, Face], frames: int, open_: frozenset[int] = frozenset()) -> Covers:
    """One face in some of the frames; in those of `open_` it is to be left as it is."""
    covers = Covers()
    for frame in range(frames):
        faces = [plan[frame]] if frame in plan else []
        covers.add(frame, frame / FPS, SIZE, faces, [frame in open_] * len(faces))
    return covers


def covered(covers: Covers, frame: int, place: Face) -> bool:
    """Whether the middle of a face is under a cover."""
    x, y = place.box.center
    boxes = covers.of(frame)
    assert boxes is not None
    return any(box.x1 <= x <= box.x2 and box.y1 <= y <= box.y2 for box in boxes)


def test_a_face_is_covered_before_it_was_found_and_after_it_was_lost() -> None:
    covers = seen({n: face(300) for n in range(20, 40)}, 60)
    hidden = [n for n in range(60) if covered(covers, n, face(300))]
    assert hidden == list(range(10, 50))


def test_between_two_sights_it_is_covered_where_it_should_be() -> None:
    plan = {n: face(100 + 4 * n) for n in range(40) if not 15 <= n < 25}
    covers = seen(plan, 40)
    assert all(covered(covers, n, face(100 + 4 * n)) for n in range(40))
    assert not covered(covers, 20, face(500))


def test_who_moves_is_covered_on_the_way_in() -> None:
    covers = seen({n: face(60 + 10 * n) for n in range(10, 30)}, 30)
    assert all(covered(covers, n, face(60 + 10 * n)) for n in range(4, 10))


def test_frames_far_apart_cover_the_next_one() -> None:
    covers = Covers()
    for index in range(5):
        covers.add(
            index, 30.0 * index, SIZE, [face(300)] if index == 2 else [], [False] * (index == 2)
        )
    assert [bool(covers.of(n)) for n in range(5)] == [False, True, True, True, False]


def test_who_is_to_be_seen_is_not_covered() -> None:
    covers = seen({n: face(300) for n in range(30)}, 30, frozenset(range(30)))
    assert not any(covers.of(n) for n in range(30))
    assert covers.doubts() == []


def test_who_is_to_be_seen_is_covered_while_it_is_not_sure_that_it_is_them() -> None:
    """And the cover does not reach into frames in which it is."""
    covers = seen({n: face(300) for n in range(30)}, 30, frozenset(range(5, 20)))
    hidden = [n for n in range(30) if covers.of(n)]
    assert hidden == [*range(5), *range(20, 30)]


def test_a_frame_that_was_not_there_is_told_from_one_without_a_face() -> None:
    covers = seen({}, 3)
    assert covers.of(2) == []
    assert covers.of(3) is None


def test_where_detection_failed_is_told() -> None:
    plan = {n: face(300) for n in range(20, 50) if not 30 <= n < 34}
    first, between, last = seen(plan, 80).doubts()
    assert (first.first, first.last) == (10, 19)
    assert "before" in first.reason
    assert (between.first, between.last, between.start) == (30, 33, pytest.approx(3.0))
    assert "between" in between.reason
    assert (last.first, last.last) == (50, 60 - 1 + 0)
    assert "still" in last.reason


def test_who_goes_out_at_the_edge_or_stays_to_the_end_is_no_doubt() -> None:
    assert seen({n: face(10 + 20 * n) for n in range(29)}, 60).doubts() == []
    assert seen({n: face(300) for n in range(60)}, 60).doubts() == []


def test_what_lasted_for_a_moment_is_covered_and_not_worth_a_look() -> None:
    covers = seen({20: face(300)}, 60)
    assert covered(covers, 20, face(300))
    assert covered(covers, 15, face(300))
    assert covers.doubts() == []


@given(
    there=st.lists(st.booleans(), min_size=1, max_size=60),
    speed=st.floats(-20, 20),
)
def test_no_sight_and_nothing_near_one_is_left_open(there: list[bool], speed: float) -> None:
    places = [face(300 + speed * n / 10) for n in range(len(there))]
    covers = seen({n: places[n] for n, found in enumerate(there) if found}, len(there))
    sights = np.flatnonzero(there)
    for frame, place in enumerate(places):
        if len(sights) and np.abs(sights - frame).min() <= AROUND_SECONDS * FPS:
            assert covered(covers, frame, place)
