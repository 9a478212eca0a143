"""Steady words from shaky numbers, for each face by itself and in seconds of stream time."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.types import ProbabilityArray

# A shown label is dropped only this far below the confidence that it needed to be shown, so that a
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
        probabilities: float32 [K], averaged over the last moments; sums to one.
        label_index: Index of the class to show; None for "not sure".
    """

    probabilities: ProbabilityArray
    label_index: int | None


@dataclass(slots=True)
class _State:
    mean: npt.NDArray[np.float64]
    time: float
    shown: int | None
    candidate: int | None
    held: float = 0.0


class Smoother:
    """Averages each face's probabilities and changes its label only for good reason.

    An exponential moving average whose weight follows from the time that has passed, so that 10
    and 60 frames per second end alike. Another label is shown once it has been the best for `hold`
    seconds without a break, and "not sure" after `hold_unsure`, because a word that comes and goes
    is worse than one that stays a moment longer; the first sight of a face shows at once.
    """

    def __init__(
        self,
        *,
        not_sure_below: float,
        time_constant: float = TIME_CONSTANT,
        hold: float = HOLD,
        hold_unsure: float = HOLD_UNSURE,
    ) -> None:
        """Start without faces.

        Args:
            not_sure_below: Confidence that a label needs to be shown.
            time_constant: Seconds after which a reading counts for 1/e; 0 for no averaging.
            hold: Seconds for which another label must be the best before it is shown.
            hold_unsure: Seconds for which none may be sure before "not sure" is shown.
        """
        self._not_sure_below = not_sure_below
        self._time_constant = time_constant
        self._hold, self._hold_unsure = hold, hold_unsure
        self._states: dict[int, _State] = {}

    def update(
        self,
        track_id: int,
        probabilities: ProbabilityArray,
        timestamp: float,
        *,
        doubtful: bool = False,
    ) -> Smoothed:
        """Take one reading of one face.

        Args:
            track_id: Whose it is.
            probabilities: float32 [K] of this frame; sums to one.
            timestamp: Seconds of stream time; where it does not advance, no time has passed.
            doubtful: The face cannot be seen well enough: be "not sure", whatever was read. It is
                held back like every other change, so that a word does not flicker.
        """
        state = self._states.get(track_id)
        if state is None:
            state = self._start(probabilities, timestamp, doubtful)
            self._states[track_id] = state
        else:
            self._advance(state, probabilities, timestamp, doubtful)
        return Smoothed((state.mean / state.mean.sum()).astype(np.float32), state.shown)

    def keep(self, track_ids: Iterable[int]) -> None:
        """Forget all faces but these."""
        kept = set(track_ids)
        self._states = {key: state for key, state in self._states.items() if key in kept}

    def reset(self) -> None:
        """Forget all faces."""
        self._states.clear()

    def _start(self, probabilities: ProbabilityArray, timestamp: float, doubtful: bool) -> _State:
        mean = probabilities.astype(np.float64)
        label = None if doubtful else self._best(mean, shown=None)
        return _State(mean, timestamp, shown=label, candidate=label)

    def _advance(
        self, state: _State, probabilities: ProbabilityArray, timestamp: float, doubtful: bool
    ) -> None:
        step = max(0.0, timestamp - state.time)
        state.time = timestamp
        state.mean += self._weight(step) * (probabilities - state.mean)
        candidate = None if doubtful else self._best(state.mean, state.shown)
        # Held from its first sight on: what the face did while it was unseen is not known.
        state.held = state.held + step if candidate == state.candidate else 0.0
        state.candidate = candidate
        hold = self._hold_unsure if candidate is None else self._hold
        if candidate != state.shown and state.held >= hold - ROUNDING:
            state.shown = candidate

    def _weight(self, step: float) -> float:
        return 1.0 if self._time_constant == 0 else -math.expm1(-step / self._time_constant)

    def _best(self, mean: npt.NDArray[np.float64], shown: int | None) -> int | None:
        best = int(mean.argmax())
        if mean[best] >= self._not_sure_below:
            return best
        if shown is not None and mean[shown] >= self._not_sure_below - NOT_SURE_MARGIN:
            return shown
        return None
