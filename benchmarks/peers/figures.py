"""What follows from the labels that a system gave to frames; knows no system."""

import statistics
from collections.abc import Sequence
from itertools import pairwise

Labels = Sequence[str | None]  # one per frame; None where no face was found


def choose(total: int, most: int) -> range:
    """Return every k-th frame, so that at most so many are read and the clip keeps its length."""
    if total < 1 or most < 1:
        raise ValueError(f"needs one frame or more, got {total} and at most {most}")
    return range(0, total, -(-total // most))


def seconds_shown(times: Sequence[float]) -> float:
    """Return for how long frames stand: each until the next, the last as long as most do."""
    if len(times) < 2:
        raise ValueError(f"needs two frames or more, got {len(times)}")
    return times[-1] - times[0] + statistics.median(b - a for a, b in pairwise(times))


def changes(labels: Labels) -> int:
    """Count how often the label differs from the one before; frames without a face do not count."""
    return sum(a != b for a, b in pairwise(label for label in labels if label is not None))


def found(labels: Labels) -> float:
    """Return the share of frames with a face."""
    return sum(label is not None for label in labels) / len(labels)
