"""A data set is opened only when it is whole, and read in batches."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.datasets.dataset import Dataset, load_dataset, partial_folder
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


@pytest.mark.parametrize("name", [".", "..", "/", "a/.."])
def test_a_place_without_a_name_of_its_own_is_one_like_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    assert partial_folder(Path(name)).name == f"{Path(name).resolve().name}.partial"
    with pytest.raises(DatasetError, match="no data set here"):
        load_dataset(Path(name))


def test_unknown_key_is_an_error(copy: Path) -> None:
    info = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps(info | {"extra": 1}))
    with pytest.raises(DatasetError, match=r"dataset\.json: .*extra"):
        load_dataset(copy)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
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


def test_shard_with_a_name_that_is_no_utf8_is_an_error(copy: Path) -> None:
    shard = next((copy / "data").glob("train-*"))
    shard.write_bytes(shard.read_bytes().replace(b"label", b"\xecabel"))
    with pytest.raises(DatasetError, match=r"a file of train is damaged \(.*utf-8"):
        load_dataset(copy)


def test_shard_that_breaks_while_it_is_read_is_an_error(copy: Path) -> None:
    opened = load_dataset(copy)
    shard = next((copy / "data").glob("train-*"))
    content = bytearray(shard.read_bytes())
    content[4 : len(content) // 2] = b"x" * (len(content) // 2 - 4)
    shard.write_bytes(content)
    with pytest.raises(DatasetError, match="files are damaged"):
        list(opened.rows("train"))


SOUND = {
    "image": pa.array([{"bytes": b"x", "path": "x"}] * 2),
    "label": pa.array([0, 1]),
    "soft": pa.array([[1.0, 0.0], [0.0, 1.0]], pa.list_(pa.float32(), 2)),
    "group": pa.array(["a", "b"]),
    "origin": pa.array(["a.png", "b.png"]),
}


def latin(texts: list[bytes]) -> pa.Array:
    """Texts that say that they are UTF-8 and are not."""
    found = pa.array(texts, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(texts), found.buffers())


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": latin([b"\xe9.png", b"b"])},
        {"group": latin([b"a", b"\xff"])},
        {"source": latin([b"\xff", b"b"])},
        {"source": pa.array([1, 2])},
        {"label": pa.array(["0", "1"])},
        {"label": pa.array([0, 2])},
        {"label": pa.array([0, -1])},
        {"label": pa.array([0, None])},
        {"label": pa.array([0.5, 1.0])},
        {"label": pa.array([2**63 + 1, 0], pa.uint64())},
        {"soft": pa.array([1.0, 0.0])},
        {"soft": pa.array([[1.0], [0.0, 1.0, 0.0]])},
        {"soft": pa.array([[1.0], [0.0]])},
        {"soft": pa.array([[1.0, 0.0], None])},
        {"soft": pa.array([[1.0, None], [0.0, 1.0]])},
        {"soft": pa.array([[float("nan"), 1.0], [0.0, 1.0]])},
        {"soft": pa.array([["1", "0"], ["0", "1"]])},
        {"image": pa.array(["x", "y"])},
        {"image": pa.array([{"path": "x"}] * 2)},
        {"image": pa.array([{"bytes": None, "path": "x"}] * 2)},
        {"origin": pa.array(["a.png", None])},
        {"group": None},
        {"label": None},
    ],
)
def test_shard_of_other_columns_is_one_line(
    copy: Path, changes: dict[str, pa.Array | None]
) -> None:
    opened = load_dataset(copy)
    columns = {name: values for name, values in (SOUND | changes).items() if values is not None}
    (shard,) = opened.shards("test")
    pq.write_table(pa.table(columns), shard)
    with pytest.raises(DatasetError, match=r"copy: the test files are damaged \(.+\)") as caught:
        list(opened.rows("test"))
    assert "\n" not in str(caught.value)


def test_shard_that_others_wrote_is_read(copy: Path) -> None:
    opened = load_dataset(copy)
    (shard,) = opened.shards("test")
    other = {
        "soft": pa.array([[1.0, 0.0], [0.0, 1.0]], pa.list_(pa.float64())),
        "label": pa.array([0, 1], pa.int32()),
        "origin": pa.array(["a.png", "b.png"], pa.large_string()),
    }
    pq.write_table(pa.table(SOUND | other), shard)
    (rows,) = opened.rows("test")
    assert (rows.images, rows.labels.tolist(), rows.groups) == ([b"x", b"x"], [0, 1], ["a", "b"])
    assert rows.soft.tolist() == [[1, 0], [0, 1]]


@given(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_shard_is_read_or_refused_in_one_line(
    dataset: Dataset, tmp_path: Path, place: int, put: bytes
) -> None:
    (shard,) = dataset.shards("test")
    content = bytearray(shard.read_bytes())
    place %= len(content)
    content[place : place + len(put)] = put
    copied = tmp_path / "data"
    copied.mkdir(exist_ok=True)
    (copied / shard.name).write_bytes(content)
    reason = ""
    try:
        list(Dataset(tmp_path, dataset.info).rows("test"))
    except DatasetError as error:
        reason = str(error)
    assert not reason or (str(tmp_path) in reason and "\n" not in reason)
