"""Rows that belong together are found, by whatever pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.datasets.preparation import former

from mien.datasets.preparation.linking import clusters


@given(
    st.integers(1, 30).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40),
        )
    )
)
def test_clusters_are_the_connected_parts(case: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = case
    found = clusters(np.array(pairs, dtype=np.int64).reshape(-1, 2), count)
    reached = {i: {i} for i in range(count)}
    for a, b in pairs:
        joined = reached[a] | reached[b]
        for i in joined:
            reached[i] = joined
    assert found.tolist() == [min(reached[i]) for i in range(count)]


def test_long_chains_in_any_order_are_one_cluster() -> None:
    count = 3000
    order = np.random.default_rng(0).permutation(count)
    chain = np.stack([order[:-1], order[1:]], axis=1)
    assert not clusters(chain, count).any()
    halves = np.concatenate([chain[:1000], chain[1001:]])
    assert np.array_equal(clusters(halves, count), former.clusters(halves, count))
