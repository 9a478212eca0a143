"""An epoch takes every face once, in an order of its own, out of a buffer that stays bounded."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from mien.training.expression.feeding.order import Blocks, batches, in_order

lengths = st.lists(st.integers(1, 40), min_size=1, max_size=30)


def blocks_of(rows: list[int], size: int = 10) -> Blocks:
    return Blocks(np.cumsum([0, *rows]), np.array(rows) * size)


@given(
    rows=lengths,
    size=st.integers(1, 64),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 5),
    buffer=st.integers(0, 3000),
)
def test_every_face_is_taken_once_and_after_its_block_entered(
    rows: list[int], size: int, seed: int, epoch: int, buffer: int
) -> None:
    blocks, count = blocks_of(rows), sum(rows)
    steps = list(batches(blocks, size, seed, epoch, buffer))
    taken = np.concatenate([step.rows for step in steps])
    assert len(set(taken.tolist())) == len(taken)
    assert len(taken) == (count - count % size if count >= size else count)
    assert all((np.diff(step.rows) > 0).all() for step in steps)
    entered: list[int] = []
    for step in steps:
        entered += step.entering
        assert set(blocks.of(step.rows).tolist()) <= set(entered)
    assert len(set(entered)) == len(entered)
    again = list(batches(blocks, size, seed, epoch, buffer))
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(steps, again, strict=True))


def test_the_buffer_is_never_much_fuller_than_it_may_be() -> None:
    blocks = blocks_of([64] * 300)
    most = there = 0
    for step in batches(blocks, 32, 0, 0, 10 * 64 * 8):
        there += 64 * len(step.entering)
        most, there = max(most, there), there - len(step.rows)
    assert 64 * 8 <= most <= 64 * 10


def test_faces_of_far_blocks_come_together_and_small_sets_are_shuffled_whole() -> None:
    blocks = blocks_of([64] * 300)
    far = [np.ptp(blocks.of(step.rows)) for step in batches(blocks, 32, 0, 0, 10 * 64 * 8)]
    assert np.mean(far) > 100
    whole = np.concatenate([step.rows for step in batches(blocks, 1, 0, 0, 10**9)])
    assert abs(np.corrcoef(whole, np.arange(len(whole)))[0, 1]) < 0.03


def test_epochs_and_seeds_differ() -> None:
    orders = {
        tuple(next(batches(blocks_of([50, 50]), 10, seed, epoch)).rows.tolist())
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(orders) == 9


@given(rows=lengths, size=st.integers(1, 64))
def test_in_order_takes_all_as_they_lie(rows: list[int], size: int) -> None:
    blocks = blocks_of(rows)
    steps = list(in_order(blocks, size))
    assert np.array_equal(np.concatenate([step.rows for step in steps]), np.arange(sum(rows)))
    entered = [one for step in steps for one in step.entering]
    assert entered == list(range(len(rows)))
