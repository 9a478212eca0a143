"""A last layer is fitted to where the penalised likelihood has no slope."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.training.adapt.head import Basis, Head, Lesson, fit_heads, softmax


def lesson(seed: int, count: int = 30, width: int = 5, classes: int = 3) -> tuple[Head, Lesson]:
    rng = np.random.default_rng(seed)
    start = Head(rng.normal(0, 1, (classes, width)), rng.normal(0, 1, classes))
    features = rng.normal(1, 2, (count, width)).astype(np.float32)
    targets = np.eye(classes)[rng.integers(0, classes, count)]
    return start, Lesson(features, targets, rng.uniform(0.5, 2, count))


def slope(start: Head, found: Head, taught: Lesson, basis: Basis, strength: float) -> float:
    """Return the steepest slope of the penalised loss where a fit has ended."""
    faces = basis.of_faces(taught.features)
    weight = (found.weight - start.weight) / basis.scale
    bias = found.bias - start.bias + (found.weight - start.weight) @ basis.mean
    change = np.concatenate([weight, bias[:, None]], axis=1)
    wrong = softmax(found.logits(taught.features)) - taught.targets
    return float(np.abs(wrong.T @ (faces * taught.weights[:, None]) + strength * change).max())


@given(st.integers(0, 1000), st.sampled_from([0.3, 3.0, 100.0]))
def test_fit_ends_where_there_is_no_slope(seed: int, strength: float) -> None:
    start, taught = lesson(seed)
    basis = Basis.of(taught.features)
    (found,) = fit_heads(start, taught, basis, [strength])
    at_first = slope(start, start, taught, basis, strength)
    assert slope(start, found, taught, basis, strength) < 0.02 * max(1.0, at_first)


def test_strong_pull_keeps_what_is_there_and_weak_pull_learns() -> None:
    start, taught = lesson(0)
    strong, weak = fit_heads(start, taught, Basis.of(taught.features), [1e6, 0.01])
    np.testing.assert_allclose(strong.weight, start.weight, atol=1e-3)

    def right(head: Head) -> float:
        return float((head.logits(taught.features).argmax(1) == taught.targets.argmax(1)).mean())

    assert right(weak) > right(start) + 0.2


def test_new_classes_are_learnt_however_strong_the_pull_is() -> None:
    start, taught = lesson(1, classes=2)
    wider = Head(start.weight, start.bias).with_new(1)
    targets = np.eye(3)[np.where(taught.features[:, 0] > 1, 2, taught.targets.argmax(1))]
    basis = Basis.of(taught.features)
    with_new = Lesson(taught.features, targets, np.full(len(targets), 10.0))
    pulled, free = (fit_heads(wider, with_new, basis, [1e4], new)[0] for new in ((), (2,)))
    shown = targets[:, 2] == 1

    def found(head: Head) -> float:
        return float((head.logits(taught.features)[shown].argmax(1) == 2).mean())

    assert found(free) > 0.7 > found(pulled)
    np.testing.assert_allclose(free.weight[:2], start.weight, atol=0.1)


def test_a_head_is_parted_widened_and_divided() -> None:
    head = Head(np.array([[1.0, 2], [3, 4]]), np.array([0.0, 2]))
    assert len(head.with_new(2)) == 4
    np.testing.assert_allclose(head.with_new(1).weight[2], [2, 3])
    np.testing.assert_allclose(head.divided(2).bias, [0, 1])
    np.testing.assert_allclose(head.rows(np.array([1])).weight, [[3, 4]])
    assert head.rounded().weight == pytest.approx(head.weight)
