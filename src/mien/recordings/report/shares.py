"""How much of the time a person looked how, and in how many episodes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mien.recordings.report.cases import FINE, PARTED, Case
from mien.recordings.values import NOT_SEEN_WORD, Interval


@dataclass(frozen=True, slots=True)
class Episodes:
    """The episodes of one look in one case: intervals in which nothing else was said.

    Attributes:
        number: How many.
        seconds: How long all of them.
        longest: How long the longest.
    """

    number: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    @property
    def mean(self) -> float:
        """How long they are on average, in seconds; nan where there is none."""
        return self.seconds / self.number if self.number else float("nan")


def episodes(intervals: Iterable[Interval]) -> Mapping[str, Episodes]:
    """Return the episodes of each look that occurs, "not sure" and "not seen" too."""
    found: dict[str, Episodes] = {}
    for one in intervals:
        so_far = found.get(one.look, Episodes())
        found[one.look] = Episodes(
            so_far.number + 1, so_far.seconds + one.seconds, max(so_far.longest, one.seconds)
        )
    return found


def share(seconds: float, whole: float) -> float:
    """Return a part of a whole; nan of nothing."""
    return seconds / whole if whole > 0 else float("nan")


def problems(case: Case) -> Mapping[str, float]:
    """Return for how many seconds each thing stood against being read.

    A face may be small and dark at once, so that these may come to more than the time. Of a table
    without the column there are none.
    """
    found: dict[str, float] = {}
    for one in case.quality or ():
        for word in (part.strip() for part in one.look.split(PARTED)):
            if word not in ("", FINE, NOT_SEEN_WORD):
                found[word] = found.get(word, 0.0) + one.seconds
    return found
