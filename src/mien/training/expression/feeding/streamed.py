"""Pictures that stay in the files of a data set, and are decoded whenever they are needed.

What is held are the bytes of those in the shuffle buffer, and a few decoded batches: as much for a
thousand faces as for a hundred million.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from torch import Tensor

from mien.datasets.columns import encoded_pictures
from mien.datasets.parquet import RowGroup
from mien.errors import DatasetError, told_as
from mien.training.expression.feeding.decoders import Decoders, Encoded, decode
from mien.training.expression.feeding.order import Batch, Blocks, Rows
from mien.types import PixelArray

Share = Callable[[Rows], Rows]


class StreamedPictures:
    """The pictures of a split; stands for an array uint8 [N,S,S,C] that is read a part at a time.

    Attributes:
        shape: Of that array.
    """

    def __init__(self, groups: Sequence[RowGroup], decoders: Decoders) -> None:
        """Look at the files.

        Args:
            groups: How the faces lie in the data set's files.
            decoders: Decodes them.

        Raises:
            DatasetError: A file is missing.
        """
        self._groups, self._decoders = groups, decoders
        self.blocks = blocks_of(groups)
        spec = decoders.spec
        self.shape = (self.blocks.count, spec.size, spec.size, spec.channels)
        self._stamps = {group.path: _stamp(group.path) for group in groups}
        self._last: tuple[int, pa.Array] | None = None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Rows) -> PixelArray:
        """Decode some faces in this process, uint8 [n,S,S,C]: best such as lie near each other.

        Raises:
            DatasetError: A picture or a file is damaged, or the file was changed.
        """
        chosen = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else rows
        found = np.empty((len(chosen), *self.shape[1:]), dtype=np.uint8)
        blocks = self.blocks.of(chosen)
        for block in np.unique(blocks).tolist():
            places = np.flatnonzero(blocks == block)
            if self._last is None or self._last[0] != block:
                self._last = block, self._read(block)
            start, column = self.blocks.bounds[block], self._last[1]
            batch = [self._named(block, int(row - start), column) for row in chosen[places]]
            faces = decode(batch, self._decoders.spec)
            if isinstance(faces, str):
                raise DatasetError(f"{faces}; prepare the data set again")
            found[places] = faces
        return found

    def feed(
        self, batches: Iterable[Batch], share: Share, skip: int = 0
    ) -> Iterator[tuple[Rows, Rows, Tensor]]:
        """Decode batches in turn, while those before them are used.

        Args:
            batches: In the order of the epoch.
            share: Which of a batch's rows are wanted.
            skip: How many batches are left out at the beginning.

        Yields:
            The rows of a batch, those that are wanted, and their pictures, uint8 [n,S,S,C].

        Raises:
            DatasetError: A picture or a file is damaged, or the file was changed.
            TrainingError: A process was ended.
        """
        told: deque[tuple[Rows, Rows]] = deque()

        def wanted() -> Iterator[Encoded]:
            for rows, own, encoded in self._encoded(batches, share, skip):
                told.append((rows, own))
                yield encoded

        for pictures in self._decoders.run(wanted()):
            yield (*told.popleft(), pictures)

    def _encoded(
        self, batches: Iterable[Batch], share: Share, skip: int
    ) -> Iterator[tuple[Rows, Rows, Encoded]]:
        """Yield the bytes of batches. What is held meanwhile is the shuffle buffer."""
        held: dict[int, tuple[str, bytes]] = {}
        gone = np.zeros(len(self), dtype=bool)
        entered: list[int] = []
        for number, batch in enumerate(batches):
            entered += batch.entering
            if number >= skip:
                for block in entered:
                    held |= self._waiting(block, gone)
                entered = []
                taken = {row: held.pop(row) for row in batch.rows.tolist()}
                own = share(batch.rows)
                yield batch.rows, own, [taken[row] for row in own.tolist()]
            gone[batch.rows] = True

    def _waiting(self, block: int, gone: npt.NDArray[np.bool_]) -> dict[int, tuple[str, bytes]]:
        """Read a block, as far as its rows are not gone already."""
        rows = self.blocks.rows(block)
        left = rows[~gone[rows]]
        if not len(left):
            return {}
        column, start = self._read(block), rows[0]
        return {row: self._named(block, row - start, column) for row in left.tolist()}

    def _named(self, block: int, place: int, column: pa.Array) -> tuple[str, bytes]:
        """Return what a picture is called in errors, and its bytes."""
        group = self._groups[block]
        row = group.place(place)
        return f"{group.path}: row {row} of row group {group.number}", column[place].as_py()

    def _read(self, block: int) -> pa.Array:
        """Return the bytes of a block's pictures."""
        group = self._groups[block]
        again = "; prepare it again"
        with told_as(DatasetError, str(group.path), "the file is damaged", advice=again):
            column = encoded_pictures(group.read())
        if _stamp(group.path) != self._stamps[group.path] or len(column) != group.rows:
            raise DatasetError(
                f"{group.path}: was changed while it is trained on; start again with another --out"
            )
        return column


def blocks_of(groups: Sequence[RowGroup]) -> Blocks:
    """Return where the rows of a split are."""
    bounds = np.cumsum([0, *(group.rows for group in groups)], dtype=np.intp)
    return Blocks(bounds, np.array([group.size for group in groups], dtype=np.intp))


def _stamp(path: Path) -> tuple[int, int]:
    """Return what a file has no longer once it was changed."""
    try:
        known = path.stat()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    return known.st_size, known.st_mtime_ns
