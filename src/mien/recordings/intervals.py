"""Episodes of one look: from rows of a table to intervals that cover the time."""

from typing import Annotated

import msgspec
import numpy as np

from mien.recordings.steps import TOLERANCE
from mien.recordings.values import NOT_SEEN, CodeArray, Interval, Recording
from mien.types import RealArray


class IntervalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How rows become intervals.

    Attributes:
        shortest: Looks that last less than so many seconds are left out: the look before them goes
            on, or, at the very beginning, that after them begins earlier.
        gap: From one row of a person to the next, more than so many seconds are "not seen" (unless
            given: more than the frame rate, or --every, explains).
    """

    shortest: Annotated[float, msgspec.Meta(ge=0, extra={"metavar": "SECONDS"})] = 0.0
    gap: Annotated[float, msgspec.Meta(gt=0, extra={"metavar": "SECONDS"})] | None = None


def intervals_of(
    recording: Recording,
    time: RealArray,
    label: CodeArray,
    settings: IntervalSettings = IntervalSettings(),  # noqa: B008 - frozen
) -> tuple[Interval, ...]:
    """Return the episodes of one person.

    A row speaks for the time from its own frame to the next row; the last one before a gap for one
    usual step. Where no row speaks, the person is "not seen".

    Args:
        recording: Whose times they are.
        time: float64 [N], seconds of stream, never falling.
        label: int16 [N], codes of looks.
        settings: How rows become intervals.

    Returns:
        Intervals from the recording's begin to its end, in order, without gaps or overlaps; two
        that follow each other never say the same. Nothing where it has no duration.
    """
    edges, codes = _edges(recording, time, label, settings.gap)
    edges, codes = _without_short(edges, codes, settings.shortest)
    return tuple(
        Interval(begin, end, recording.word(code))
        for begin, end, code in zip(
            edges[:-1].tolist(), edges[1:].tolist(), codes.tolist(), strict=True
        )
    )


def _edges(
    recording: Recording, time: RealArray, label: CodeArray, gap: float | None
) -> tuple[RealArray, CodeArray]:
    """Return where what is said changes (one more than there are codes), and what is said."""
    longest = recording.longest_step if gap is None else max(gap, TOLERANCE * recording.step)
    # Rows that say the same, without a gap between them, are one from here on.
    torn = (label[1:] != label[:-1]) | (np.diff(time) > longest)
    firsts = np.append(0, np.flatnonzero(torn) + 1)
    lasts = np.append(firsts[1:] - 1, len(time) - 1)
    after = np.append(time[firsts[1:]], recording.end)
    until = np.minimum(time[lasts] + recording.step, after)
    # Up to the end, the last frame has its own duration and no more, as before a gap; but what a
    # file is longer by than its frames, as by rounding, is none in which somebody is not seen.
    ends_early = recording.end - time[lasts[-1]] > TOLERANCE * recording.step
    hole = np.append(time[firsts[1:]] - time[lasts[:-1]] > longest, ends_early) & (until < after)
    said = np.stack((label[firsts], np.where(hole, NOT_SEEN, label[firsts])), axis=1)
    starts = np.stack((time[firsts], until), axis=1)
    edges = np.concatenate(([recording.begin], starts.ravel(), [recording.end]))
    return _joined(edges, np.append(NOT_SEEN, said.ravel()).astype(np.int16))


def _joined(edges: RealArray, codes: CodeArray) -> tuple[RealArray, CodeArray]:
    """Leave out what has no duration, and join neighbours that say the same."""
    lasts = np.diff(edges) > 0
    starts, codes = edges[:-1][lasts], codes[lasts]
    new = np.ones(len(codes), bool)
    new[1:] = codes[1:] != codes[:-1]
    return np.append(starts[new], edges[-1]), codes[new]


def _without_short(
    edges: RealArray, codes: CodeArray, shortest: float
) -> tuple[RealArray, CodeArray]:
    """Leave out intervals that are too short."""
    if shortest <= 0 or len(codes) < 2:
        return edges, codes
    short = np.diff(edges) < shortest
    kept = np.flatnonzero(~short)
    if not kept.size:
        # None lasts: what was said longest stands for all of it.
        kept = np.array([int(np.argmax(np.diff(edges)))])
    starts = edges[:-1][kept]
    starts[0] = edges[0]
    return _joined(np.append(starts, edges[-1]), codes[kept])
