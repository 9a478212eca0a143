"""Made portraits: each kind is like itself and nothing else, or like another by a wanted share."""

import numpy as np

from mien.tracking.portrait import TEXTURE, WIDTH
from mien.types import FloatArray


def portrait(kind: int, other: int = 0, share: float = 0.0, *, gray: bool = False) -> FloatArray:
    """Return a portrait whose resemblance to `other` is `share`, and none to other kinds."""
    row = np.zeros(WIDTH, dtype=np.float32)
    row[kind] = np.sqrt(1 - share**2)
    row[other] += share
    row[TEXTURE:] = 0.0 if gray else 0.2
    return row
