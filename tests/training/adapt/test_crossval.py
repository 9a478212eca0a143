"""Faces are judged by what did not learn from them."""

import numpy as np
import pytest

from mien.training.adapt.crossval import Learner, Own, Rehearsed, dealt, judge
from mien.training.adapt.head import Basis, Head


def own(count: int = 40, seed: int = 0, *, signal: float = 0.0) -> Own:
    rng = np.random.default_rng(seed)
    truth = np.arange(count) % 2
    features = rng.normal(0, 1, (count, 6)) + signal * truth[:, None]
    return Own(features.astype(np.float32), truth, np.arange(count) // 4)


def learner(faces: Own, known: Rehearsed | None = None) -> Learner:
    nobody = Rehearsed(faces.features[:0], np.zeros((0, 2)), 1.0)
    zero = Head(np.zeros((2, 6)), np.zeros(2))
    return Learner(zero, known or nobody, Basis.of(faces.features))


def test_units_stay_together_and_every_face_is_judged_once() -> None:
    faces = own()
    judged = []
    for learnt, left in dealt(faces, 5, seed=0):
        assert not set(faces.units[learnt]) & set(faces.units[left])
        judged += left.tolist()
    assert sorted(judged) == list(range(len(faces)))


def test_labels_by_chance_are_read_by_chance() -> None:
    hits = []
    for seed in range(12):
        faces = own(seed=seed)
        said = judge(learner(faces), faces, 5).logits.argmax(axis=1)
        hits.append(float((said == faces.truth).mean()))
    assert np.mean(hits) == pytest.approx(0.5, abs=0.1)


def test_what_can_be_learnt_is_and_weakly_pulled() -> None:
    faces = own(signal=2.0)
    found = judge(learner(faces), faces, 5)
    assert (found.logits.argmax(axis=1) == faces.truth).mean() > 0.9
    assert len(found.strengths) == 5


def test_where_nothing_can_be_learnt_the_strongest_pull_is_chosen() -> None:
    faces = own(seed=3)
    one = learner(faces)
    assert one.choose(faces, 5) >= 10


def test_known_faces_are_rehearsed_but_not_those_that_judge() -> None:
    faces = own()
    rng = np.random.default_rng(1)
    known = Rehearsed(
        rng.normal(0, 1, (50, 6)).astype(np.float32), np.eye(2)[rng.integers(0, 2, 50)], 0.5
    )
    lesson = known.lesson(20, without=np.arange(0, 50, 2))
    np.testing.assert_array_equal(lesson.features, known.features[1::2])
    assert lesson.weights.sum() == pytest.approx(0.5 * 20 * 2)
    assert judge(learner(faces, known), faces, 5).known.shape == (50, 2)


def test_rare_classes_count_as_much_as_frequent_ones() -> None:
    faces = Own(np.zeros((10, 6), np.float32), np.array([0] * 8 + [1] * 2), np.arange(10))
    lesson = faces.lesson(2)
    assert lesson.weights.sum() == pytest.approx(10)
    assert lesson.weights[:8].sum() == pytest.approx(lesson.weights[8:].sum())
