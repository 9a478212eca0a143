"""Decoded faces equal the data set's, are opened again, and survive a kill."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data.dataset import Dataset
from mien.errors import TrainingError
from mien.pictures import decode_picture
from mien.preprocess import whole_face
from mien.training.store import FaceStore, open_store, weigh
from mien.types import InputSpec, ignore_progress

SPEC = InputSpec(16, 1, 1.0)


def test_holds_what_the_data_set_holds(dataset: Dataset, tmp_path: Path) -> None:
    store = open_store(dataset, "train", SPEC, tmp_path, ignore_progress)
    rows = [
        row
        for rows in dataset.rows("train")
        for row in zip(rows.images, rows.labels, rows.soft, strict=True)
    ]
    assert len(store) == len(rows) == dataset.count("train")
    for at, (data, label, soft) in enumerate(rows):
        np.testing.assert_array_equal(store.images[at], whole_face(decode_picture(data, ""), SPEC))
        np.testing.assert_array_equal(store.soft[at], soft)
        assert store.labels[at] == label


def test_is_mapped_not_loaded(dataset: Dataset, tmp_path: Path) -> None:
    store = open_store(dataset, "train", SPEC, tmp_path, ignore_progress)
    assert isinstance(store.images, np.memmap)


def test_second_opening_decodes_nothing(dataset: Dataset, tmp_path: Path) -> None:
    open_store(dataset, "train", SPEC, tmp_path, ignore_progress)
    stages = []
    open_store(dataset, "train", SPEC, tmp_path, lambda stage, *_: stages.append(stage))
    assert not stages


def test_half_decoded_folder_is_made_again(dataset: Dataset, tmp_path: Path) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_store(dataset, "train", SPEC, tmp_path, kill)
    store = open_store(dataset, "train", SPEC, tmp_path, ignore_progress)
    assert store.images[-1].any()


def test_folder_that_cannot_be_made_is_a_clear_error(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match="cannot be written"):
        open_store(dataset, "train", SPEC, tmp_path / "file", ignore_progress)


def two_sources() -> FaceStore:
    store = FaceStore.of_one_source(
        np.zeros((4, 8, 8, 1), np.uint8),
        np.eye(2, dtype=np.float32)[[0, 1, 0, 1]],
        np.arange(4) % 2,
    )
    return replace(store, sources=("lab", "web"), source=np.array([0, 0, 1, 1]))


def test_sources_are_those_of_the_data_set(dataset: Dataset, tmp_path: Path) -> None:
    store = open_store(dataset, "train", SPEC, tmp_path, ignore_progress)
    assert store.sources == ("",)
    assert set(store.weights.tolist()) == {1.0}


def test_faces_count_and_are_smoothed_as_their_source_says() -> None:
    store = weigh(two_sources(), {"web": 0.25}, {"lab": 0.5})
    np.testing.assert_allclose(store.weights, [1, 1, 0.25, 0.25])
    np.testing.assert_allclose(store.soft[:2], [[0.75, 0.25], [0.25, 0.75]])
    np.testing.assert_allclose(store.soft[2:], np.eye(2))
