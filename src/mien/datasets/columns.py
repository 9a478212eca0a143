"""The columns of a file of faces: their types and values, which others may have written."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mien.datasets.parquet import IMAGE
from mien.types import ProbabilityArray

SOURCE = "source"


def labels_of(
    batch: pa.RecordBatch, classes: int
) -> tuple[npt.NDArray[np.int64], ProbabilityArray]:
    """Return labels, int64 [n], and soft labels, float32 [n,K], of some rows.

    Raises:
        KeyError, TypeError, ValueError: Columns are missing, of another type, or damaged.
    """
    # Texts that are no UTF-8, and offsets that lead out of the buffers.
    batch.validate(full=True)
    columns = {name: checked(name, batch.column(name)) for name in ("label", "soft")}
    labels = columns["label"].to_numpy(zero_copy_only=False)
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"a label is not from 0 to {classes - 1}")
    soft = np.array(columns["soft"].flatten().to_numpy(zero_copy_only=False), dtype=np.float32)
    lengths = set(pc.list_value_length(columns["soft"]).to_pylist())
    if lengths - {classes} or not np.isfinite(soft).all():
        raise ValueError(f"soft labels are not {classes} finite numbers a row")
    return np.array(labels, dtype=np.int64), soft.reshape(-1, classes)


def sources_of(batch: pa.RecordBatch) -> list[str]:
    """Return the source of each row; "" where the file does not say."""
    if SOURCE not in batch.schema.names:
        return [""] * batch.num_rows
    names: list[str] = checked(SOURCE, batch.column(SOURCE)).to_pylist()
    return names


def encoded_pictures(column: pa.Array) -> pa.Array:
    """Return the bytes of a column of pictures, which others may have written.

    Raises:
        TypeError, ValueError: It is no such column, or is damaged.
    """
    column.validate(full=True)
    return checked(IMAGE, column)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_numbers(kind: pa.DataType) -> bool:
    return bool(
        (pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind))
        and pa.types.is_floating(kind.value_type)
    )


_TYPES: dict[str, Callable[[pa.DataType], bool]] = {
    IMAGE: _is_bytes,
    "label": pa.types.is_integer,
    "soft": _is_numbers,
    "origin": _is_text,
    "group": _is_text,
}


def checked(name: str, column: pa.Array) -> pa.Array:
    """Return a column whose type and values are what is read; of pictures their bytes."""
    if name == IMAGE and pa.types.is_struct(column.type):
        column = column.field("bytes")
    if not _TYPES.get(name, _is_text)(column.type):
        raise TypeError(f"column {name!r} is of type {column.type}")
    if column.null_count:
        raise ValueError(f"column {name!r} lacks {column.null_count} values")
    return column
