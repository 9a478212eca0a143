"""Somebody's usual face: their own neutral, learnt in seconds, and taken off what is read of them.

Of a person at rest, the mean of the logarithms of what the model says is compared with that of
neutral faces in general (`mien.models.neutral`); the difference is taken off each reading, and the
rest is made to sum to one. As of logits with a prior of that person's own, one reading is shifted
as much as another. It is taken by half at most, because what few seconds say of a face is also
said by its light and its camera: taken as a whole, it harms those whose pictures come from
elsewhere (`benchmarks/experiments/baseline.py`). So it holds for one camera and one light, and for
the person it was learnt from: a face with another number never has it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from mien.models.neutral import logs
from mien.types import ProbabilityArray, Quality, RealArray, UsualFace
from mien.types.alike import ByValue

# How long a usual face is learnt, in seconds of stream time.
SECONDS = 10.0
# What is seen within so many seconds counts once: frames of one moment are nearly one picture.
MOMENT = 1.0
# Fewer moments than this say too little.
FEWEST = 3
# With so many moments the own mean counts as much as what is known of faces in general...
PRIOR = 3
# ...and more of them do not make it count for more.
MOST = 0.5
# How far, on average, moments may be from their mean: half the sum of the differences, 0 to 1. Two
# neutral pictures of a person are further than twice this apart in one of 20, and a neutral one and
# another look in nine of ten (`benchmarks/experiments/baseline.py`).
UNSTEADY = 0.2

Problem = Literal["few", "unsteady"]


@dataclass(slots=True)
class Moments:
    """What was read of one face, moment by moment."""

    _sums: list[RealArray] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)
    _began: float = -math.inf

    def add(self, outcomes: ProbabilityArray, timestamp: float) -> None:
        """Take one reading of a face that can be seen well.

        Args:
            outcomes: float32 [K] or [K+1], as the classifier gave them.
            timestamp: Seconds of stream time.
        """
        if not 0 <= timestamp - self._began < MOMENT:
            self._began = timestamp
            self._sums.append(np.zeros(len(outcomes)))
            self._counts.append(0)
        self._sums[-1] += logs(outcomes)
        self._counts[-1] += 1

    def __len__(self) -> int:
        """How many moments there are."""
        return len(self._counts)

    def problem(self, *, fewest: int = FEWEST) -> Problem | None:
        """Return why these moments tell no usual face: too few, or of changing looks; else None.

        Args:
            fewest: How many are needed.
        """
        if len(self) < max(1, fewest):
            return "few"
        return "unsteady" if _unsteadiness(self._means()) > UNSTEADY else None

    def offset(self, reference: RealArray) -> RealArray:
        """Return what is to be taken off the logarithms of this person's readings.

        Args:
            reference: The mean logarithms of neutral faces in general, [K] or [K+1].
        """
        return np.asarray(weight(len(self)) * (self._means().mean(axis=0) - reference))

    def _means(self) -> RealArray:
        return np.asarray(np.stack(self._sums) / np.array(self._counts)[:, None])


def weight(moments: int) -> float:
    """Return how much of a person's own mean counts, by the number of moments."""
    return min(MOST, moments / (moments + PRIOR))


def _unsteadiness(means: RealArray) -> float:
    """Return how far moments are from their mean, [N,K] logarithms → 0 to 1."""
    shares = np.exp(means)
    shares /= shares.sum(axis=1, keepdims=True)
    return float(np.abs(shares - shares.mean(axis=0)).sum(axis=1).mean() / 2)


def corrected(outcomes: ProbabilityArray, offset: RealArray) -> ProbabilityArray:
    """Return a reading beside somebody's usual face, float32 [K] or [K+1]; sums to one.

    Args:
        outcomes: float32 [K] or [K+1], as the classifier gave them.
        offset: What `Moments.offset` gave.
    """
    shares = np.exp(logs(outcomes) - offset)
    return np.asarray(shares / shares.sum(), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Baseline(ByValue):
    """Usual faces that are known before a source is read.

    Attributes:
        by_source: Of the people of each source, by their numbers: what is taken off.
        alone: Of whoever is in the first picture with faces of any source, where that is one.
        notes: Of whom none could be learnt, and why, a line each.
    """

    by_source: Mapping[str, Mapping[int, RealArray]] = field(default_factory=dict)
    alone: RealArray | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Learning:
    start: float | None = None
    moments: Moments = field(default_factory=Moments)


class UsualFaces:
    """The usual faces of the people of one stream, by their numbers, in memory only."""

    def __init__(self, reference: RealArray | None, known: Baseline | None = None) -> None:
        """Start with those that are known.

        Args:
            reference: The mean logarithms of neutral faces in general; None where the model can be
                shown no usual face.
            known: What was learnt before.
        """
        self._reference = reference
        self._known = known or Baseline()
        self._offsets: dict[int, RealArray] = {}
        self._learning: dict[int, _Learning] = {}
        self._problems: dict[int, Problem] = {}
        self._waits = False  # for the first faces of a source

    def begin(self, source: str | None) -> None:
        """Forget all, for the numbers mean other people now, but who is known of a source."""
        for kept in (self._offsets, self._learning, self._problems):
            kept.clear()
        self._offsets.update(self._known.by_source.get(source or "", {}))
        self._waits = self._known.alone is not None

    def meet(self, track_ids: Sequence[int]) -> None:
        """Take in who is in a frame: who comes first, and alone, may be known by a picture."""
        if not self._waits or not track_ids:
            return
        self._waits = False
        if len(track_ids) == 1 and self._known.alone is not None:
            self._offsets[track_ids[0]] = self._known.alone

    def learn(self, track_id: int) -> None:
        """Begin to learn somebody's usual face, anew where it is known; for `SECONDS` from now."""
        self.forget(track_id)
        if self._reference is not None:
            self._learning[track_id] = _Learning()

    def forget(self, track_id: int) -> None:
        """Read somebody like anybody again, and learn nothing more of them."""
        for kept in (self._offsets, self._learning, self._problems):
            kept.pop(track_id, None)

    def read(
        self, track_id: int, outcomes: ProbabilityArray, timestamp: float, quality: Quality
    ) -> tuple[ProbabilityArray, UsualFace | None]:
        """Return one reading beside the person's usual face, and what there is of that.

        Args:
            track_id: Whose reading it is.
            outcomes: float32 [K] or [K+1], as the classifier gave them; sums to one.
            timestamp: Seconds of stream time.
            quality: How well the face can be seen; what has issues is not learnt from.
        """
        learning = self._learning.get(track_id)
        if learning is not None:
            learning = self._learn(track_id, learning, timestamp)
        if learning is not None and quality.ok:
            learning.moments.add(outcomes, timestamp)
        offset = self._offsets.get(track_id)
        read = outcomes if offset is None else corrected(outcomes, offset)
        return read, self._state(track_id, timestamp)

    def _learn(self, track_id: int, learning: _Learning, timestamp: float) -> _Learning | None:
        """Return what is still being learnt from; None where that has come to its end."""
        if learning.start is None or timestamp < learning.start:
            learning.start, learning.moments = timestamp, Moments()
        if timestamp - learning.start < SECONDS:
            return learning
        self._learning.pop(track_id, None)
        problem = learning.moments.problem()
        if problem is not None:
            self._problems[track_id] = problem
        elif self._reference is not None:
            self._offsets[track_id] = learning.moments.offset(self._reference)
        return None

    def _state(self, track_id: int, timestamp: float) -> UsualFace | None:
        learning = self._learning.get(track_id)
        if learning is not None and learning.start is not None:
            return UsualFace("learning", (timestamp - learning.start) / SECONDS)
        if track_id in self._offsets:
            return UsualFace("on")
        problem = self._problems.get(track_id)
        return None if problem is None else UsualFace(problem)
