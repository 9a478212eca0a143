"""Arrays, progress, and what is told of work of any kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
RealArray = npt.NDArray[np.float64]
PixelArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
ProbabilityArray = npt.NDArray[np.float32]

# Called with the progress of long work: the stage, how much is done, and of how much where known.
OnProgress = Callable[[str, int, int | None], None]
# How plots are written.
PlotKind = Literal["png", "svg", "pdf"]


def ignore_progress(_stage: str, _done: int, _total: int | None) -> None:
    """Tell nobody of the progress of long work."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was left out, so that the rest could be read.

    Attributes:
        path: Which file, folder or source.
        reason: Why, in one line.
        named: Whether it was asked for by its name, so that to go on without it is a failure.
    """

    path: str
    reason: str
    named: bool = False
