"""Data sets and folders go through the classifier, and what cannot be used is counted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.passes import one_pass

from mien.errors import BundleError, DatasetError
from mien.evaluation.pictures.collect import InOrder
from mien.evaluation.pictures.measures import AGREEMENT
from mien.evaluation.pictures.picture import Picture
from mien.models.info import ModelInfo
from mien.types import Box, InputSpec

LABELS = ("angry", "sad", "happy", "neutral")
ROWS = [("angry", 10, "ann"), ("sad", 100, "bob"), ("happy", 150, "bob"), ("neutral", 10, "")]


def test_a_data_set_is_answered_row_by_row(classifier, info: ModelInfo, make_dataset) -> None:
    result = one_pass(classifier, info, make_dataset(ROWS))
    np.testing.assert_array_equal(result.answers.truth, [0, 1, 2, 3])
    np.testing.assert_array_equal(result.answers.probabilities.argmax(axis=1), [0, 1, 2, 0])
    assert result.answers.origins[3] == "neutral/3.png"
    assert result.answers.groups == ("ann", "bob", "bob", "")
    assert (result.dataset, result.split, result.detector) == ("faces", "test", None)


def test_faces_are_classified_in_batches(classifier, info: ModelInfo, make_dataset) -> None:
    result = one_pass(classifier, info, make_dataset(ROWS * 35))
    assert classifier.calls == [64, 64, 12]
    np.testing.assert_array_equal(result.answers.probabilities.argmax(axis=1), [0, 1, 2, 0] * 35)


def test_classes_are_matched_by_name_and_not_by_number(
    classifier, info: ModelInfo, make_dataset
) -> None:
    dataset = make_dataset([("happy", 150, ""), ("angry", 10, "")], classes=("happy", "angry"))
    assert one_pass(classifier, info, dataset).answers.truth.tolist() == [2, 0]


def test_an_unknown_class_is_an_error_that_names_both_lists(
    classifier, info: ModelInfo, make_dataset
) -> None:
    dataset = make_dataset([("fear", 10, "")], classes=("fear", "happy"))
    with pytest.raises(DatasetError, match=r"fear, happy.*angry, sad, happy, neutral"):
        one_pass(classifier, info, dataset)


def test_unknown_classes_are_left_out_and_counted_on_request(
    classifier, info: ModelInfo, make_dataset
) -> None:
    rows = [("fear", 10, ""), ("happy", 150, ""), ("fear", 10, "")]
    dataset = make_dataset(rows, classes=("fear", "happy"))
    result = one_pass(classifier, info, dataset, ignore_unknown=True)
    assert result.answers.truth.tolist() == [2]
    assert result.skipped == {"fear": 2}


def test_a_data_set_of_more_classes_serves_a_bundle_of_fewer(
    classifier, info: ModelInfo, make_dataset
) -> None:
    classes = ("happy", "fear", "contempt", "sad", "neutral", "angry")
    rows = [("fear", None, ""), ("sad", 100, ""), ("contempt", 90, ""), ("happy", 150, "")]
    dataset = make_dataset(rows, classes, agreement=0.7)
    result = one_pass(classifier, info, dataset, ignore_unknown=True)
    assert result.answers.truth.tolist() == [1, 2]
    assert result.skipped == {"fear": 1, "contempt": 1}
    # A vote for a class that the bundle lacks is a vote all the same.
    assert result.measures[AGREEMENT].tolist() == pytest.approx([0.7, 0.7])
    # What is left out is not even decoded, so a broken picture of it is no complaint.
    assert not result.unreadable


def test_watchers_see_every_picture_once(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    class Watcher:
        def __init__(self) -> None:
            self.seen: list[tuple[str, bool]] = []

        def add(self, picture: Picture) -> None:
            self.seen.append((picture.origin, picture.face is None))

    folder = make_folder({"sad/1.png": 100, "sad/2.png": 0, "sad/3.png": None})
    detector, watchers = fixed_detector(Box(8, 8, 40, 40)), (Watcher(), Watcher())
    one_pass(classifier, info, folder, detector, watchers=watchers)
    for watcher in watchers:
        assert watcher.seen == [("sad/1.png", False), ("sad/2.png", True)]
    assert detector.looked == 2


def test_no_class_in_common_is_an_error_even_when_unknown_ones_are_ignored(
    classifier, info: ModelInfo, make_dataset
) -> None:
    dataset = make_dataset([("fear", 10, "")], classes=("fear",))
    with pytest.raises(DatasetError, match="no class that the bundle knows"):
        one_pass(classifier, info, dataset, ignore_unknown=True)


def test_a_broken_picture_in_a_data_set_is_listed(
    classifier, info: ModelInfo, make_dataset
) -> None:
    result = one_pass(classifier, info, make_dataset([*ROWS, ("sad", None, "")]))
    assert [entry.origin for entry in result.unreadable] == ["sad/4.png"]
    assert len(result.answers.truth) == 4


def test_an_empty_split_is_an_error(classifier, info: ModelInfo, make_dataset) -> None:
    with pytest.raises(DatasetError, match=r"validation.*no picture"):
        one_pass(classifier, info, make_dataset(ROWS), split="validation")


def test_progress_counts_all_rows(classifier, info: ModelInfo, make_dataset) -> None:
    seen = []
    one_pass(classifier, info, make_dataset(ROWS), on_progress=lambda *args: seen.append(args))
    assert seen == [("pictures", 3, 4), ("pictures", 4, 4)]


def test_values_that_are_no_numbers_are_not_taken_for_missing_faces(
    classifier, info: ModelInfo, make_dataset
) -> None:
    class Broken(type(classifier)):
        def __call__(self, faces):
            return np.full((len(faces), 4), np.nan, np.float32)

    with pytest.raises(BundleError, match=r"not finite for angry/0\.png"):
        one_pass(Broken(), info, make_dataset(ROWS))


class Reversed:
    """The same classes from the last to the first, and another input."""

    labels = LABELS[::-1]
    other = False
    spec = InputSpec(64, 3, 1.2)

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (len(faces), 1))


def test_something_else_stays_last() -> None:
    class Wide(Reversed):
        other = True

        def __call__(self, faces: np.ndarray) -> np.ndarray:
            return np.column_stack([0.5 * super().__call__(faces), np.full(len(faces), 0.5)])

    ordered = InOrder(Wide(), "other", LABELS)
    assert ordered.other
    np.testing.assert_allclose(
        ordered(np.zeros((1, 64, 64, 3), np.uint8)), [[0.2, 0.15, 0.1, 0.05, 0.5]]
    )


@pytest.mark.parametrize("labels", [LABELS, ("Anger", "sadness", "joy", "NEUTRAL")])
def test_classes_are_matched_by_what_they_mean(labels: tuple[str, ...]) -> None:
    ordered = InOrder(Reversed(), "other", labels)
    assert (ordered.labels, ordered.spec) == (labels, Reversed.spec)
    result = ordered(np.zeros((2, 64, 64, 3), np.uint8))
    np.testing.assert_array_equal(result, [np.array([0.4, 0.3, 0.2, 0.1], np.float32)] * 2)


@pytest.mark.parametrize("labels", [("angry", "calm", "fear"), ("fear", "contempt")])
def test_fewer_than_two_shared_classes_are_an_error_that_names_both(
    labels: tuple[str, ...],
) -> None:
    with pytest.raises(BundleError, match=r"other reads neutral, happy.*reads (angry|fear), "):
        InOrder(Reversed(), "other", labels)


def test_labels_that_are_not_known_have_no_probability() -> None:
    ordered = InOrder(Reversed(), "other", ("happy", "fear", "angry"))
    result = ordered(np.zeros((2, 64, 64, 3), np.uint8))
    np.testing.assert_array_equal(result, [np.array([0.2, 0, 0.4], np.float32)] * 2)
