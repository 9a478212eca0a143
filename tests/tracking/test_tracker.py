"""The tracker: numbers stay with faces, in seconds of stream time."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tracking.portraits import portrait

from mien.tracking.appearance import GRID, WIDTH
from mien.tracking.sitting import SAME, STRANGER
from mien.tracking.track import UNCONFIRMED
from mien.tracking.tracker import SUDDEN, Tracker
from mien.types import Box, Face, FloatArray


def face(x: float, y: float = 100, side: float = 80) -> Face:
    return Face(Box(x, y, x + side, y + side), 0.9)


boxes = st.builds(
    face, st.floats(-200, 2000), st.floats(-200, 2000), side=st.floats(1, 900, width=32)
)


@given(st.lists(st.lists(boxes, max_size=6), max_size=8), st.randoms(use_true_random=False))
def test_numbers_are_unique_in_a_frame_and_start_at_one(
    frames: list[list[Face]], rng: random.Random
) -> None:
    tracker, seen = Tracker(), set[int]()
    for faces in frames:
        ids = tracker.update(faces, rng.uniform(-5, 5))
        assert len(ids) == len(faces)
        assert len(set(ids)) == len(ids)
        seen.update(ids)
    assert not seen or (min(seen) == 1 and max(seen) == len(seen))


@given(st.lists(st.tuples(st.floats(-4, 4), st.floats(0.001, 0.5)), min_size=1, max_size=40))
def test_a_face_that_only_shakes_keeps_its_number(steps: list[tuple[float, float]]) -> None:
    tracker, now = Tracker(), 0.0
    for shake, step in steps:
        now += step
        assert tracker.update([face(100 + shake), face(300 - shake)], now) == (1, 2)


@given(st.permutations(range(4)))
def test_the_order_of_the_faces_does_not_matter(order: list[int]) -> None:
    faces = [face(200 * i) for i in range(4)]
    tracker = Tracker()
    first = tracker.update(faces, 0.0)
    assert tracker.update([faces[i] for i in order], 0.1) == tuple(first[i] for i in order)


@pytest.mark.parametrize("fps", [5, 15, 60])
def test_faces_that_pass_each_other_keep_their_numbers(fps: int) -> None:
    tracker = Tracker()
    for index in range(4 * fps + 1):
        now = index / fps
        ids = tracker.update([face(100 * now, 100), face(400 - 100 * now, 110)], now)
        assert ids == (1, 2)


@pytest.mark.parametrize("fps", [8, 30])
def test_a_face_that_moves_by_nearly_its_side_in_each_frame_keeps_its_number(fps: int) -> None:
    tracker = Tracker()
    assert {tracker.update([face(70 * i, side=80)], i / fps) for i in range(fps)} == {(1,)}


def test_a_face_that_speeds_up_is_followed_beyond_its_side() -> None:
    tracker = Tracker()
    places = [0, 60, 150, 270, 390, 510]
    assert {tracker.update([face(x)], i / 10) for i, x in enumerate(places)} == {(1,)}


def test_a_moving_face_is_found_where_it_should_be_after_a_gap() -> None:
    tracker = Tracker()
    for index in range(10):
        tracker.update([face(20 * index)], index / 10)
    tracker.update([], 1.0)
    tracker.update([], 1.1)
    # Two faces are equally near to where it was last seen: only the velocity tells them apart.
    assert tracker.update([face(180 - 60), face(180 + 60)], 1.2) == (2, 1)


@given(st.floats(0.05, 0.95), st.integers(0, 5))
def test_a_short_gap_keeps_the_number(gap: float, empty_frames: int) -> None:
    tracker = Tracker(max_gap=1.0)
    tracker.update([face(100)], 0.0)
    for index in range(empty_frames):
        tracker.update([], gap * (index + 1) / (empty_frames + 1))
    assert tracker.update([face(101)], gap) == (1,)


def test_a_long_gap_gives_a_new_number_and_the_old_one_never_comes_back() -> None:
    tracker = Tracker(max_gap=1.0)
    tracker.update([face(100)], 0.0)
    tracker.update([], 0.5)
    assert tracker.ids == {1}
    assert tracker.update([face(100)], 1.6) == (2,)
    assert tracker.ids == {2}


def test_frames_far_apart_are_no_reason_for_new_numbers() -> None:
    tracker = Tracker(max_gap=1.0)
    assert [tracker.update([face(100)], 3.0 * i) for i in range(3)] == [(1,)] * 3


def test_time_that_jumps_back_or_stands_still_counts_as_none() -> None:
    tracker = Tracker(max_gap=1.0)
    times = [5.0, 5.0, 0.0, 0.0, 0.1]
    assert [tracker.update([face(100 + i)], t) for i, t in enumerate(times)] == [(1,)] * 5
    tracker.update([], 0.2)
    assert tracker.update([face(100)], 1.5) == (2,)


def test_a_neighbour_does_not_take_over_the_number_of_one_who_left() -> None:
    tracker = Tracker()
    tracker.update([face(100)], 0.0)
    assert tracker.update([face(200)], 0.1) == (2,)


def test_a_face_of_another_size_is_another_face() -> None:
    tracker = Tracker()
    tracker.update([face(100, 100, side=40)], 0.0)
    assert tracker.update([face(80, 80, side=100)], 0.1) == (2,)


def look(*kinds: int) -> np.ndarray:
    """Looks that are alike where their numbers are, and not at all elsewhere."""
    rows = np.zeros((len(kinds), WIDTH), dtype=np.float32)
    rows[np.arange(len(kinds)), list(kinds)] = 1.0
    return rows


def test_who_stands_before_another_does_not_take_over_the_number() -> None:
    tracker = Tracker()
    tracker.update([face(100), face(130)], 0.0, look(1, 2))
    # Both are equally near to the one face that is left: only its look tells.
    assert tracker.update([face(115)], 0.1, look(2)) == (2,)
    assert tracker.update([face(100), face(130)], 0.2, look(1, 2)) == (1, 2)


def test_who_is_back_elsewhere_and_looks_alike_keeps_the_number() -> None:
    for kind, number in ((1, 1), (2, 2)):
        tracker = Tracker(max_gap=2.0)
        tracker.update([face(100)], 0.0, look(1))
        tracker.update([], 0.1, look())
        tracker.update([], 0.9, look())
        assert tracker.update([face(300)], 1.0, look(kind)) == (number,)


def test_a_face_beside_another_is_no_twin_of_it_however_alike() -> None:
    tracker = Tracker()
    tracker.update([face(100)], 0.0, look(1))
    assert tracker.update([face(100), face(300)], 0.1, look(1, 1)) == (1, 2)
    assert tracker.update([face(300)], 0.2, look(1)) == (2,)


def test_who_was_seen_in_part_at_first_gets_the_old_number_when_believed() -> None:
    tracker = Tracker(max_gap=2.0, confirm=0.1)
    tracker.update([face(100)], 0.0, look(1))
    tracker.update([], 0.1, look())
    ids = [
        tracker.update([face(300)], 0.5 + i / 20, look(kind)) for i, kind in enumerate((3, 1, 1, 1))
    ]
    assert ids[0] == (UNCONFIRMED,)
    assert ids[-1] == (1,)
    assert tracker.ids == {1}


def test_who_comes_in_from_the_edge_while_someone_is_missing_is_seen_whole_first() -> None:
    """Of a face that is cut off nobody knows whose it is; where all are there, nothing waits."""
    entering = [face(-40 + 10 * i, side=80) for i in range(12)]
    for someone_missing, first in ((True, 5), (False, 2)):
        tracker = Tracker(max_gap=2.0, confirm=0.1)
        tracker.update([face(170)], 0.0, look(1), (640, 480))
        others = [] if someone_missing else [face(170)]
        ids = []
        for index, new in enumerate(entering):
            faces = [new, *others]
            kinds = [1 if new.box.x1 > 1 and someone_missing else 3] + [1] * len(others)
            now = 0.1 + 0.05 * index
            ids.append(tracker.update(faces, now, look(*kinds), (640, 480))[0])
        assert ids.index(next(filter(None, ids))) == first
        assert ids[-1] == (1 if someone_missing else 2)


def test_a_face_that_stays_at_the_edge_is_believed_all_the_same() -> None:
    tracker = Tracker(max_gap=2.0, confirm=0.1)
    tracker.update([face(170)], 0.0, look(1), (640, 480))
    ids = [tracker.update([face(-40)], 0.1 * i, look(3), (640, 480))[0] for i in range(1, 9)]
    assert ids[3] == UNCONFIRMED
    assert ids[-1] == 2


def test_reset_counts_from_one_again() -> None:
    tracker = Tracker()
    tracker.update([face(100), face(300)], 0.0)
    tracker.reset()
    assert tracker.ids == frozenset()
    assert tracker.update([face(300)], 0.1) == (1,)


def test_a_new_face_is_believed_once_it_has_lasted() -> None:
    tracker = Tracker(confirm=0.1)
    assert tracker.update([face(100)], 0.0) == (1,)
    seen = [tracker.update([face(400), face(100)], 0.04 * i) for i in range(1, 6)]
    assert [ids[0] for ids in seen] == [UNCONFIRMED, UNCONFIRMED, UNCONFIRMED, 2, 2]
    assert {ids[1] for ids in seen} == {1}


def test_a_flash_gets_no_number_and_uses_none_up() -> None:
    tracker = Tracker(confirm=0.1)
    tracker.update([face(100)], 0.0)
    assert tracker.update([face(100), face(400)], 0.05) == (1, UNCONFIRMED)
    tracker.update([face(100)], 0.1)
    # Back at once, but it was missing: it starts anew.
    assert tracker.update([face(100), face(400)], 0.15) == (1, UNCONFIRMED)
    assert tracker.update([face(100), face(400)], 0.3) == (1, 2)
    assert tracker.ids == {1, 2}


def test_after_a_long_pause_faces_are_believed_at_once() -> None:
    tracker = Tracker(confirm=0.1)
    tracker.update([], 0.0)
    assert tracker.update([face(100)], 60.0) == (1,)


@pytest.mark.parametrize(("stands", "number"), [(0.1, UNCONFIRMED), (0.2, 2)])
def test_where_frames_are_few_each_shows_who_is_there(stands: float, number: int) -> None:
    tracker = Tracker(confirm=0.1)
    tracker.update([face(100)], 0.0)
    later = tracker.update([face(100), face(400)], stands, stands=stands)
    assert later == (1, number)


@pytest.mark.parametrize("step", [5e-324, 1e-9, 1e-4])
def test_a_jump_within_no_time_is_no_speed(step: float) -> None:
    tracker = Tracker()
    tracker.update([face(0)], 0.0)
    assert tracker.update([face(70)], step) == (1,)
    tracker.update([], 0.5)
    assert tracker.update([face(70)], 0.9) == (1,)


SEAT, OTHER_SEAT = face(100), face(400)


class Room:
    """People of kinds on seats, as a tracker sees them: descriptors and portraits tell them."""

    def __init__(self, fps: float = 10, confirm: float = 0.0) -> None:
        self.tracker = Tracker(confirm=confirm)
        self.fps, self.frames = fps, 0

    def see(
        self, seconds: float = 0.0, *, hidden: bool = False, **people: tuple[Face, FloatArray]
    ) -> dict[str, int]:
        """Show people for some time, at least a frame; return their numbers at the end.

        Those who are hidden cannot be portrayed.
        """
        faces = [face for face, _ in people.values()]
        portraits = {id(face): portrait for face, portrait in people.values()}
        looks = look(*(int(portrait.argmax()) % 100 for _, portrait in people.values()))
        for _ in range(max(1, round(seconds * self.fps))):
            numbers = self.tracker.update(
                faces,
                self.frames / self.fps,
                looks,
                stands=1 / self.fps if self.fps < 10 else 0.0,
                portray=lambda face: None if hidden else portraits[id(face)],
            )
            self.frames += 1
        return dict(zip(people, numbers, strict=True))


@pytest.mark.parametrize("fps", [2, 10, 30])
@pytest.mark.parametrize("seat", [SEAT, OTHER_SEAT])
def test_who_is_back_after_a_minute_has_the_old_number(fps: float, seat: Face) -> None:
    room = Room(fps, confirm=0.1)
    room.see(2, one=(SEAT, portrait(1)))
    room.see(60)
    assert room.see(0.3, one=(seat, portrait(1))) == {"one": 1}
    room.see(60)
    assert room.see(0.3, two=(seat, portrait(2))) == {"two": 2}


@pytest.mark.parametrize("fps", [2, 10, 30])
@pytest.mark.parametrize("pause", [0.0, 1.0, 60.0])
def test_who_takes_the_seat_of_another_is_somebody_else(fps: float, pause: float) -> None:
    room = Room(fps, confirm=0.1)
    room.see(2, one=(SEAT, portrait(1)))
    if pause:
        room.see(pause)
    assert room.see(0.3, two=(SEAT, portrait(2))) == {"two": 2}
    assert room.see(0.3, one=(SEAT, portrait(1))) == {"one": 1}


@pytest.mark.parametrize("fps", [2, 10])
@pytest.mark.parametrize("seconds", [0.1, 3.0])
@pytest.mark.parametrize("who", [1, 2])
def test_who_changes_unseen_is_asked_as_soon_as_a_portrait_tells(
    fps: float, seconds: float, who: int
) -> None:
    """Until then nothing is kept: the portraits of one never are those of another."""
    room = Room(fps, confirm=0.1)
    room.see(2, one=(SEAT, portrait(1)))
    room.see(seconds, hidden=True, two=(SEAT, portrait(2)))
    assert room.see(1, two=(SEAT, portrait(who))) == {"two": who}
    assert room.see(1, one=(SEAT, portrait(1))) == {"one": 1}
    room.see(60)
    assert room.see(1, two=(SEAT, portrait(2))) == {"two": 2}


@pytest.mark.parametrize("who", [1, 2])
def test_who_comes_back_unseen_is_asked_as_soon_as_a_portrait_tells(who: int) -> None:
    tracker = Tracker(confirm=0.1)
    tracker.update([SEAT], 0.0, look(1), portray=lambda _: portrait(1))
    tracker.update([], 0.1, look(), portray=lambda _: None)
    for index, kind in enumerate((3, 1, 1, 1)):
        back = tracker.update([face(300)], 0.5 + index / 20, look(kind), portray=lambda _: None)
    assert back == (1,)
    for index in range(20):
        back = tracker.update(
            [face(300)], 0.7 + index / 20, look(1), portray=lambda _: portrait(who)
        )
    assert back == (who,)


def test_whom_another_comes_near_may_look_changed_for_a_moment_and_is_not_portrayed() -> None:
    near, far = face(100 + 1.5 * 80), face(400)
    for beside, seconds, number in ((near, 1.0, 1), (near, 3.0, 3), (far, 0.1, 3)):
        room = Room(fps=10, confirm=0.1)
        changed = portrait(5)
        room.see(2, one=(SEAT, portrait(1)), two=(OTHER_SEAT, portrait(2)))
        room.see(seconds, one=(SEAT, changed), two=(beside, portrait(2)))
        assert room.see(0.5, one=(SEAT, changed), two=(beside, portrait(2)))["one"] == number
        # Nothing of it went to the one who was expected.
        assert room.see(1, one=(SEAT, portrait(1)), two=(OTHER_SEAT, portrait(2)))["one"] == 1
        room.see(60)
        assert room.see(1, three=(SEAT, changed))["three"] == 3


def test_who_swaps_with_another_beside_is_told_at_once() -> None:
    room, near = Room(confirm=0.1), face(100 + 1.5 * 80)
    before = room.see(2, one=(SEAT, portrait(1)), two=(near, portrait(2)))
    after = room.see(0.3, one=(near, portrait(1)), two=(SEAT, portrait(2)))
    assert after == before


def test_a_portrait_is_asked_for_unless_a_face_looks_as_it_did_just_before() -> None:
    for alike, number in ((SUDDEN - 0.01, 2), (SUDDEN + 0.01, 1)):
        tracker = Tracker()
        tracker.update([SEAT], 0.0, look(1), portray=lambda _: portrait(1))
        later = alike * look(1) + np.sqrt(1 - alike**2) * look(2)
        later[:, GRID * GRID :] = 0
        assert tracker.update([SEAT], 0.1, later, portray=lambda _: portrait(2)) == (number,)


@pytest.mark.parametrize("pause", [0.0, 1.0, 60.0])
def test_two_who_swap_places_keep_their_numbers(pause: float) -> None:
    room = Room(confirm=0.1)
    before = room.see(2, one=(SEAT, portrait(1)), two=(OTHER_SEAT, portrait(2)))
    if pause:
        room.see(pause)
    after = room.see(0.3, one=(OTHER_SEAT, portrait(1)), two=(SEAT, portrait(2)))
    assert after == before


def test_who_may_be_one_who_is_away_is_looked_at_for_a_moment_longer() -> None:
    unclear = portrait(3, 1, (STRANGER + SAME) / 2)
    for later, number in ((unclear, 2), (portrait(1), 1)):
        room = Room(confirm=0.1)
        room.see(2, one=(SEAT, portrait(1)))
        room.see(5)
        assert room.see(0.4, one=(OTHER_SEAT, unclear)) == {"one": UNCONFIRMED}
        assert room.see(0.3, one=(OTHER_SEAT, later)) == {"one": number}


def test_where_frames_are_few_who_may_be_one_who_is_away_gets_a_second_look() -> None:
    unclear = portrait(3, 1, (STRANGER + SAME) / 2)
    for later, number in ((unclear, 2), (portrait(1), 1)):
        room = Room(fps=2, confirm=0.1)
        room.see(2, one=(SEAT, portrait(1)))
        room.see(5)
        assert room.see(one=(OTHER_SEAT, unclear)) == {"one": UNCONFIRMED}
        assert room.see(one=(OTHER_SEAT, later)) == {"one": number}


def test_nobody_is_known_in_the_next_sitting() -> None:
    room = Room()
    room.see(2, one=(SEAT, portrait(1)), two=(OTHER_SEAT, portrait(2)))
    room.tracker.reset()
    assert room.see(1, two=(SEAT, portrait(2))) == {"two": 1}


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abcd"), max_size=4, unique=True), st.floats(0.1, 4)),
        max_size=8,
    )
)
def test_each_who_comes_and_goes_has_one_number_of_their_own(
    scenes: list[tuple[list[str], float]],
) -> None:
    room, owner = Room(fps=2), dict[str, int]()
    seats = [face(300 * seat) for seat in range(4)]
    for people, seconds in scenes:
        there = {
            who: (seat, portrait("abcd".index(who)))
            for who, seat in zip(people, seats, strict=False)
        }
        for who, number in room.see(seconds, **there).items():
            assert owner.setdefault(who, number) == number
    assert len(set(owner.values())) == len(owner)
