"""A model that is no good, and one that a shipped model beats, are told so; good ones are not."""

import numpy as np
import pytest

from mien.training.expression.verdict import no_better_than_chance, remarks, rival_remark
from mien.types import InputSpec, PixelArray, ProbabilityArray

CLASSES = ("angry", "happy", "sad")


def faces_of(counts: tuple[int, ...]) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts).astype(np.int64)


def test_one_answer_for_every_face_is_chance_and_names_what_is_never_answered() -> None:
    truth = faces_of((5, 20, 5))
    found = remarks(truth, np.ones_like(truth), CLASSES, begun=False)
    assert "no better than chance: 66.7% of the 30 validation faces of 3 classes" in found[0]
    assert "--from fer8" in found[0]
    begun = remarks(truth, np.ones_like(truth), CLASSES, begun=True)
    assert begun[0].endswith("; more pictures help")
    assert [text.split(",")[0] for text in found[1:]] == [
        "never answers angry",
        "never answers sad",
    ]


@pytest.mark.parametrize("counts", [(10, 10, 10), (40, 400, 40), (3, 90, 3)])
def test_guesses_are_chance_however_the_classes_are_shared_out(counts: tuple[int, ...]) -> None:
    truth = faces_of(counts)
    chance = [
        no_better_than_chance(truth, np.random.default_rng(seed).permutation(truth), 3)
        for seed in range(40)
    ]
    assert np.mean(chance) > 0.85


def test_a_good_model_is_told_nothing() -> None:
    truth = faces_of((20, 20, 20))
    said = np.where(np.arange(60) % 4 == 0, (truth + 1) % 3, truth)
    assert remarks(truth, said, CLASSES, begun=False) == []


def test_a_class_with_hardly_a_face_is_not_missed() -> None:
    truth = faces_of((30, 30, 2))
    assert remarks(truth, np.where(truth == 2, 0, truth), CLASSES, begun=False) == []


class Rival:
    """Reads the class that the first pixel names, by its own order of labels."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self.spec = InputSpec(8, 1, 1.0)
        self.other = False

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        named = [self.labels.index(CLASSES[pixel]) for pixel in faces[:, 0, 0, 0]]
        return np.eye(len(self.labels), dtype=np.float32)[named]


def told(labels: tuple[str, ...], truth: np.ndarray, said: np.ndarray) -> str | None:
    def faces(spec: InputSpec) -> PixelArray:
        return np.full((len(truth), spec.size, spec.size, 1), truth[:, None, None, None], np.uint8)

    return rival_remark(CLASSES, truth, said, "fer4", Rival(labels), faces)


def test_a_better_rival_is_named_whatever_the_order_of_its_labels() -> None:
    truth = faces_of((10, 10, 10))
    text = told(("sad", "angry", "neutral", "happy"), truth, (truth + (truth == 0)) % 3)
    assert text is not None
    assert "fer4 as shipped reads these faces better: 100.0% against 66.7% of 30" in text


def test_only_the_classes_that_both_know_are_compared() -> None:
    truth = faces_of((10, 10, 10))
    text = told(("happy", "angry"), truth, np.zeros_like(truth))
    assert text is not None
    assert "the 2 classes it knows better: 100.0% against 50.0% of 20" in text


@pytest.mark.parametrize("labels", [("angry", "sad", "happy"), ("angry", "tired"), ("a", "b")])
def test_a_rival_that_is_no_better_or_knows_other_classes_is_not_named(
    labels: tuple[str, ...],
) -> None:
    truth = faces_of((10, 10, 10))
    assert told(labels, truth, truth) is None
