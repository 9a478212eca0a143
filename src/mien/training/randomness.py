"""Random numbers that follow from what they are for, not from the order in which they are drawn.

Counter-based (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a number is a
hash of the seed, of the row of the face that it is for, and of how many were drawn for that face
before. So it is the same whichever process, batch, or device the face is in.
"""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Rows = npt.NDArray[np.intp]
# Of splitmix64 (Steele et al. 2014), which passes BigCrush: the odd number nearest to 2^64 over the
# golden ratio, and the multipliers of its finaliser (Stafford's variant 13).
_GOLDEN = 0x9E3779B97F4A7C15
_FINAL = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
# The same in 32 bits, which is half the work for each pixel; the multipliers are Wellons's.
_GOLDEN_32 = 0x9E3779B9
_FINAL_32 = (0x7FEB352D, 0x846CA68B)
_AT_ONCE = 64  # numbers that are made for each face at a time
_BITS = 24  # of a number, as many as float32 holds
_LEVELS = 1 << 16  # of noise


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

    def noise(self, channels: int, size: int) -> tuple[Tensor, Tensor]:
        """Return two fields of normal numbers for each face, float32 [N,channels,size,size] each.

        A hash of 32 bits for each pixel gives both: a number is one of `_LEVELS`, up to 4.2
        standard deviations.
        """
        place = self._next()
        keys = self._bits[place].int().to(self._device).view(-1, 1, 1, 1)
        places = torch.arange(channels * size * size, dtype=torch.int32, device=self._device)
        places.mul_(_signed(_GOLDEN_32, 32))
        bits = _scrambled_32(keys + places.view(1, channels, size, size))
        table = _normal(str(self._device))
        low = bits & 0xFFFF
        high = bits.bitwise_right_shift_(16).bitwise_and_(0xFFFF)
        return table[low], table[high]

    def _next(self) -> int:
        """Return the place of the next number, having made more where there are none left."""
        place = self._drawn % _AT_ONCE
        if place == 0:
            counts = torch.arange(self._drawn, self._drawn + _AT_ONCE).view(-1, 1) + 1
            self._bits = _scrambled(self._keys + counts * _signed(_GOLDEN, 64))
            whole = (self._bits >> (64 - _BITS)) & ((1 << _BITS) - 1)
            self._values = whole.float() * 2.0**-_BITS
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
def _normal(device: str) -> Tensor:
    """Return the normal numbers that cut the bell into `_LEVELS` slices alike."""
    shares = (torch.arange(_LEVELS, dtype=torch.float64) + 0.5) / _LEVELS
    table: Tensor = torch.special.ndtri(shares).float().to(device)
    return table


def _scrambled(bits: Tensor) -> Tensor:
    """Return int64 of the same shape, each a one-to-one hash (the finaliser of splitmix64)."""
    bits = bits ^ ((bits >> 30) & ((1 << 34) - 1))
    bits = bits * _signed(_FINAL[0], 64)
    bits = bits ^ ((bits >> 27) & ((1 << 37) - 1))
    bits = bits * _signed(_FINAL[1], 64)
    return bits ^ ((bits >> 31) & ((1 << 33) - 1))


def _scrambled_32(bits: Tensor) -> Tensor:
    """Hash int32 in place, one to one."""
    for shift, factor in zip((16, 15), _FINAL_32, strict=True):
        bits ^= (bits >> shift).bitwise_and_((1 << (32 - shift)) - 1)
        bits *= _signed(factor, 32)
    bits ^= (bits >> 16).bitwise_and_(0xFFFF)
    return bits


def _signed(value: int, bits: int) -> int:
    """Return the number with a sign that has the same bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
