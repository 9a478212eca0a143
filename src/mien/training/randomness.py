"""Random numbers that follow from what they are for, not from the order in which they are drawn.

Counter-based (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a number is a
hash of the seed, of the row of the face that it is for, and of how many were drawn for that face
before. So it is the same whichever process, batch, or device the face is in.
"""

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Rows = npt.NDArray[np.intp]
# Of splitmix64 (Steele et al. 2014), which passes BigCrush: the odd number nearest to 2^64 over the
# golden ratio, and the multipliers of its finaliser (Stafford's variant 13).
_GOLDEN = 0x9E3779B97F4A7C15
_FINAL = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_AT_ONCE = 64  # numbers that are made for each face at a time
_BITS = 24  # of a number, as many as float32 holds
_NOISE = 1 << 20  # normal numbers of which noise is taken, at least


class Draws:
    """The random numbers of some faces, one after the other."""

    def __init__(self, rows: Rows | Sequence[int], *key: int, device: torch.device) -> None:
        """Begin with the first number of each face.

        Args:
            rows: [N], the rows of the faces in their data set.
            key: What the numbers are for, such as seed and epoch.
            device: Where numbers are used; they are the same on each.
        """
        numbers = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        self._keys = _scrambled(numbers + key_of(*key))
        self._device = device
        self._drawn = 0
        self._bits = self._values = self._here = torch.empty(0)  # made when the first is drawn

    def __len__(self) -> int:
        return len(self._keys)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Return the next number of each face, float32 [N] from `low` to `high`, on the device."""
        place = self._next()
        return low + (high - low) * self._here[place]

    def some(self, share: float) -> Tensor:
        """Return which faces are chosen, each by a chance of `share`: int64 [n] on the device.

        How many they are is known without waiting for the device.
        """
        place = self._next()
        return (self._values[place] < share).nonzero()[:, 0].to(self._device)

    def whole(self, count: int) -> Rows:
        """Return a whole number from 0 to `count` - 1 for each face, [N]."""
        place = self._next()
        high = (self._bits[place] >> 33) & 0x7FFFFFFF
        return (high % count).numpy()

    def kinds(self, share: float, count: int) -> Iterator[tuple[int, Tensor]]:
        """Yield which faces are chosen, by a chance of `share`, by kinds that are as likely.

        Args:
            share: The chance.
            count: How many kinds there are.

        Yields:
            The number of a kind, and its faces, int64 [n] on the device; none that has none.
        """
        place = self._next()
        chosen = self._values[place] < share
        kinds = self.whole(count)
        for kind in range(count):
            own = (chosen & (torch.from_numpy(kinds) == kind)).nonzero()[:, 0]
            if len(own):
                yield kind, own.to(self._device)

    def noise(self, channels: int, size: int) -> Tensor:
        """Return normal noise for each face, float32 [N,channels,size,size].

        A stretch of one long row of normal numbers, from where a number of the face says: to make
        them for each pixel of each face takes ten times as long, and nobody sees the difference.
        """
        length = channels * size * size
        numbers = _normal(max(_NOISE, 1 << (4 * length).bit_length()), str(self._device))
        starts = torch.from_numpy(self.whole(len(numbers) - length + 1)).to(self._device)
        return numbers.unfold(0, length, 1)[starts].view(-1, channels, size, size)

    def _next(self) -> int:
        """Return the place of the next number, having made more where there are none left."""
        place = self._drawn % _AT_ONCE
        if place == 0:
            counts = torch.arange(self._drawn, self._drawn + _AT_ONCE).view(-1, 1) + 1
            self._bits = _scrambled(self._keys + counts * _signed(_GOLDEN, 64))
            self._values = _high(self._bits).float() * 2.0**-_BITS
            self._here = self._values.to(self._device, non_blocking=True)
        self._drawn += 1
        return place


def key_of(*parts: int) -> int:
    """Return a number of 64 bits, with a sign, that stands for whole numbers in their order."""
    key = len(parts)
    for part in parts:
        key = key * _GOLDEN + part
    return _signed(key, 64)


@functools.cache
def _normal(length: int, device: str) -> Tensor:
    """Return a row of normal numbers, float32 [length]."""
    bits = _scrambled(torch.arange(length) * _signed(_GOLDEN, 64))
    # By the inverse of the distribution, in double precision: alike on every machine.
    table: Tensor = torch.special.ndtri((_high(bits).double() + 0.5) * 2.0**-_BITS)
    return table.float().to(device)


def _high(bits: Tensor) -> Tensor:
    """Return the highest `_BITS` bits of int64 as whole numbers."""
    return (bits >> (64 - _BITS)) & ((1 << _BITS) - 1)


def _scrambled(bits: Tensor) -> Tensor:
    """Return int64 of the same shape, each a one-to-one hash (the finaliser of splitmix64)."""
    bits = bits ^ ((bits >> 30) & ((1 << 34) - 1))
    bits = bits * _signed(_FINAL[0], 64)
    bits = bits ^ ((bits >> 27) & ((1 << 37) - 1))
    bits = bits * _signed(_FINAL[1], 64)
    return bits ^ ((bits >> 31) & ((1 << 33) - 1))


def _signed(value: int, bits: int) -> int:
    """Return the number with a sign that has the same bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
