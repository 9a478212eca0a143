"""A prepared data set, one of whose files is damaged."""

import io
import random
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fuzz import seeds
from fuzz.mutate import damage

SPLITS = ("train", "validation", "test")


@cache
def _whole() -> dict[str, bytes]:
    """Return all files of a data set of 12 faces by name."""
    from PIL import Image

    from mien.datasets.inputs.folders import CropSettings, FolderInput
    from mien.datasets.preparation.prepare import prepare

    with tempfile.TemporaryDirectory() as folder:
        faces = Path(folder) / "faces"
        pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 24), dtype=np.uint8)
        for number, face in enumerate(pixels):
            path = faces / seeds.CLASSES[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(face).save(path)
        made = prepare(FolderInput(faces, CropSettings()), Path(folder) / "set").path
        files = [path for path in made.rglob("*") if path.is_file()]
        return {path.relative_to(made).as_posix(): path.read_bytes() for path in files}


def info() -> Sequence[bytes]:
    """Return dataset.json."""
    return [_whole()["dataset.json"]]


def shards() -> Sequence[bytes]:
    """Return the Parquet file of the split for training."""
    return [_whole()[_shard()]]


def _shard() -> str:
    return min(name for name in _whole() if name.endswith(".parquet") and "train" in name)


def read_info(data: bytes, folder: Path) -> None:
    """Read a data set with this dataset.json."""
    _read(folder, "dataset.json", data)


def read_shard(data: bytes, folder: Path) -> None:
    """Read a data set with this Parquet file in the place of the first."""
    _read(folder, _shard(), data)


def _read(folder: Path, changed: str, data: bytes) -> None:
    from mien.datasets.dataset import load_dataset

    for name, content in _whole().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data if name == changed else content)
    dataset = load_dataset(folder)
    for split in SPLITS:
        for _rows in dataset.rows(split):
            pass


def in_parquet(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Change a column of a Parquet file: its kind, its values, or whether it is there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        return damage(rng, data, others)
    at = rng.randrange(table.num_columns)
    name, rows = table.column_names[at], table.num_rows
    values = _values(rng, rows)
    if rng.random() < 0.15:
        table = table.drop_columns([name])
    else:
        table = table.set_column(at, name, values)
    if rng.random() < 0.1:
        table = table.slice(0, rng.randrange(rows + 1))
    result = io.BytesIO()
    pq.write_table(table, result)
    return result.getvalue()


def _values(rng: random.Random, rows: int) -> Any:
    import pyarrow as pa

    ends = pa.py_buffer(np.arange(0, 4 * rows + 1, 4, dtype=np.int32))
    bad = pa.StringArray.from_buffers(rows, ends, pa.py_buffer(b"\xff\xfe\xc3(" * rows))
    choices = (
        *([None] * rows, [-1] * rows, [99] * rows, [2**62] * rows, [0.5] * rows, ["x"] * rows),
        *([b"x"] * rows, [[0.5, 0.5]] * rows, [[float("nan"), 1.0]] * rows, [[]] * rows),
        *([{"bytes": b"x", "path": None}] * rows, [{"bytes": None, "path": "x"}] * rows),
        bad,
    )
    chosen = rng.choice(choices)
    return chosen if isinstance(chosen, pa.Array) else pa.array(chosen)
