"""Decoded faces equal the data set's, are opened again, and survive a kill."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.datasets.dataset import Dataset
from mien.errors import TrainingError
from mien.training.expression.faces import FaceStore, open_store, weigh
from mien.types import InputSpec, ignore_progress
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture

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


def test_another_data_set_is_never_taken_for_this_one(
    tmp_path: Path, described_alike: tuple[Dataset, Dataset]
) -> None:
    one, other = described_alike
    assert (one.path / "dataset.json").read_bytes() == (other.path / "dataset.json").read_bytes()
    first = open_store(one, "train", SPEC, tmp_path / "run", ignore_progress)
    second = open_store(other, "train", SPEC, tmp_path / "run", ignore_progress)
    assert first.digest != second.digest
    assert not np.array_equal(first.images, second.images)
    assert len(list((tmp_path / "run").iterdir())) == 1  # what nobody needs is gone


def test_stores_of_another_split_or_spec_have_other_digests(
    dataset: Dataset, tmp_path: Path
) -> None:
    specs = [SPEC, replace(SPEC, size=8), replace(SPEC, channels=3), replace(SPEC, crop_scale=1.2)]
    stores = [open_store(dataset, "test", spec, tmp_path, ignore_progress) for spec in specs]
    stores.append(open_store(dataset, "validation", SPEC, tmp_path, ignore_progress))
    stores += [weigh(stores[0], {"": 0.5}, {}), weigh(stores[0], {}, {"": 0.5})]
    assert len({store.digest for store in stores}) == len(stores)


def test_what_is_cut_short_is_told_and_decoded_again(dataset: Dataset, tmp_path: Path) -> None:
    images = np.array(open_store(dataset, "test", SPEC, tmp_path, ignore_progress).images)
    (file,) = tmp_path.rglob("images.npy")
    file.write_bytes(file.read_bytes()[:-1])
    told: list[str] = []
    store = open_store(dataset, "test", SPEC, tmp_path, lambda stage, *_: told.append(stage))
    assert "/images.npy is damaged and made again" in told[0]
    assert told[1] == "decode test"
    np.testing.assert_array_equal(store.images, images)


def test_a_full_disk_is_one_line_and_no_signal(dataset: Dataset, small_disk: Path) -> None:
    """Where faces were mapped to be written, the process died of SIGBUS here."""
    with pytest.raises(TrainingError, match="cannot be written: No space left"):
        open_store(dataset, "train", replace(SPEC, size=64), small_disk, ignore_progress)
    assert list(small_disk.iterdir()) == []
