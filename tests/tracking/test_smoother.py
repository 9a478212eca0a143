"""The smoother: steady whatever the frame rate, quick at first sight, never flickering."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mien.models.decision import is_sure
from mien.tracking.smoother import NOT_SURE_MARGIN, Smoother
from mien.types import ProbabilityArray


def smoother(**settings: Any) -> Smoother:
    return Smoother(**{"not_sure_below": 0.4, **settings})


def sure(index: int, confidence: float = 0.9, classes: int = 4) -> ProbabilityArray:
    values = np.full(classes, (1 - confidence) / (classes - 1), dtype=np.float32)
    values[index] = confidence
    return values


def unit(values: np.ndarray) -> ProbabilityArray:
    return np.asarray(values / values.sum(), dtype=np.float32)


signals = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 60), st.just(4)), elements=st.floats(1 / 128, 1, width=32)
).map(lambda rows: rows / rows.sum(axis=1, keepdims=True))


@settings(max_examples=50)
@given(signals, st.floats(0.001, 1))
def test_probabilities_sum_to_one_and_stay_within_what_was_read(
    signal: np.ndarray, step: float
) -> None:
    tested = smoother()
    for index, row in enumerate(signal):
        result = tested.update(1, row, index * step).probabilities
        assert result.dtype == np.float32
        assert result.sum() == pytest.approx(1, abs=1e-5)
        seen = signal[: index + 1]
        assert (result >= seen.min(axis=0) - 1e-5).all()
        assert (result <= seen.max(axis=0) + 1e-5).all()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=6), st.sampled_from([(10, 60), (5, 30)]))
def test_the_frame_rate_does_not_matter(parts: list[int], rates: tuple[int, int]) -> None:
    """A signal that changes every 2 seconds ends alike; labels too, once they have settled."""
    ends = []
    for fps in rates:
        tested = smoother()
        frames = [(i / fps, parts[int(i / fps) // 2]) for i in range(2 * fps * len(parts))]
        # The first frame of a part counts for the time since the one before: end at one time.
        results = [tested.update(1, sure(part), now) for now, part in frames]
        ends.append(results[-1])
    slow, fast = ends
    assert np.allclose(slow.probabilities, fast.probabilities, atol=0.01)
    assert slow.label_index == fast.label_index == parts[-1]


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_after_one_time_constant_a_step_is_two_thirds_done(fps: int) -> None:
    tested = smoother(time_constant=0.5)
    tested.update(1, sure(0, 1.0), 0.0)
    results = [tested.update(1, sure(1, 1.0), i / fps) for i in range(1, fps // 2 + 1)]
    assert results[-1].probabilities[1] == pytest.approx(1 - np.exp(-1), abs=1e-4)


@given(signals, st.floats(0.005, 0.3), st.floats(0.1, 0.8))
def test_the_label_never_changes_faster_than_hold(
    signal: np.ndarray, step: float, hold: float
) -> None:
    tested = smoother(hold=hold, time_constant=0.01)
    labels = [tested.update(1, row, i * step).label_index for i, row in enumerate(signal)]
    changes = [i * step for i in range(1, len(labels)) if labels[i] != labels[i - 1]]
    assert all(later - earlier >= hold - 1e-6 for earlier, later in pairwise(changes))
    assert not changes or changes[0] >= hold - 1e-6


def test_the_first_sight_shows_at_once() -> None:
    assert smoother().update(1, sure(2), 0.0).label_index == 2
    assert smoother().update(1, sure(2, 0.35), 0.0).label_index is None
    assert smoother().update(1, sure(2), 0.0, doubt="dark").label_index is None


def test_another_label_shows_after_it_has_held() -> None:
    tested = smoother(time_constant=0, hold=0.4)
    tested.update(1, sure(0), 0.0)
    shown = [tested.update(1, sure(1), 0.1 + i / 10).label_index for i in range(6)]
    assert shown == [0, 0, 0, 0, 1, 1]


def test_a_label_that_does_not_hold_is_not_shown() -> None:
    tested = smoother(time_constant=0, hold=0.4)
    shown = {tested.update(1, sure(int(i % 3 == 0)), i / 10).label_index for i in range(30)}
    assert shown == {1}


def test_not_sure_has_a_margin() -> None:
    tested = smoother(time_constant=0, hold=0, hold_unsure=0)
    confidences = [0.41, 0.4 - NOT_SURE_MARGIN / 2, 0.4 - NOT_SURE_MARGIN * 1.2, 0.38, 0.41]
    shown = [tested.update(1, sure(3, c), i / 10).label_index for i, c in enumerate(confidences)]
    assert shown == [3, 3, None, None, 3]


def test_doubt_becomes_not_sure_after_it_has_held_and_keeps_the_probabilities() -> None:
    tested = smoother(hold_unsure=0.4)
    tested.update(1, sure(0), 0.0)
    results = [tested.update(1, sure(0), i / 10, doubt="dark") for i in range(1, 7)]
    assert [r.label_index for r in results] == [0, 0, 0, 0, None, None]
    assert results[-1].probabilities[0] == pytest.approx(0.9, abs=1e-5)


def test_a_word_gives_way_to_another_sooner_than_to_not_sure() -> None:
    ends = []
    for row in (sure(1), sure(1, 0.27)):
        tested = smoother(time_constant=0, hold=0.25, hold_unsure=0.55)
        tested.update(1, sure(0), 0.0)
        shown = [tested.update(1, row, i / 10).label_index for i in range(1, 10)]
        ends.append(next(i / 10 for i, label in enumerate(shown, 1) if label != 0))
    assert ends == [pytest.approx(0.4), pytest.approx(0.7)]


def test_faces_do_not_mix() -> None:
    tested = smoother()
    for index in range(20):
        first = tested.update(1, sure(0), index / 10)
        second = tested.update(2, sure(1), index / 10)
    assert np.allclose(first.probabilities, sure(0))
    assert np.allclose(second.probabilities, sure(1))


def test_forgotten_faces_start_afresh() -> None:
    tested = smoother()
    tested.update(1, sure(0), 0.0)
    tested.update(2, sure(0), 0.0)
    tested.keep([2])
    assert tested.update(1, sure(1), 0.1).label_index == 1
    assert tested.update(2, sure(1), 0.1).label_index == 0
    tested.reset()
    assert tested.update(2, sure(1), 0.2).label_index == 1


def test_what_was_given_is_not_changed() -> None:
    given_first = sure(0)
    tested = smoother()
    tested.update(1, given_first, 0.0)
    tested.update(1, sure(1), 1.0)
    assert np.array_equal(given_first, sure(0))


def test_time_that_jumps_back_counts_as_none() -> None:
    tested = smoother()
    tested.update(1, sure(0), 10.0)
    assert np.allclose(tested.update(1, sure(1), 3.0).probabilities, sure(0))
    assert tested.update(1, sure(1), 4.0).probabilities[1] > 0.8


@pytest.mark.parametrize("fps", [1, 2, 5])
def test_where_frames_are_few_another_label_shows_at_once(fps: int) -> None:
    tested = smoother()
    rows = [index % 2 for index in range(6)]
    shown = [
        tested.update(1, sure(row), index / fps, stands=1 / fps).label_index
        for index, row in enumerate(rows)
    ]
    assert shown == rows


@given(signals, st.floats(0.005, 2), st.floats(0.2, 0.8))
def test_what_the_probabilities_say_is_what_the_decision_rule_says(
    signal: np.ndarray, step: float, below: float
) -> None:
    """Whatever is shown: a row of a table must not contradict itself."""
    tested = smoother(not_sure_below=below)
    for index, row in enumerate(signal):
        result = tested.update(1, row, index * step, doubt="dark" if index % 5 == 4 else None)
        sure_of = (
            is_sure(result.probabilities, np.float32(0), below) and result.own_reason != "dark"
        )
        assert result.own_index == (result.probabilities.argmax() if sure_of else None)
        assert (result.own_index is None) == (result.own_reason is not None)


@pytest.mark.parametrize("fps", [10, 24, 25, 30, 50, 60])
def test_a_hold_that_is_so_many_frames_is_no_frame_longer(fps: int) -> None:
    """Sums of rounded times fall short: the word must not come a frame late for it."""
    frames = round(0.2 * fps)
    hold = frames / fps
    smoother = Smoother(not_sure_below=0.4, time_constant=0.0, hold=hold)
    before, after = (np.array(p, np.float32) for p in ([0.9, 0.1], [0.1, 0.9]))
    smoother.update(1, before, 0.0)
    shown = [smoother.update(1, after, (i + 1) / fps).label_index for i in range(frames + 1)]
    assert shown == [0] * frames + [1]


outcomes = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 30), st.just(5)), elements=st.floats(1 / 128, 1, width=32)
).map(lambda rows: rows / rows.sum(axis=1, keepdims=True))


@settings(max_examples=40)
@given(outcomes, st.floats(0.001, 1))
def test_the_mean_is_of_all_outcomes_alike(signal: np.ndarray, step: float) -> None:
    """Linear: each outcome's mean is the same whatever stands beside it, label or not."""
    tested = smoother(other=True)
    parts = [smoother() for _ in signal[0]]
    for index, row in enumerate(signal):
        result = tested.update(1, row, index * step).probabilities
        pairs = [np.array([share, 1 - share], np.float32) for share in row]
        alone = zip(parts, pairs, strict=True)
        means = [one.update(1, pair, index * step).probabilities[0] for one, pair in alone]
    np.testing.assert_allclose(result, means, atol=1e-5)


@given(outcomes, st.floats(0.005, 0.3))
def test_without_something_else_nothing_is_decided_otherwise(
    signal: np.ndarray, step: float
) -> None:
    signal = np.apply_along_axis(unit, 1, signal[:, :4])
    wider = np.column_stack([signal, np.zeros(len(signal), np.float32)])
    plain, tested = smoother(), smoother(other=True)
    for index, (row, more) in enumerate(zip(signal, wider, strict=True)):
        wanted = plain.update(1, row, index * step)
        given = tested.update(1, more, index * step)
        assert (given.label_index, given.reason) == (wanted.label_index, wanted.reason)


@given(outcomes, st.floats(0.005, 0.3))
def test_there_is_a_label_or_a_reason(signal: np.ndarray, step: float) -> None:
    tested = smoother(other=True)
    for index, row in enumerate(signal):
        shown = tested.update(1, row, index * step, doubt="dark" if index % 7 == 6 else None)
        assert (shown.label_index is None) == (shown.reason is not None)


def joint(label: float, other: float) -> ProbabilityArray:
    rest = (1 - label - other) / 3
    return np.array([label, rest, rest, rest, other], np.float32)


def test_it_says_why_it_is_not_sure() -> None:
    first = [
        smoother(other=True).update(1, *given, 0.0).reason
        for given in ([joint(0.3, 0.6)], [joint(0.35, 0.1)], [joint(0.9, 0.05)])
    ]
    assert first == ["something else", "not sure enough", None]
    assert smoother(other=True).update(1, joint(0.9, 0), 0.0, doubt="dark").reason == "dark"


def test_a_word_gives_way_to_something_else_after_it_has_held() -> None:
    tested = smoother(other=True, time_constant=0, hold_unsure=0.4)
    tested.update(1, joint(0.9, 0.05), 0.0)
    shown = [tested.update(1, joint(0.2, 0.7), i / 10) for i in range(1, 7)]
    assert [one.label_index for one in shown] == [0, 0, 0, 0, None, None]
    assert [one.reason for one in shown] == [None] * 4 + ["something else"] * 2


def test_the_reason_is_as_steady_as_the_word() -> None:
    tested = smoother(other=True, time_constant=0, hold=0.2, hold_unsure=0.4)
    tested.update(1, joint(0.3, 0.6), 0.0)
    rows = [joint(0.35, 0.2) if i % 3 else joint(0.3, 0.6) for i in range(31)]
    shown = [tested.update(1, row, (i + 1) / 10).reason for i, row in enumerate(rows)]
    assert set(shown) == {"something else"}
    changed = [tested.update(1, joint(0.35, 0.2), 3.2 + i / 10).reason for i in range(6)]
    assert changed == ["something else"] * 4 + ["not sure enough"] * 2
    # A word that has yet to hold changes nothing of it.
    first, later = (tested.update(1, joint(0.9, 0), 4 + i / 5) for i in range(2))
    assert (first.label_index, first.reason) == (None, "not sure enough")
    assert (later.label_index, later.reason) == (0, None)


def test_something_else_must_be_ahead_by_the_margin_to_take_a_word_away() -> None:
    tested = smoother(other=True, not_sure_below=0.2, time_constant=0, hold=0, hold_unsure=0)
    others = [0.4, 0.44 + NOT_SURE_MARGIN / 2, 0.44 + NOT_SURE_MARGIN * 1.2, 0.5, 0.4]
    shown = [tested.update(1, joint(0.44, one), i / 10) for i, one in enumerate(others)]
    assert [one.label_index for one in shown] == [0, 0, None, None, 0]
    assert {one.reason for one in shown[2:4]} == {"something else"}
