"""Faces that are decoded when they are needed are those of a cache, in the same order."""

import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from mien.datasets.dataset import Dataset, load_dataset
from mien.errors import DatasetError, SettingsError, TrainingError
from mien.training.expression.faces import FaceStore, open_store
from mien.training.expression.feeding.ahead import ahead
from mien.training.expression.feeding.decoders import Decoders, workers_for
from mien.training.expression.feeding.streamed import StreamedPictures
from mien.types import InputSpec, ignore_progress

SPEC = InputSpec(16, 1, 1.0)
BUFFER = 3000  # bytes: a part of the pictures


def rewritten(shard: Path, change: dict[int, bytes] | None = None) -> None:
    """Write a file in small row groups, perhaps with other bytes for some pictures."""
    table = pq.read_table(shard)
    images = table.column("image").to_pylist()
    for row, data in (change or {}).items():
        images[row]["bytes"] = data
    place = table.schema.get_field_index("image")
    field = table.schema.field(place)
    table = table.set_column(place, field, pa.array(images, field.type))
    pq.write_table(table, shard, row_group_size=7)


@pytest.fixture
def parted(dataset: Dataset, tmp_path: Path) -> Dataset:
    """The data set in row groups of seven faces."""
    shutil.copytree(dataset.path, tmp_path / "set")
    for shard in (tmp_path / "set" / "data").glob("*.parquet"):
        rewritten(shard)
    return load_dataset(tmp_path / "set")


def opened(dataset: Dataset, cache: str, folder: Path, workers: int = 0) -> FaceStore:
    decoders = Decoders(SPEC, workers)
    return open_store(
        dataset,
        "train",
        SPEC,
        folder,
        ignore_progress,
        cache=cache,  # type: ignore[arg-type]
        decoders=decoders,
    )


def epoch(store: FaceStore, skip: int = 0, number: int = 3) -> list[tuple[list[int], np.ndarray]]:
    fed = store.epoch(8, 5, number, BUFFER, lambda rows: rows[1::2], skip)
    return [
        (rows.tolist(), np.array(pictures.tolist(), np.uint8))
        for rows, own, pictures in fed
        if len(own) == len(pictures)
    ]


def test_order_and_pictures_are_the_same_wherever_they_come_from(
    parted: Dataset, tmp_path: Path
) -> None:
    stores = [opened(parted, cache, tmp_path / "run") for cache in ("off", "memory", "disk")]
    assert [type(store.images) for store in stores] == [StreamedPictures, np.ndarray, np.memmap]
    assert len(stores[0].blocks) > 5
    streamed, *others = (epoch(store) for store in stores)
    assert len(streamed) == len(stores[0]) // 8
    for other in others:
        for (rows, pictures), (same, alike) in zip(streamed, other, strict=True):
            assert rows == same
            np.testing.assert_array_equal(pictures, alike)


@pytest.mark.parametrize("skip", [1, 4, 100])
def test_a_run_goes_on_in_the_middle_of_an_epoch(
    parted: Dataset, tmp_path: Path, skip: int
) -> None:
    store = opened(parted, "off", tmp_path)
    for (rows, pictures), (same, alike) in zip(
        epoch(store)[skip:], epoch(store, skip), strict=True
    ):
        assert rows == same
        np.testing.assert_array_equal(pictures, alike)


def test_parts_are_read_as_from_an_array(parted: Dataset, tmp_path: Path) -> None:
    streamed, array = (opened(parted, cache, tmp_path).images for cache in ("off", "memory"))
    assert streamed.shape == array.shape
    for part in (slice(0, 5), slice(3, 30), slice(0, 0), np.array([40, 2, 2, 17])):
        np.testing.assert_array_equal(streamed[part], array[part])
    whole = np.concatenate([p.numpy() for p in opened(parted, "off", tmp_path).pictures(11)])
    np.testing.assert_array_equal(whole, array[:])


def test_no_more_is_held_than_the_buffer(
    parted: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(parted, "off", tmp_path)
    read: list[int] = []
    whole = StreamedPictures._read

    def watched(self: StreamedPictures, block: int) -> pa.Array:
        read.append(block)
        return whole(self, block)

    monkeypatch.setattr(StreamedPictures, "_read", watched)
    taken = sum(len(rows) for rows, _ in epoch(store))
    assert sorted(read) == list(range(len(store.blocks)))  # each once
    read.clear()
    next(store.epoch(8, 5, 3, BUFFER, lambda rows: rows))
    assert len(read) < len(store.blocks) / 2
    assert taken > 0


def test_a_damaged_picture_and_a_damaged_file_are_named(parted: Dataset, tmp_path: Path) -> None:
    (shard,) = parted.shards("train")
    rewritten(shard, dict.fromkeys(range(14, 21), b"no picture"))
    store = opened(parted, "off", tmp_path)
    with pytest.raises(DatasetError, match=r"parquet: row [0-6] of row group 2: .*prepare"):
        epoch(store)
    data = bytearray(shard.read_bytes())
    data[200:1500] = bytes(1300)
    shard.write_bytes(data)
    with pytest.raises(DatasetError, match=r"(damaged|changed|label)"):
        epoch(opened(parted, "off", tmp_path))


def test_a_file_that_changes_meanwhile_is_told(parted: Dataset, tmp_path: Path) -> None:
    store = opened(parted, "off", tmp_path)
    (shard,) = parted.shards("train")
    os.utime(shard, ns=(1, 1))
    with pytest.raises(DatasetError, match=r"parquet: was changed while it is trained on"):
        epoch(store)
    shard.unlink()
    with pytest.raises(DatasetError, match=r"parquet: the file is damaged|cannot be read"):
        epoch(store)


def test_processes_decode_the_same_twice_and_one_that_is_killed_is_one_line(
    parted: Dataset, tmp_path: Path
) -> None:
    alone, shared = opened(parted, "off", tmp_path), opened(parted, "off", tmp_path, workers=1)
    for number in (0, 1):
        for (rows, pictures), (same, alike) in zip(
            epoch(alone, 0, number), epoch(shared, 0, number), strict=True
        ):
            assert rows == same
            np.testing.assert_array_equal(pictures, alike)
    assert isinstance(shared.images, StreamedPictures)
    loader = shared.images._decoders._loader
    assert loader is not None
    (worker,) = loader._iterator._workers  # type: ignore[union-attr]

    def killed() -> None:
        for _ in shared.epoch(8, 5, 0, BUFFER, lambda rows: rows):
            os.kill(worker.pid, signal.SIGKILL)
            worker.join()

    with pytest.raises(TrainingError, match="a process that decodes pictures was ended"):
        killed()


def test_threads_leave_what_python_warns_of_as_it_was(parted: Dataset, tmp_path: Path) -> None:
    before, threads = list(warnings.filters), torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        assert epoch(opened(parted, "off", tmp_path))
    finally:
        torch.set_num_threads(threads)
    assert list(warnings.filters) == before


def test_what_goes_wrong_ahead_is_raised_in_its_turn() -> None:
    def made() -> Iterator[int]:
        yield from range(3)
        raise ValueError("no more")

    taken: list[int] = []
    with pytest.raises(ValueError, match="no more"):
        taken.extend(ahead(made(), 2))
    assert taken == [0, 1, 2]
    assert list(ahead(iter(range(10)), 3)) == list(range(10))
    begun = ahead(iter(range(10)), 3)
    assert next(begun) == 0
    begun.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "beside_cpu", "ranks", "wanted"),
    [
        (0, True, 1, 0),
        (5, True, 1, 5),
        (None, True, 1, 0),
        (None, False, 1, 15),
        (None, False, 4, 3),
    ],
)
def test_processes_by_the_number_of_cores(
    monkeypatch: pytest.MonkeyPatch, asked: int | None, beside_cpu: bool, ranks: int, wanted: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    assert workers_for(asked, beside_cpu=beside_cpu, ranks=ranks) == wanted
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert workers_for(None, beside_cpu=False) == 1
    with pytest.raises(SettingsError, match="--workers must be 16 or less, got 1000"):
        workers_for(1000, beside_cpu=True)
