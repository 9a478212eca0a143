"""How far what was read agrees with what a person coded: each 0.2 s, beyond chance.

Moments at which the person was not seen, or nothing was coded, are left out. "not sure" is once a
class of its own and once left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mien.evaluation.figures.intervals import bootstrap
from mien.evaluation.figures.summary import Estimate
from mien.recordings.report.cases import Case
from mien.recordings.report.hand import meant
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD, Interval
from mien.types import IntArray, RealArray

STEP: Final = 0.2  # seconds
BLOCK: Final = 10.0  # seconds
ROUNDING: Final = 1e-9
EVERYBODY: Final = None
EVERYBODY_WORD: Final = "everybody"


def kappa(counts: IntArray) -> float:
    """Return Cohen's kappa of two coders: (p_o - p_e) / (1 - p_e).

    p_o is the share on which they agree, p_e the share on which they would by chance, if each kept
    to his own shares of classes (Cohen, "A coefficient of agreement for nominal scales",
    Educational and Psychological Measurement 20, 1960).

    Args:
        counts: int64 [K,K], how often the one said the row's class and the other the column's.

    Returns:
        1 for full agreement, 0 for what chance gives; nan where chance alone gives full agreement,
        as where both say one class only, or where there is nothing.
    """
    total = counts.sum()
    if not total:
        return float("nan")
    observed = np.trace(counts) / total
    expected = float((counts.sum(axis=0) / total) @ (counts.sum(axis=1) / total))
    return float((observed - expected) / (1 - expected)) if expected < 1 else float("nan")


def alpha(counts: IntArray) -> float:
    """Return Krippendorff's alpha of two coders and nominal data: 1 - D_o / D_e.

    With coincidences o (each pair of values in both orders), n_c = sum of row c and n of all:
    1 - (n - 1) (n - sum of o_cc) / (n^2 - sum of n_c^2) (Krippendorff, "Computing Krippendorff's
    Alpha-Reliability", 2011, section B).

    Args:
        counts: As of `kappa`.

    Returns:
        1 for full agreement, 0 for what chance gives; nan where only one class occurs, or nothing.
    """
    coincidences = (counts + counts.T).astype(np.float64)
    sizes = coincidences.sum(axis=0)
    total = sizes.sum()
    expected = total**2 - (sizes**2).sum()
    if not expected > 0:
        return float("nan")
    return float(1 - (total - 1) * (total - np.trace(coincidences)) / expected)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How far two coders agree.

    Attributes:
        name: About whom.
        with_unsure: Whether "not sure" is a class of its own; else it is left out.
        classes: In the order of `counts`.
        counts: int64 [K,K], rows by hand, columns as read: moments, STEP apart.
        kappa: Cohen's.
        alpha: Krippendorff's.
        groups: What was resampled: so many videos, or blocks of one video.
        by_video: Whether these are videos.
    """

    name: str
    with_unsure: bool
    classes: tuple[str, ...]
    counts: IntArray
    kappa: Estimate
    alpha: Estimate
    groups: int
    by_video: bool

    @property
    def moments(self) -> int:
        """How many moments were compared."""
        return int(self.counts.sum())


@dataclass(slots=True)
class Tally:
    """Counts of what was coded and read, by case and by block of time, and all classes met."""

    _classes: dict[str, int] = field(default_factory=dict)
    _parts: list[tuple[str, str, IntArray, IntArray, IntArray]] = field(default_factory=list)
    _known: dict[str, None] = field(default_factory=dict)
    _by_hand: set[str] = field(default_factory=set)

    def add(self, case: Case) -> None:
        """Count one case; nothing where it was not coded."""
        if case.hand is None:
            return
        self._known |= dict.fromkeys(case.labels)
        times = _moments(case)
        read, coded = self._codes(case.looks, times), self._codes(case.hand, times)
        self._by_hand |= {one.look for one in case.hand} - {NOT_SEEN_WORD, NOT_SURE_WORD}
        both = (read >= 0) & (coded >= 0)
        blocks = np.floor((times[both] - case.begin) / BLOCK).astype(np.int64)
        self._parts.append((case.source, case.person, coded[both], read[both], blocks))

    @property
    def is_empty(self) -> bool:
        """Whether nobody was coded."""
        return not self._parts

    def strange(self) -> list[str]:
        """Return the labels by hand that mean none of the table's looks."""
        return sorted(one for one in self._by_hand if meant(one, self._known) not in self._known)

    def agreements(self) -> list[Agreement]:
        """Return the agreement of all, and of each person where there are several."""
        people = list(dict.fromkeys(person for _, person, *_ in self._parts))
        whom = [EVERYBODY, *people] if len(people) > 1 else people
        return [
            self._agreement(person, with_unsure) for with_unsure in (True, False) for person in whom
        ]

    def _agreement(self, person: str | None, with_unsure: bool) -> Agreement:
        chosen = [part for part in self._parts if person in (EVERYBODY, part[1])]
        counts, by_video = self._grouped(chosen, with_unsure)
        whole = counts.sum(axis=0)
        # What never occurs changes no figure, and only takes time.
        often = whole.sum(axis=0) + whole.sum(axis=1)
        words = [one for one in self._ordered() if often[self._classes[one]]]
        used = [self._classes[one] for one in words]
        counts = counts[:, used][:, :, used]

        def figures(rows: IntArray) -> RealArray:
            drawn = counts[rows].sum(axis=0)
            return np.array([kappa(drawn), alpha(drawn)])

        groups = np.arange(len(counts), dtype=np.int64)
        (low, high), values = bootstrap(figures, groups), figures(groups)
        kappas, alphas = (Estimate(*ends) for ends in zip(values, low, high, strict=True))
        return Agreement(
            EVERYBODY_WORD if person is EVERYBODY else person,
            with_unsure,
            tuple(words),
            counts.sum(axis=0),
            kappas,
            alphas,
            len(groups),
            by_video,
        )

    def _grouped(
        self, parts: Sequence[tuple[str, str, IntArray, IntArray, IntArray]], with_unsure: bool
    ) -> tuple[IntArray, bool]:
        """Return counts int64 [G,K,K] by video, or of one video by block, and which it is."""
        videos = list(dict.fromkeys(source for source, *_ in parts))
        by_video, size = len(videos) > 1, len(self._classes)
        unsure, same = self._classes.get(NOT_SURE_WORD, -1), self._same()
        keys = []
        for source, _, coded, read, blocks in parts:
            group = np.full(len(coded), videos.index(source)) if by_video else blocks
            kept = (coded != unsure) & (read != unsure) if not with_unsure else slice(None)
            keys.append(((group * size + same[coded]) * size + read)[kept])
        all_keys = np.concatenate(keys) if keys else np.empty(0, np.int64)
        cells = size * size
        groups, places = np.unique(all_keys // max(cells, 1), return_inverse=True)
        flat = places * cells + all_keys % max(cells, 1)
        counts = np.bincount(flat.astype(np.int64), minlength=len(groups) * cells)
        return counts.reshape(len(groups), size, size).astype(np.int64), by_video

    def _ordered(self) -> list[str]:
        """Return all classes: the tables' looks, those of hands, and "not sure"."""
        own = [one for one in self._classes if one not in self._known and one != NOT_SURE_WORD]
        return [one for one in (*self._known, *own, NOT_SURE_WORD) if one in self._classes]

    def _same(self) -> IntArray:
        """Return the class that each means, int64 [K]: of some a later table had the look."""
        words = (meant(one, self._known) for one in self._classes)
        own = enumerate(words)
        return np.array([self._classes.get(word, index) for index, word in own], np.int64)

    def _codes(self, intervals: Sequence[Interval], times: RealArray) -> IntArray:
        """Return the class at each moment, int64 [N]; -1 where there is none."""
        begins = np.array([one.begin for one in intervals])
        ends = np.array([one.end for one in intervals])
        places = np.searchsorted(begins, times, side="right") - 1
        inside = (places >= 0) & (times < ends[np.maximum(places, 0)])
        codes = np.array([self._code(one.look) for one in intervals], np.int64)
        return np.where(inside, codes[np.maximum(places, 0)], -1)

    def _code(self, word: str) -> int:
        if word == NOT_SEEN_WORD:
            return -1
        return self._classes.setdefault(word, len(self._classes))


def _moments(case: Case) -> RealArray:
    """Return the middles of steps of STEP in a recording, float64 [N]."""
    number = int(case.seconds / STEP + ROUNDING)
    return np.asarray(case.begin + (np.arange(number) + 0.5) * STEP, np.float64)
