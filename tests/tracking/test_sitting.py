"""The sitting: who is back is known for sure or not at all, and what is kept has bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tracking.portraits import portrait

from mien.tracking.portrait import WIDTH
from mien.tracking.sitting import (
    CROWD,
    GRAY,
    MARGIN,
    PEOPLE,
    PORTRAITS,
    SAME,
    STRANGER,
    Sitting,
    least,
)


def sitting_with(*kinds: int, together: bool = True) -> Sitting:
    """People 1, 2, … of these kinds, side by side or one after the other."""
    sitting = Sitting(remember=100)
    numbers = range(1, len(kinds) + 1)
    for number, kind in zip(numbers, kinds, strict=True):
        sitting.meet(numbers if together else [number], number)
        sitting.keep(number, portrait(kind))
    return sitting


def test_who_is_back_is_known_and_who_is_new_is_not() -> None:
    sitting = sitting_with(1, 2)
    assert sitting.recognise({7: portrait(2), 8: portrait(3)}, set()) == {7: 2}
    assert sitting.recognise({0: portrait(3, 1, SAME - 0.01)}, set()) == {}
    assert sitting.recognise({0: portrait(3, 1, SAME + CROWD + 0.01)}, set()) == {0: 1}


def test_who_is_there_is_nobody_else() -> None:
    assert sitting_with(1, 2).recognise({0: portrait(1)}, {1}) == {}


def test_two_who_look_alike_are_not_told_apart_by_guessing() -> None:
    twins = sitting_with(1, 1)
    assert twins.recognise({0: portrait(1)}, set()) == {}
    assert twins.recognise({0: portrait(1)}, {2}) == {}


def test_of_two_new_faces_that_are_alike_none_is_who_left() -> None:
    sitting = sitting_with(1)
    less = portrait(2, 1, 1 - MARGIN / 2)
    assert sitting.recognise({0: portrait(1), 1: less}, set()) == {}
    far = portrait(2, 1, 1 - 2 * MARGIN)
    assert sitting.recognise({0: portrait(1), 1: far}, set()) == {0: 1}


def test_one_who_got_two_numbers_one_after_the_other_gets_no_third() -> None:
    sitting = sitting_with(1, 1, together=False)
    assert sitting.recognise({0: portrait(1)}, set())[0] in {1, 2}


def test_who_is_away_for_long_is_forgotten() -> None:
    sitting = sitting_with(1)
    sitting.meet([], 101)
    assert sitting.recognise({0: portrait(1)}, set()) == {0: 1}
    sitting.meet([], 101.5)
    assert sitting.recognise({0: portrait(1)}, set()) == {}
    assert sitting.size == 0


def test_after_a_reset_nobody_is_known() -> None:
    sitting = sitting_with(1)
    sitting.reset()
    assert sitting.recognise({0: portrait(1)}, set()) == {}


def test_other_looks_of_someone_are_kept_and_the_oldest_people_go() -> None:
    sitting = sitting_with(1)
    for kind in range(2, PORTRAITS + 1):
        sitting.keep(1, portrait(kind))
    for _ in range(3 * PORTRAITS):
        sitting.keep(1, portrait(PORTRAITS))
    assert sitting.recognise({0: portrait(1)}, set()) == {0: 1}
    for number in range(2, PEOPLE + 2):
        sitting.meet([number], number)
    assert not sitting.is_known(1)


@given(st.permutations(range(1, PEOPLE + 9)))
def test_of_a_crowd_the_first_to_come_are_kept_in_whatever_order_they_are_told(
    numbers: list[int],
) -> None:
    sitting = Sitting(remember=100)
    sitting.meet(numbers, 1)
    for number in numbers:
        sitting.keep(number, portrait(number))
    assert [number for number in sorted(numbers) if sitting.is_known(number)] == list(
        range(1, PEOPLE + 1)
    )


@given(
    st.lists(
        st.tuples(st.sets(st.integers(1, 99), min_size=1), st.floats(0, 10)), min_size=2, max_size=5
    ),
    st.sampled_from([0.0, 20.0]),
)
def test_what_is_kept_has_bounds(frames: list[tuple[set[int], float]], remember: float) -> None:
    sitting, now = Sitting(remember=remember), 0.0
    for numbers, step in [*frames, (set(range(60)), 1.0)]:
        now += step
        sitting.meet(numbers, now)
        for number in numbers:
            sitting.keep(number, portrait(number))
        assert len(sitting) <= PEOPLE
        assert sitting.size <= PEOPLE * PORTRAITS * 4 * WIDTH < 2_000_000


def test_a_face_at_the_place_of_one_is_another_where_it_is_more_alike_to_them() -> None:
    between = portrait(1, 2, SAME + 0.005)
    assert not sitting_with(2, 3).is_another(1, between)
    assert sitting_with(2, 1).is_another(1, between)
    # One person who got two numbers is nobody else.
    one = sitting_with(2, 1, together=False)
    one.keep(2, portrait(2))
    assert not one.is_another(1, between)
    assert sitting_with(2, 3).is_another(1, portrait(1, 2, SAME - 0.02))


@given(
    st.integers(1, 8),
    st.sets(st.integers(1, 8)),
    st.floats(0, 1),
    st.booleans(),
)
def test_nobody_is_back_who_is_not_like_enough_for_so_many_who_may_be(
    people: int, present: set[int], share: float, gray: bool
) -> None:
    sitting = sitting_with(*range(1, people + 1))
    new = portrait(20, 1, share, gray=gray)
    away = [number for number in range(1, people + 1) if number not in present]
    enough = SAME + GRAY * gray + CROWD * np.log2(max(1, len(away)))
    assert least(new, len(away)) == pytest.approx(enough)
    known = sitting.recognise({0: new}, present)
    # The tones of a gray picture are not those of one in colour, so that even less is alike.
    alike = sitting.likeness(1, new)
    assert known == ({0: 1} if 1 in away and alike >= enough else {})
    assert sitting.may_be_back(new, present) == (1 in away and STRANGER <= alike < enough)


def test_beside_another_a_face_is_whose_it_is_more_like() -> None:
    sitting, little = sitting_with(1, 2), SAME - 0.1
    for kind, another in ((1, False), (2, True)):
        new = portrait(9, kind, little)
        assert sitting.is_another(1, new)
        assert sitting.is_another(1, new, beside=True) == another


@pytest.mark.parametrize("beside", [False, True])
def test_twins_are_who_they_are_by_their_places(beside: bool) -> None:
    sitting = sitting_with(1, 2)
    twin = portrait(2, 1, SAME + 0.1)  # of person 2, whom person 1 resembles as much as themselves
    sitting.keep(2, twin)
    assert not sitting.is_another(1, twin, beside=beside)
    assert not sitting.is_another(2, portrait(1), beside=beside)
    unlike = sitting_with(1, 2)
    assert unlike.is_another(1, portrait(2), beside=beside)


def test_without_colour_more_has_to_be_alike() -> None:
    sitting = Sitting(remember=100)
    sitting.meet([1], 0)
    sitting.keep(1, portrait(1, gray=True))
    for share, back in ((SAME + GRAY - 0.01, {}), (SAME + GRAY + 0.01, {0: 1})):
        new = portrait(2, 1, share, gray=True)
        assert sitting.recognise({0: new}, set()) == back
        assert sitting.is_another(1, new) == (not back)
