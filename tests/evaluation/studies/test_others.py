"""Faces of classes that a bundle does not know: who gets a word, and who does not."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.evaluation.pages import UNKNOWN

from mien.errors import DatasetError
from mien.evaluation.evaluate import evaluate
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.others import Others, OthersStudy, others_figures
from mien.models.info import ModelInfo
from mien.types import Box, InputSpec, PixelArray, ProbabilityArray

CLASSES = ("fear", "angry", "sad", "contempt")
ROWS = [
    *[("angry", 10, "ann"), ("sad", 100, "bob"), ("fear", 10, "ann"), ("fear", 255, "cid")],
    *[("contempt", 255, ""), ("contempt", 100, ""), ("fear", 10, "dan")],
]


class ElseClassifier:
    """Takes white faces for something else, and names all others by their gray."""

    labels = ("angry", "sad", "happy", "neutral")
    other = True
    spec = InputSpec(48, 1, 1.0)

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        means = faces.mean(axis=(1, 2, 3))
        result = np.full((len(faces), 5), 0.05, np.float32)
        result[np.arange(len(faces)), np.where(means > 250, 4, (means // 64).astype(int))] = 0.8
        return result


@pytest.fixture
def wide(info: ModelInfo) -> ModelInfo:
    return msgspec.structs.replace(info, other=True)


def asked(classifier, info: ModelInfo, data, detector=None, resamples: int = 0):
    studies = [OthersStudy()]
    found = evaluate(
        classifier, info, data, detector=detector, studies=studies, resamples=resamples
    )
    (others,) = found.findings
    return found.summary.evaluation, others


def test_other_classes_are_asked_and_are_in_no_other_figure(wide: ModelInfo, make_dataset) -> None:
    evaluation, found = asked(ElseClassifier(), wide, make_dataset(ROWS, CLASSES), resamples=0)
    assert evaluation.answers.truth.tolist() == [0, 1]
    assert (evaluation.skipped, len(evaluation.measures["brightness of the face"])) == ({}, 2)
    fear, contempt = found.classes
    assert (fear.name, fear.faces, fear.named.value) == ("fear", 3, pytest.approx(2 / 3))
    assert fear.words == pytest.approx((2 / 3, 0, 0, 0))
    assert (contempt.name, contempt.faces, contempt.named.value) == ("contempt", 2, 0.5)
    assert contempt.words == (0, 0.5, 0, 0)
    assert (found.faces, found.named.value, found.worst) == (5, pytest.approx(3 / 5), "fear")
    assert found.answered.value == 1
    # Of ten pairs four are of a surer known face, and six of two that are as sure.
    assert found.auroc.value == pytest.approx((4 + 6 / 2) / 10)
    assert math.isnan(found.named.low)


def test_without_something_else_the_confidence_is_the_score(
    classifier, info: ModelInfo, make_dataset
) -> None:
    _, found = asked(classifier, info, make_dataset(ROWS, CLASSES), resamples=20)
    assert (found.named.value, found.auroc.value) == (1, 0.5)
    assert 0 < found.named.low < found.named.high == 1


def test_intervals_are_drawn_over_groups_of_both_together(wide: ModelInfo, make_dataset) -> None:
    _, one = asked(ElseClassifier(), wide, make_dataset(ROWS, CLASSES), resamples=50)
    _, again = asked(ElseClassifier(), wide, make_dataset(ROWS, CLASSES), resamples=50)
    assert one == again
    assert one.named.low < one.named.value < one.named.high
    together = [(name, gray, "everyone") for name, gray, _ in ROWS]
    _, alone = asked(ElseClassifier(), wide, make_dataset(together, CLASSES), resamples=50)
    assert math.isnan(alone.named.low)


def test_a_folder_is_asked_through_the_detector(
    wide: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    files = {"sad/1.png": 100, "fear/1.png": 10, "fear/2.png": 0, "fear/3.png": 255}
    folder = make_folder({**files, "fear/broken.png": None}, side=96)
    detector = fixed_detector(Box(24, 24, 72, 72))
    evaluation, found = asked(ElseClassifier(), wide, folder, detector)
    (fear,) = found.classes
    assert (fear.faces, fear.without_face, fear.named.value) == (2, 1, 0.5)
    assert (evaluation.skipped, len(evaluation.answers.truth)) == ({}, 1)
    assert [entry.origin for entry in evaluation.unreadable] == ["fear/broken.png"]


def test_where_all_classes_are_known_there_is_nothing_to_ask(
    wide: ModelInfo, make_dataset, make_folder: Callable[..., Path]
) -> None:
    with pytest.raises(DatasetError, match="leave out --others"):
        asked(ElseClassifier(), wide, make_dataset(ROWS[:2], ("angry", "sad")))
    with pytest.raises(DatasetError, match="leave out --others"):
        asked(ElseClassifier(), wide, make_folder({"sad/1.png": 9}))


def test_no_face_of_another_class_gives_no_figure(evaluation: Evaluation) -> None:
    missed = Answers(
        np.zeros(2, np.int64), np.full((2, 4), np.nan, np.float32), ("a", "b"), ("", "")
    )
    found = others_figures(evaluation, missed, ["fear", "fear"], resamples=5)
    (fear,) = found.classes
    assert (fear.faces, fear.without_face, fear.words) == (0, 2, (0, 0, 0, 0))
    assert math.isnan(found.named.value)
    assert math.isnan(found.auroc.value)
    assert found.worst == ""


def test_the_share_that_gets_a_word_is_told_in_words_and_by_class(
    make_page: Callable[..., Any], others: Others
) -> None:
    page = make_page(others=others)
    assert "30 of 100 faces (20 to 40) of classes that the model does not know get a" in page.text
    assert "Most often fear gets one: 40 of 100 (25 to 50) (20 faces)." in page.text
    cells = page.texts["td"]
    assert "happy, 25%" in cells
    assert "neutral, 10%" in cells
    assert "0.900" in page.texts["dd"]
    assert "80.0%" in page.texts["dd"]


def test_one_class_is_not_called_the_worst(make_page: Callable[..., Any], others: Others) -> None:
    page = make_page(others=dataclasses.replace(others, classes=others.classes[:1]))
    assert "Most often fear" not in page.text


def test_without_a_face_nothing_is_claimed(make_page: Callable[..., Any], others: Others) -> None:
    fear = dataclasses.replace(others.classes[0], faces=0, named=UNKNOWN, words=(0.0,) * 4)
    nobody = dataclasses.replace(others, classes=(fear,), faces=0, named=UNKNOWN, worst="")
    page = make_page(others=nobody)
    assert "No face of a class that the model does not know was found." in page.text
