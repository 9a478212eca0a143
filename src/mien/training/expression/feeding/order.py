"""In which order an epoch takes the faces: shuffled, without having to hold all of them.

A shuffle buffer. The blocks in which a file holds its faces enter it in a random order; whenever a
batch is taken out of it, at random, more enter, so that it stays as full. It is counted in the
bytes of the pictures as the files hold them: what does not fill it is shuffled as a whole.

The order follows from seed and epoch alone, wherever the faces then come from, and whoever takes
which part of a batch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Stretches of rows that are read at once.

    Attributes:
        bounds: int64 [B+1]; block b has the rows from `bounds[b]` to `bounds[b + 1]`.
        sizes: int64 [B], bytes of the pictures in each.
    """

    bounds: Rows
    sizes: Rows

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.bounds[-1])

    @classmethod
    def one(cls, count: int) -> "Blocks":
        """Return one block of all rows, which are at hand."""
        return cls(np.array([0, count], dtype=np.intp), np.zeros(1, dtype=np.intp))

    def rows(self, block: int) -> Rows:
        """Return the rows of a block."""
        return np.arange(self.bounds[block], self.bounds[block + 1], dtype=np.intp)

    def of(self, rows: Rows) -> Rows:
        """Return the block of each row."""
        return np.searchsorted(self.bounds, rows, side="right") - 1


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The faces of a step.

    Attributes:
        rows: Which, in the order of the files.
        entering: The blocks that the shuffle buffer takes up before.
    """

    rows: Rows
    entering: Sequence[int]


def batches(
    blocks: Blocks, size: int, seed: int, epoch: int, buffer: int = MEGABYTE * 1024
) -> Iterator[Batch]:
    """Yield the batches of an epoch.

    Rows that do not fill a last batch are left for another epoch, because batch normalisation
    needs more than a few faces; where there are fewer rows than a batch, all are one batch.

    Args:
        blocks: Where the rows are.
        size: Rows of a batch.
        seed: Of all randomness.
        epoch: Its number.
        buffer: Bytes of the pictures among which are shuffled.
    """
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(blocks))
    size = min(size, blocks.count)
    taken, held = 0, 0  # blocks that have entered; bytes in the buffer, about
    pool = np.empty(0, dtype=np.intp)
    for _ in range(blocks.count // max(size, 1)):
        entering, there = [], len(pool)
        while taken < len(order) and (held < buffer or there < size):
            entering.append(int(order[taken]))
            there += len(blocks.rows(entering[-1]))
            held, taken = held + int(blocks.sizes[entering[-1]]), taken + 1
        pool = np.concatenate([pool, *map(blocks.rows, entering)])
        held -= held * size // len(pool)
        pool, chosen = _drawn(pool, size, rng)
        # Sorted, because neighbours in a memory-mapped file are read together.
        yield Batch(np.sort(chosen), entering)


def _drawn(pool: Rows, size: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Take some rows out at random; return the rest, whose order means nothing, and them."""
    places = rng.choice(len(pool), size, replace=False, shuffle=False)
    chosen, keep = pool[places], len(pool) - size
    # The holes among those that stay are filled with what stays behind them.
    stays = np.ones(size, dtype=bool)
    stays[places[places >= keep] - keep] = False
    pool[places[places < keep]] = pool[keep:][stays]
    return pool[:keep], chosen


def in_order(blocks: Blocks, size: int) -> Iterator[Batch]:
    """Yield all rows as the files have them; the last batch may be smaller."""
    entered = 0
    for start in range(0, blocks.count, size):
        rows = np.arange(start, min(start + size, blocks.count), dtype=np.intp)
        last = int(blocks.of(rows[-1:])[0])
        yield Batch(rows, range(entered, last + 1))
        entered = max(entered, last + 1)
