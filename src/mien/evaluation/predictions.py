"""What an evaluation gives: every picture's answer, before any figure is made of them."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mien.errors import PictureError
from mien.models.decision import certainty, is_sure
from mien.models.info import ModelInfo
from mien.types import BoolArray, IntArray, ProbabilityArray, RealArray


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers of a classifier, one row per picture.

    Attributes:
        truth: int64 [n], numbers of the true labels.
        probabilities: float32 [n,K], of the labels given that the face shows one of them; a row of
            nan where no face was found in the picture.
        origins: Where each picture came from.
        groups: What pictures that depend on each other share, as a person's name; "" for none.
        other: float32 [n], probability that the face shows none of the labels; 0 unless given.
    """

    truth: IntArray
    probabilities: ProbabilityArray
    origins: tuple[str, ...]
    groups: tuple[str, ...]
    other: ProbabilityArray = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        count = len(self.truth)
        if not self.other.size:
            object.__setattr__(self, "other", np.zeros(count, np.float32))
        if self.probabilities.ndim != 2 or len(self.probabilities) != count:
            raise ValueError(
                f"probabilities must be [{count},K], got {list(self.probabilities.shape)}"
            )
        sizes = [len(part) for part in (self.origins, self.groups, self.other)]
        if sizes != [count] * 3:
            raise ValueError(f"{count} rows need as many origins, groups and others, got {sizes}")
        classes = self.probabilities.shape[1]
        if count and not 0 <= int(self.truth.min()) <= int(self.truth.max()) < classes:
            raise ValueError(f"truth must be in 0..{classes - 1}")

    @property
    def found(self) -> BoolArray:
        """Whether a face was found, bool [n]."""
        return np.asarray(~np.isnan(self.probabilities).any(axis=1))

    @property
    def certainty(self) -> ProbabilityArray:
        """Probability that the most probable label is right, float32 [n]; nan without a face."""
        return certainty(self.probabilities, self.other)

    def sure(self, not_sure_below: float | RealArray) -> BoolArray:
        """Say which pictures get a word, bool [n]; none does without a face."""
        return is_sure(self.probabilities, self.other, not_sure_below)

    def of_faces(self) -> "Answers":
        """Return the rows in which a face was found."""
        found = self.found
        return Answers(
            self.truth[found],
            self.probabilities[found],
            tuple(itertools.compress(self.origins, found)),
            tuple(itertools.compress(self.groups, found)),
            self.other[found],
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that could not be decoded, and why."""

    origin: str
    reason: str

    @classmethod
    def from_error(cls, origin: str, error: PictureError) -> "Unreadable":
        """Return what a report says of a picture that raised this."""
        return cls(in_unicode(origin), in_unicode(str(error)))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a bundle answered to a set of pictures.

    Attributes:
        model: The bundle's description; its labels are the classes.
        dataset: Name of the data set or folder.
        split: The split, or for a folder what its pictures are and which detector was used.
        answers: The answers to all pictures that could be read.
        detector: Name of the detector that looked for the faces; None for cropped faces.
        crop_scale: The framing that was used; None for cropped faces, which have their own.
        skipped: Classes that the bundle does not know, and how many pictures of each were left out.
        unreadable: Pictures that could not be decoded; they are in no figure.
        measures: What was measured of every picture, float64 [n] each and in the order of the
            answers: name → values, nan where there is none; see
            `mien.evaluation.pictures.measures`.
        sources: What each picture is from, in the order of the answers, "" where that is not
            known; empty where it is known of none.
        folds: int64 [n], the fold, from 1, whose bundle read each picture; empty where one bundle
            read all.
        thresholds: float64 [n], the `not_sure_below` of that bundle; empty likewise.
    """

    model: ModelInfo
    dataset: str
    split: str
    answers: Answers
    detector: str | None = None
    crop_scale: float | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    measures: Mapping[str, RealArray] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    folds: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    thresholds: RealArray = field(default_factory=lambda: np.zeros(0))

    def not_sure_below(self, rows: IntArray | slice = slice(None)) -> float | RealArray:
        """Return below which certainty the answers to some pictures are "not sure"."""
        return self.thresholds[rows] if self.thresholds.size else self.model.not_sure_below


def in_unicode(name: str) -> str:
    """Write with escapes the bytes of a file's name that are no Unicode: reports are UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()
