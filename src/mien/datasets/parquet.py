"""Parquet files of faces: one schema, readable by pandas, pyarrow, Ray and Hugging Face `datasets`.

The image column holds {bytes, path}, and the schema's metadata names the features, which is how
`datasets` knows that the bytes are a picture and the label a class.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mien.types import IntArray

# Rows that are decoded at a time when a shard is read.
ROW_GROUP = 512
IMAGE = "image"
_TEXT_COLUMNS = ("split", "source", "group", "sha256", "origin")


def face_schema(classes: Sequence[str]) -> pa.Schema:
    """Return the columns of a data set with these classes."""
    fields = [
        pa.field(IMAGE, pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        pa.field("label", pa.int64()),
        pa.field("soft", pa.list_(pa.float32(), len(classes))),
        pa.field("cluster", pa.int64()),
        *(pa.field(name, pa.string()) for name in _TEXT_COLUMNS),
    ]
    features = json.dumps({"info": {"features": _features(classes)}})
    return pa.schema(fields, metadata={"huggingface": features})


def _features(classes: Sequence[str]) -> dict[str, Any]:
    """Describe the columns as `datasets` does."""
    text = {"dtype": "string", "_type": "Value"}
    number = {"dtype": "float32", "_type": "Value"}
    return {
        "image": {"_type": "Image"},
        "label": {"names": list(classes), "_type": "ClassLabel"},
        "soft": {"feature": number, "length": len(classes), "_type": "Sequence"},
        "cluster": {"dtype": "int64", "_type": "Value"},
        **dict.fromkeys(_TEXT_COLUMNS, text),
    }


class SplitWriter:
    """Writes the shards of one split; told at the start how many rows will come.

    Rows are gathered to row groups, so that memory stays flat and reading is quick.
    """

    def __init__(
        self, folder: Path, split: str, schema: pa.Schema, rows: int, shard_rows: int
    ) -> None:
        self._folder, self._split, self._schema = folder, split, schema
        self._shards, self._shard_rows = -(-rows // shard_rows), shard_rows
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._opened = self._in_shard = 0

    def write(self, table: pa.Table) -> None:
        """Take some rows of the schema."""
        self._waiting.append(table)
        while sum(part.num_rows for part in self._waiting) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        while self._waiting:
            self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        """Write one row group, or less where rows or the shard end."""
        rows = pa.concat_tables(self._waiting)
        count = min(ROW_GROUP, rows.num_rows, self._shard_rows - self._in_shard)
        rest = rows.slice(count)
        self._waiting = [rest] if rest.num_rows else []
        if count:
            self._open().write_table(rows.slice(0, count))
        self._in_shard += count
        if self._writer is not None and self._in_shard == self._shard_rows:
            self._writer.close()
            self._writer, self._in_shard = None, 0

    def _open(self) -> pq.ParquetWriter:
        if self._writer is None:
            name = f"{self._split}-{self._opened:05d}-of-{self._shards:05d}.parquet"
            self._writer = pq.ParquetWriter(self._folder / name, self._schema)
            self._opened += 1
        return self._writer


def read_batches(
    paths: Sequence[Path], batch_size: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some Parquet files in order, a batch at a time, perhaps of some columns.

    A column that a file lacks is left out.
    """
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size, columns=columns)


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of a file that are read at once.

    Attributes:
        path: The file.
        number: Which of its groups.
        rows: How many rows it has.
        size: Bytes of its pictures, as they are encoded.
        chosen: The places of its rows in the file's group, rising; None where it has all of them.
    """

    path: Path
    number: int
    rows: int
    size: int
    chosen: IntArray | None = field(default=None, compare=False)

    def read(self) -> pa.Array:
        """Return the encoded pictures: {bytes, path}, or bytes."""
        with pq.ParquetFile(self.path) as file:
            column = file.read_row_group(self.number, columns=[IMAGE]).column(0).combine_chunks()
        return column if self.chosen is None else column.take(pa.array(self.chosen))

    def place(self, row: int) -> int:
        """Return where one of its rows is in the file's group."""
        return row if self.chosen is None else int(self.chosen[row])

    def part(self, chosen: IntArray) -> "RowGroup":
        """Return some of its rows, by their places in the file's group, rising."""
        size = self.size * len(chosen) // max(1, self.rows)
        return RowGroup(self.path, self.number, len(chosen), size, chosen)


def row_groups(paths: Sequence[Path]) -> list[RowGroup]:
    """Return the row groups of some Parquet files, from their footers alone."""
    found = []
    for path in paths:
        known = pq.read_metadata(path)
        for number in range(known.num_row_groups):
            group = known.row_group(number)
            columns = [group.column(place) for place in range(group.num_columns)]
            size = sum(
                one.total_uncompressed_size
                for one in columns
                if one.path_in_schema.partition(".")[0] == IMAGE
            )
            found.append(RowGroup(path, number, group.num_rows, size))
    return found


def count_rows(path: Path) -> int:
    """Return the number of rows of a Parquet file, from its footer alone."""
    return int(pq.read_metadata(path).num_rows)
