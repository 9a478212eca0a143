"""A data set is opened only when it is whole, and read in batches."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mien.data.dataset import Dataset, load_dataset
from mien.errors import DatasetError


@pytest.fixture
def copy(dataset: Dataset, tmp_path: Path) -> Path:
    """A data set that may be spoilt."""
    return Path(shutil.copytree(dataset.path, tmp_path / "copy"))


def test_rows_come_in_batches_of_arrays(dataset: Dataset) -> None:
    batches = list(dataset.rows("train", batch_size=10))
    first = batches[0]
    assert len(first) == len(first.images) == len(first.origins) == len(first.groups) == 10
    assert (first.labels.dtype, first.labels.shape) == (np.int64, (10,))
    assert (first.soft.dtype, first.soft.shape) == (np.float32, (10, 2))
    np.testing.assert_allclose(first.soft.sum(axis=1), 1, atol=1e-6)
    again = list(dataset.rows("train", batch_size=10))
    assert [batch.origins for batch in batches] == [batch.origins for batch in again]
    assert sum(len(batch) for batch in batches) == dataset.count("train")


def test_a_column_of_sources_is_read_where_there_is_one(copy: Path) -> None:
    opened = load_dataset(copy)
    (shard,) = opened.shards("test")
    table = pq.read_table(shard)
    if "source" in table.schema.names:
        table = table.drop_columns("source")
    pq.write_table(table, shard)
    (before,) = opened.rows("test")
    assert before.sources == [""] * len(before)
    names = [f"source {number % 2}" for number in range(table.num_rows)]
    pq.write_table(table.append_column("source", pa.array(names)), shard)
    (after,) = opened.rows("test")
    assert after.sources == names


def test_unknown_split_is_named(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="no split 'dev'; choose from train, validation, test"):
        dataset.count("dev")
    with pytest.raises(DatasetError, match="no split 'dev'"):
        next(dataset.rows("dev"))


def test_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="absent: no data set here"):
        load_dataset(tmp_path / "absent")


def test_unknown_key_is_an_error(copy: Path) -> None:
    info = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps(info | {"extra": 1}))
    with pytest.raises(DatasetError, match=r"dataset\.json: .*extra"):
        load_dataset(copy)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_broken_description_is_an_error(copy: Path, content: bytes) -> None:
    (copy / "dataset.json").write_bytes(content)
    with pytest.raises(DatasetError, match=r"dataset\.json"):
        load_dataset(copy)


def test_missing_split_in_the_counts_is_an_error(copy: Path) -> None:
    info = json.loads((copy / "dataset.json").read_text())
    del info["counts"]["test"]
    (copy / "dataset.json").write_text(json.dumps(info))
    with pytest.raises(DatasetError, match=r"dataset\.json: .*counts"):
        load_dataset(copy)


def test_missing_shard_is_an_error(copy: Path) -> None:
    next((copy / "data").glob("train-*")).unlink()
    with pytest.raises(DatasetError, match="0 faces in the files of train"):
        load_dataset(copy)


def test_damaged_shard_is_an_error(copy: Path) -> None:
    shard = next((copy / "data").glob("train-*"))
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(DatasetError, match="train"):
        load_dataset(copy)


def test_shard_that_breaks_while_it_is_read_is_an_error(copy: Path) -> None:
    opened = load_dataset(copy)
    shard = next((copy / "data").glob("train-*"))
    content = bytearray(shard.read_bytes())
    content[4 : len(content) // 2] = b"x" * (len(content) // 2 - 4)
    shard.write_bytes(content)
    with pytest.raises(DatasetError, match="files are damaged"):
        list(opened.rows("train"))
