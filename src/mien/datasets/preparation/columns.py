"""What is known of millions of faces, in columns: no object for a face, no loop over them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mien.datasets.preparation.codes import NO_CODE
from mien.types import BoolArray, IntArray, PixelArray

# Bytes of a sha256.
DIGEST = 32


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of texts of which many are the same, such as the persons.

    Attributes:
        codes: int64 [N], the number of each row's text in `names`; NO_CODE for "".
        names: string [K], in the order in which they first come up.
    """

    codes: IntArray
    names: pa.Array

    @classmethod
    def of(cls, values: pa.Array | pa.ChunkedArray) -> "Texts":
        """Take a column of strings without nulls."""
        coded = pc.dictionary_encode(values)
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.unify_dictionaries().combine_chunks()
        if isinstance(coded, pa.ChunkedArray):  # what has no rows stays in chunks
            coded = pa.array([], pa.dictionary(pa.int32(), values.type))
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        empty = coded.dictionary.index("").as_py()
        if empty >= 0:
            codes[codes == empty] = NO_CODE
        return cls(codes, coded.dictionary)

    def __len__(self) -> int:
        return len(self.codes)

    def of_rows(self, rows: IntArray) -> pa.Array:
        """Return the texts of some rows, "" where they say nothing."""
        codes = self.codes[rows]
        return pc.fill_null(self.names.take(pa.array(codes, mask=codes == NO_CODE)), "")


def whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of texts in one piece, of which any row is at hand at once."""
    parts = [part.cast(pa.large_string()) for part in column.chunks]
    return pa.concat_arrays(parts) if parts else pa.array([], pa.large_string())


def digest_codes(digests: npt.NDArray[np.uint8]) -> IntArray:
    """Number digests, the same ones alike.

    Args:
        digests: uint8 [N,DIGEST].

    Returns:
        int64 [N].
    """
    buffers = [None, pa.py_buffer(np.ascontiguousarray(digests))]
    column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(DIGEST), len(digests), buffers)
    return np.asarray(column.dictionary_encode().indices, dtype=np.int64)


def digests_of(column: pa.ChunkedArray) -> PixelArray:
    """Return a column of digests, binary of DIGEST bytes, as uint8 [N,DIGEST]."""
    parts = [np.empty((0, DIGEST), dtype=np.uint8)]
    for part in column.chunks:
        values = np.frombuffer(part.buffers()[1], dtype=np.uint8).reshape(-1, DIGEST)
        parts.append(values[part.offset : part.offset + len(part)])
    return np.concatenate(parts)


def to_hex(digests: PixelArray) -> pa.Array:
    """Write digests, uint8 [N,DIGEST], as hexadecimal texts."""
    text = np.frombuffer(np.ascontiguousarray(digests).tobytes().hex().encode(), dtype=np.uint8)
    offsets = np.arange(len(digests) + 1, dtype=np.int32) * 2 * DIGEST
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.StringArray.from_buffers(len(digests), buffers[1], buffers[2])


def bools(column: pa.ChunkedArray) -> BoolArray:
    """Return a column of truth values as bool [N]."""
    return np.array(column.to_numpy(), dtype=np.bool_)
