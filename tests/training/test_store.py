"""Decoded faces equal the data set's, are opened again, and survive a kill."""

from pathlib import Path

import numpy as np
import pytest

from mien.data.dataset import Dataset
from mien.errors import TrainingError
from mien.pictures import decode_picture
from mien.preprocess import whole_face
from mien.training.store import open_store
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
