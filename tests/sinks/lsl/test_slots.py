"""People who come and go share a few streams."""

from hypothesis import given
from hypothesis import strategies as st

from mien.sinks.lsl.slots import Slots

frames = st.lists(
    st.tuples(
        st.floats(0.01, 3.0), st.sampled_from(["a", "b"]), st.sets(st.integers(1, 5), max_size=4)
    ),
    max_size=40,
)


def seats(slots: Slots, tracks: list[int], now: float) -> dict[int, int]:
    return {track: slot.number for track, slot in slots.seat("a", tracks, now).items()}


def test_who_comes_gets_the_first_free_place_and_keeps_it() -> None:
    slots = Slots(2, 2.0)
    assert seats(slots, [1, 2], 0.0) == {1: 1, 2: 2}
    assert seats(slots, [2], 1.0) == {2: 2}
    assert seats(slots, [1, 2], 1.5) == {1: 1, 2: 2}


def test_a_place_is_kept_for_a_while_and_then_given_to_another() -> None:
    slots = Slots(1, 2.0)
    assert seats(slots, [1], 0.0) == {1: 1}
    assert seats(slots, [2], 1.0) == {}
    assert seats(slots, [2], 2.1) == {2: 1}


@given(frames)
def test_a_place_has_one_person_and_a_person_one_place(frames) -> None:
    slots, now = Slots(3, 2.0), 0.0
    for step, source, tracks in frames:
        now += step
        places = slots.seat(source, tracks, now)
        numbers = [slot.number for slot in places.values()]
        assert len(set(numbers)) == len(numbers)
        assert set(places) <= tracks
        taken = [slot.person for slot in slots.slots if slot.person is not None]
        assert len(set(taken)) == len(taken)
        # Nobody is left out while a place is free.
        assert len(places) == len(tracks) or len(taken) == 3
