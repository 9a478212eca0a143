"""How far apart the frames of a recording are, and when that is too far."""

import numpy as np

from mien.types import RealArray

# A gap is one where it is longer than this many steps: half a frame more than none.
TOLERANCE = 1.5
# Where frames come unevenly, as from a camera that is too fast for the machine, nine of ten steps
# are explained; but never more than this many usual ones.
EXPLAINED, MOST = 0.9, 3.0


def steps_of(moments: RealArray) -> tuple[float, float]:
    """Return the usual seconds between frames, and up to how many are explained by how it was read.

    Args:
        moments: float64 [M], the times of frames, rising, each once.

    Returns:
        The median step, and the longest that is no gap; both 0 where there is one moment only.
    """
    if len(moments) < 2:
        return 0.0, 0.0
    steps = np.diff(moments)
    usual = float(np.median(steps))
    explained = min(float(np.quantile(steps, EXPLAINED, method="lower")), MOST * usual)
    return usual, TOLERANCE * max(usual, explained)
