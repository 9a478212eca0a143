"""Steady words from shaky numbers, for each face by itself and in seconds of stream time."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from mien.models.decision import Real, is_sure, needed, split
from mien.models.decision import doubt as doubt_of
from mien.types import ProbabilityArray, QualityIssue, Reason

# A shown label is dropped only this far below the probability that it needed to be shown, so that a
# face on the edge does not alternate between a word and "not sure".
NOT_SURE_MARGIN = 0.1
# Chosen by `benchmarks/steadiness.py`: of all that show a change within 0.4 seconds, the calmest.
TIME_CONSTANT, HOLD, HOLD_UNSURE = 0.05, 0.2, 0.6
# Times of frames are rounded: six steps of a thirtieth of a second are a little less than 0.2.
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """What to show of one face.

    Attributes:
        probabilities: float32 [K], or [K+1] with something else last, averaged over the last
            moments; sums to one.
        label_index: Index of the class to show; None for "not sure".
        reason: Why it is not sure; None where a label is shown.
        own_index: Index of the class that the probabilities say by themselves, whether or not it is
            shown yet; None for "not sure".
        own_reason: Why they say none.
    """

    probabilities: ProbabilityArray
    label_index: int | None
    reason: Reason | None
    own_index: int | None
    own_reason: Reason | None


T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    """What is shown, and what will be once it has lasted."""

    shown: T
    candidate: T
    held: float = 0.0

    def advance(self, candidate: T, step: float, hold: float, stands: float) -> None:
        # Held from its first sight on: what the face did while it was unseen is not known. Where
        # frames are few, the first one has lasted by itself.
        self.held = self.held + step if candidate == self.candidate else stands
        self.candidate = candidate
        if candidate != self.shown and self.held >= hold - ROUNDING:
            self.shown = candidate


@dataclass(slots=True)
class _State:
    mean: npt.NDArray[np.float64]
    time: float
    label: _Held[int | None]
    reason: _Held[Reason | None]


class Smoother:
    """Averages each face's probabilities and changes its label only for good reason.

    An exponential moving average whose weight follows from the time that has passed, so that 10
    and 60 frames per second end alike. Another label is shown once it has been the best for `hold`
    seconds without a break, and "not sure" after `hold_unsure`, because a word that comes and goes
    is worse than one that stays a moment longer; the first sight of a face shows at once. Why it is
    "not sure" is held like "not sure" itself. What is averaged are the classifier's own
    probabilities, so that something else weighs as much in the mean as it did in each frame.
    """

    def __init__(
        self,
        *,
        not_sure_below: float,
        other: bool = False,
        time_constant: float = TIME_CONSTANT,
        hold: float = HOLD,
        hold_unsure: float = HOLD_UNSURE,
    ) -> None:
        """Start without faces.

        Args:
            not_sure_below: Probability of being right that a label needs to be shown.
            other: Whether the last column of the probabilities is something else than a label.
            time_constant: Seconds after which a reading counts for 1/e; 0 for no averaging.
            hold: Seconds for which another label must be the best before it is shown.
            hold_unsure: Seconds for which none may be sure before "not sure" is shown.
        """
        self._not_sure_below, self._other = not_sure_below, other
        self._time_constant = time_constant
        self._hold, self._hold_unsure = hold, hold_unsure
        self._states: dict[int, _State] = {}

    def update(
        self,
        track_id: int,
        probabilities: ProbabilityArray,
        timestamp: float,
        *,
        doubt: QualityIssue | None = None,
        stands: float = 0.0,
    ) -> Smoothed:
        """Take one reading of one face.

        Args:
            track_id: Whose it is.
            probabilities: float32 [K], or [K+1] with something else last, of this frame; sums to
                one.
            timestamp: Seconds of stream time; where it does not advance, no time has passed.
            doubt: Why the face cannot be seen well enough: be "not sure", whatever was read. It is
                held back like every other change, so that a word does not flicker.
            stands: For how many seconds each frame stands; from `hold` on, one is enough for
                another label.
        """
        state = self._states.get(track_id)
        if state is None:
            state = self._start(probabilities, timestamp, doubt)
            self._states[track_id] = state
        else:
            lasting = stands if stands >= self._hold - ROUNDING else 0.0
            self._advance(state, probabilities, timestamp, doubt, lasting)
        mean = (state.mean / state.mean.sum()).astype(np.float32)
        label = state.label.shown
        reason = state.reason.shown if label is None else None
        return Smoothed(mean, label, reason, *self._read(mean, doubt))

    def keep(self, track_ids: Iterable[int]) -> None:
        """Forget all faces but these."""
        kept = set(track_ids)
        self._states = {key: state for key, state in self._states.items() if key in kept}

    def reset(self) -> None:
        """Forget all faces."""
        self._states.clear()

    def _start(
        self, probabilities: ProbabilityArray, timestamp: float, doubt: QualityIssue | None
    ) -> _State:
        mean = probabilities.astype(np.float64)
        label, reason = self._decide(mean, None, doubt)
        return _State(mean, timestamp, _Held(label, label), _Held(reason, reason))

    def _advance(
        self,
        state: _State,
        probabilities: ProbabilityArray,
        timestamp: float,
        doubt: QualityIssue | None,
        stands: float,
    ) -> None:
        step = max(0.0, timestamp - state.time)
        state.time = timestamp
        state.mean += self._weight(step) * (probabilities - state.mean)
        before = state.label.shown
        label, reason = self._decide(state.mean, before, doubt)
        hold = self._hold_unsure if label is None else self._hold
        state.label.advance(label, step, hold, stands)
        if before is not None:
            state.reason = _Held(reason, reason)
        elif label is None:
            state.reason.advance(reason, step, self._hold_unsure, stands)

    def _weight(self, step: float) -> float:
        return 1.0 if self._time_constant == 0 else -math.expm1(-step / self._time_constant)

    def _decide(
        self, mean: npt.NDArray[np.float64], shown: int | None, doubt: QualityIssue | None
    ) -> tuple[int | None, Reason | None]:
        """Return what to show next, or why nothing."""
        label, reason = self._read(mean, doubt)
        if label is not None or doubt is not None or shown is None:
            return label, reason
        _, other = split(mean, other=self._other)
        least = needed(other, self._not_sure_below) - NOT_SURE_MARGIN
        return (shown, None) if mean[shown] >= least else (label, reason)

    def _read(
        self, mean: npt.NDArray[Real], doubt: QualityIssue | None
    ) -> tuple[int | None, Reason | None]:
        """Return what probabilities say by themselves, or why nothing."""
        if doubt is not None:
            return None, doubt
        probabilities, other = split(mean, other=self._other)
        if is_sure(probabilities, other, self._not_sure_below):
            return int(probabilities.argmax()), None
        return None, doubt_of(probabilities, other)
