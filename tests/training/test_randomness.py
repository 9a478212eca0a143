"""Random numbers follow from seed and row alone, whoever is beside them, and are spread evenly."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from mien.training.randomness import Draws, key_of

CPU = torch.device("cpu")


def draws(rows: np.ndarray, *key: int) -> Draws:
    return Draws(rows, *key, device=CPU)


@given(
    rows=st.lists(st.integers(0, 10**12), min_size=1, max_size=20, unique=True),
    key=st.lists(st.integers(-(2**63), 2**64 - 1), max_size=3),
    before=st.integers(0, 70),
)
def test_a_row_has_its_numbers_whoever_is_beside_it(
    rows: list[int], key: list[int], before: int
) -> None:
    together = draws(np.array(rows), *key)
    alone = [draws(np.array([row]), *key) for row in rows]
    for one in (together, *alone):
        for _ in range(before):
            one.uniform()
    assert torch.equal(together.uniform(2, 5), torch.cat([one.uniform(2, 5) for one in alone]))
    assert together.whole(7).tolist() == [int(one.whole(7)[0]) for one in alone]
    chosen = [place for place, one in enumerate(alone) if len(one.some(0.5))]
    assert together.some(0.5).tolist() == chosen
    assert torch.equal(together.noise(2, 5), torch.cat([one.noise(2, 5) for one in alone]))


def test_numbers_are_spread_evenly() -> None:
    one = draws(np.arange(50_000), 3, 1)
    first, second = one.uniform(), one.uniform()
    for values in (first, second):
        counts = torch.histc(values, 20, 0, 1)
        assert ((counts - 2500).abs() < 5 * 2500**0.5).all()
        assert values.min() >= 0
        assert values.max() < 1
    assert abs(float(torch.corrcoef(torch.stack([first, second]))[0, 1])) < 0.02
    assert abs(float(torch.corrcoef(torch.stack([first[1:], first[:-1]]))[0, 1])) < 0.02


@pytest.mark.parametrize("other", [(3, 2), (4, 1), (3,), (1, 3), (3, 1, 0)])
def test_another_key_gives_other_numbers(other: tuple[int, ...]) -> None:
    rows = np.arange(2000)
    a, b = draws(rows, 3, 1).uniform(), draws(rows, *other).uniform()
    assert abs(float(torch.corrcoef(torch.stack([a, b]))[0, 1])) < 0.1
    assert key_of(3, 1) != key_of(*other)


def test_noise_is_normal_and_neither_fields_nor_faces_nor_pixels_go_together() -> None:
    some = draws(np.arange(40), 0)
    one, other = some.noise(1, 48), some.noise(1, 48)
    for field in (one, other):
        assert float(field.mean()) == pytest.approx(0, abs=0.02)
        assert float(field.std()) == pytest.approx(1, abs=0.02)
        assert float((field**4).mean()) == pytest.approx(3, abs=0.15)
    for a, b in (
        (one, other),
        (one[..., 1:], one[..., :-1]),
        (one[..., 1:, :], one[..., :-1, :]),
        (one[1:], one[:-1]),
    ):
        assert float((a * b).mean()) == pytest.approx(0, abs=0.02)
    assert some.noise(3, 400).shape == (40, 3, 400, 400)  # longer than the row is at first


def test_kinds_are_as_likely_and_no_face_is_of_two() -> None:
    found = dict(draws(np.arange(20_000), 4).kinds(0.3, 4))
    assert sorted(found) == [0, 1, 2, 3]
    rows = torch.cat(list(found.values()))
    assert len(rows.unique()) == len(rows)
    assert all(len(own) == pytest.approx(1500, abs=150) for own in found.values())
    assert list(draws(np.arange(100), 4).kinds(0.0, 4)) == []


def test_more_numbers_are_made_when_they_run_out() -> None:
    one = draws(np.arange(300), 5)
    values = torch.stack([one.uniform() for _ in range(150)])
    assert len(values.flatten().unique()) > 0.99 * values.numel()


def test_whole_numbers_stay_below_and_reach_all() -> None:
    found = draws(np.arange(5000), 9).whole(7)
    assert set(found.tolist()) == set(range(7))
