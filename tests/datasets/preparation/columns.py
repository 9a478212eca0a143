"""Faces in columns, of lists that are plain to read."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from tests.datasets.preparation.former import Rows

from mien.datasets.preparation.columns import DIGEST, Texts
from mien.datasets.preparation.plan import RowIndex
from mien.types import IntArray


def texts(values: Sequence[str]) -> Texts:
    return Texts.of(pa.array(values, pa.string()))


def codes(values: Sequence[str]) -> IntArray:
    return texts(values).codes


def in_columns(rows: Rows) -> RowIndex:
    digests = b"".join(hashlib.sha256(text.encode()).digest() for text in rows.hashes)
    return RowIndex(
        labels=rows.labels,
        held_out=rows.held_out,
        train_only=rows.train_only,
        validates=rows.validates,
        groups=texts(rows.groups),
        hashes=np.frombuffer(digests, dtype=np.uint8).reshape(-1, DIGEST),
        origins=pa.array(rows.origins, pa.large_string()),
        sources=texts([""] * len(rows)),
    )
