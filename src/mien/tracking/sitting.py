"""The people of one sitting: who is back after seconds or minutes.

Kept in memory only, bounded in people and bytes, forgotten with the stream. Where it is not sure
it names nobody, because a wrong name is worse than a new number.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mien.tracking.portrait import WIDTH, has_colour, resemblance
from mien.types import FloatArray

# Chosen by whole returns of one third of the people of `benchmarks/returns.py`: of those who are
# somebody else at most one in a hundred comes so near, also where all wear the same in one light.
# The resemblance from which two portraits are of one person...
SAME = 0.68
# ...so much more without colour, which tells most people apart...
GRAY = 0.06
# ...and so much each time that those who may be back are twice as many.
CROWD = 0.01
# The resemblance below which two are not of one person, whatever the next moment shows.
STRANGER = 0.6
# By how much someone must be more alike than the next one.
MARGIN = 0.03
# So many people, and portraits of each, are kept: less than two megabytes.
PEOPLE, PORTRAITS = 32, 8


@dataclass(slots=True)
class _Person:
    portraits: FloatArray = field(default_factory=lambda: np.empty((0, WIDTH), np.float32))
    met: set[int] = field(default_factory=set)
    seen: float = 0.0

    def likeness(self, portraits: FloatArray) -> npt.NDArray[np.float64]:
        """How alike each of some portraits is to this person, [N]; 0 without portraits."""
        if not len(self.portraits):
            return np.zeros(len(portraits))
        return np.asarray(resemblance(self.portraits, portraits).max(axis=0), np.float64)


class Sitting:
    """Knows the people of one stream by their numbers. Holds the stream's state."""

    def __init__(self, *, remember: float) -> None:
        """Start with nobody.

        Args:
            remember: Seconds after which someone who is away is forgotten.
        """
        self._remember = remember
        self._people: dict[int, _Person] = {}

    def __len__(self) -> int:
        """Return how many people are known."""
        return len(self._people)

    @property
    def size(self) -> int:
        """Bytes of all portraits."""
        return sum(person.portraits.nbytes for person in self._people.values())

    def reset(self) -> None:
        """Forget everybody."""
        self._people.clear()

    def meet(self, numbers: Collection[int], now: float) -> None:
        """Note who is there: people who are seen side by side are not the same."""
        gone = [n for n, person in self._people.items() if now - person.seen > self._remember]
        for number in gone:
            self._forget(number)
        for number in numbers:
            if number in self._people:
                self._people[number].seen = now
        # Of a crowd, the first to come are kept: in what order a set holds numbers is chance.
        for number in sorted(numbers):
            if number in self._people or self._has_room(now):
                person = self._people.setdefault(number, _Person(seen=now))
                person.met.update(numbers)

    def keep(self, number: int, portrait: FloatArray) -> None:
        """Keep a portrait of someone who is there; of two that are nearly the same, the newer."""
        if number not in self._people:
            return
        person = self._people[number]
        kept = person.portraits
        if len(kept) == PORTRAITS:
            nearest = int(resemblance(kept, portrait[None])[:, 0].argmax())
            kept = np.delete(kept, nearest, axis=0)
        person.portraits = np.concatenate([kept, portrait[None]])

    def is_known(self, number: int) -> bool:
        """Whether there is a portrait of someone."""
        return number in self._people and len(self._people[number].portraits) > 0

    def is_away(self, present: Collection[int]) -> bool:
        """Whether someone who is known is not among those who are there."""
        return bool(self._away(present))

    def likeness(self, number: int, portrait: FloatArray) -> float:
        """How alike someone is to a portrait; 0 where that is not known."""
        person = self._people.get(number)
        return 0.0 if person is None else float(person.likeness(portrait[None])[0])

    def is_like(self, number: int, portrait: FloatArray) -> bool:
        """Whether a portrait is like enough to be of someone."""
        return self.likeness(number, portrait) >= least(portrait)

    def is_another(self, number: int, portrait: FloatArray, *, beside: bool = False) -> bool:
        """Whether a face where someone is expected is not theirs: too unlike, or more another's.

        Args:
            number: Who is expected.
            portrait: Of the face.
            beside: Whether another face may reach over it; then being unlike is not enough, and
                being more like another is, however little of either is to be seen.

        Of people whom looks do not tell apart, as twins or someone beside a mirror, the place
        tells who is who.
        """
        own, alike = self.likeness(number, portrait), least(portrait)
        enough = own + MARGIN if beside else max(alike, own + MARGIN)
        return (not beside and own < alike) or any(
            self.likeness(other, portrait) >= enough and not self._are_alike(number, other)
            for other in self._people
            if other != number
        )

    def may_be_back(self, portrait: FloatArray, present: Collection[int]) -> bool:
        """Whether a portrait may be of one who is away, and is not like enough to be sure."""
        away = self._away(present)
        nearest = max((self.likeness(number, portrait) for number in away), default=0.0)
        return STRANGER <= nearest < least(portrait, len(away))

    def recognise(
        self, portraits: Mapping[int, FloatArray], present: Collection[int]
    ) -> dict[int, int]:
        """Say who of those who are away is back.

        Args:
            portraits: Of the new faces of one frame, by any index.
            present: The numbers of those who are there.

        Returns:
            The numbers of those who are known for sure, by the same index; none twice.
        """
        numbers, indices = list(self._people), list(portraits)
        if not numbers or not indices:
            return {}
        stacked = np.stack([portraits[index] for index in indices])
        alike = np.stack([self._people[number].likeness(stacked) for number in numbers])
        open_rows = np.array([number not in present for number in numbers])
        sure: dict[int, int] = {}
        away = len(self._away(present))
        enough = np.array([least(portrait, away) for portrait in stacked])
        free = np.where(open_rows[:, None] & (alike >= enough), alike, 0.0)
        while free.max() > 0:
            row, column = np.unravel_index(int(free.argmax()), free.shape)
            near = alike[row, column] - MARGIN
            rivals = {numbers[other] for other in np.flatnonzero(alike[:, column] > near)}
            rivals -= {numbers[row]}
            alone = (alike[row] > near).sum() == 1
            if alone and all(self._are_one(numbers[row], rival) for rival in rivals):
                sure[indices[int(column)]] = numbers[row]
            free[row, :] = free[:, column] = 0.0
        return sure

    def _are_one(self, first: int, second: int) -> bool:
        """Whether two numbers went to one person: never seen side by side, and alike."""
        return second not in self._people[first].met and self._are_alike(first, second)

    def _are_alike(self, first: int, second: int) -> bool:
        """Whether looks do not tell two people apart."""
        one, other = self._people[first], self._people[second]
        alike = one.likeness(other.portraits)
        return any(a >= least(p) for a, p in zip(alike, other.portraits, strict=True))

    def _away(self, present: Collection[int]) -> list[int]:
        return [
            number for number in self._people if number not in present and self.is_known(number)
        ]

    def _has_room(self, now: float) -> bool:
        """Make room for one more, by who is away for longest; of a crowd some are not kept."""
        if len(self._people) < PEOPLE:
            return True
        oldest = min(self._people, key=lambda number: self._people[number].seen)
        if self._people[oldest].seen == now:
            return False
        self._forget(oldest)
        return True

    def _forget(self, number: int) -> None:
        del self._people[number]
        for person in self._people.values():
            person.met.discard(number)


def least(portrait: FloatArray, people: int = 1) -> float:
    """Return the resemblance from which a portrait is of one of so many people."""
    gray = 0.0 if has_colour(portrait) else GRAY
    return SAME + gray + CROWD * math.log2(max(1, people))
