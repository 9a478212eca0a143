"""Figures of parts of the faces: by how well they can be seen, and by what is told of them.

Where a limit has a meaning, as those of `mien.vision.quality` do, faces are split at it; what is
left of a measure without further limits is split into thirds, whose limits are in the names. What a
data set tells (where a picture is from) and what a user reads off the files' names splits faces by
value.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.datasets.inputs.patterns import SlicePattern
from mien.evaluation.figures.intervals import RESAMPLES, group_numbers
from mien.evaluation.figures.summary import UNKNOWN, Estimate
from mien.evaluation.figures.tables import ABSENT, TableEstimates, cells, estimate_tables
from mien.evaluation.pictures.measures import (
    AGREEMENT,
    BRIGHTNESS,
    CONTRAST,
    SHARPNESS,
    SIZE,
    SKIN,
    TURN,
)
from mien.evaluation.predictions import Answers, Evaluation
from mien.types import BoolArray, OnProgress, RealArray, ignore_progress
from mien.vision.quality import QualitySettings

STAGE = "intervals of slices"
SOURCE = "source"
# Most values by which faces are split; the rarest of more are one part.
MOST_VALUES = 20
_LIMITS = QualitySettings()


@dataclass(frozen=True, slots=True)
class Slice:
    """How the faces of one part are read.

    Attributes:
        measure: What the faces are split by, as "brightness of the face".
        part: Which of them these are, as "below 25 of 255 (dark)".
        faces: Number of faces.
        accuracy: Share of correct answers.
        balanced_accuracy: Mean recall over the classes; nan where the part lacks one of those
            that all faces together hold, because a mean over others is another figure.
        recalls: Recall of each class, in the order of the labels; nan where
            the part holds no face of it.
        confidence: Mean confidence, given that the face shows one of the classes.
        answered: Coverage: share that is not "not sure".
    """

    measure: str
    part: str
    faces: int
    accuracy: Estimate
    balanced_accuracy: Estimate
    recalls: tuple[Estimate, ...]
    confidence: float
    answered: float


@dataclass(frozen=True, slots=True)
class _Split:
    """Where a measure is split.

    Attributes:
        limits: Fixed limits, rising.
        thirds: Split what is above the last limit into thirds.
        lowest, highest: What it means to be below the first limit, or not below the last.
        number, unit: How limits are written.
        above: What is written after the last limit.
    """

    limits: tuple[float, ...] = ()
    thirds: bool = False
    lowest: str = ""
    highest: str = ""
    number: str = ".0f"
    unit: str = ""
    above: str = " or more"


_SPLITS = {
    BRIGHTNESS: _Split((_LIMITS.min_brightness,), thirds=True, lowest="dark", unit=" of 255"),
    SKIN: _Split(thirds=True, unit=" of 100"),
    CONTRAST: _Split(thirds=True, unit=" of 255"),
    SHARPNESS: _Split((_LIMITS.min_sharpness,), thirds=True, lowest="blurred"),
    # Each twice the one before: half of what the networks see at 48x48, that, and more than that.
    SIZE: _Split((_LIMITS.min_size, 48, 96, 192), lowest="too small", unit=" px"),
    TURN: _Split(
        (0.25, 0.5, _LIMITS.max_yaw),
        lowest="to the front",
        highest="turned away",
        number=".2f",
    ),
    AGREEMENT: _Split((0.6, 0.8, 1.0), highest="all agree", number=".0%", above=""),
}


def slices(
    evaluation: Evaluation,
    patterns: Sequence[SlicePattern] = (),
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> tuple[Slice, ...]:
    """Split the faces by every measure that there is of them, and make the figures of each part.

    Parts without a face are left out, and so are votes where every label has them all, and a
    source that all faces share.

    Args:
        evaluation: The answers and measures.
        patterns: What else to split by, as the origins tell it.
        resamples: Draws for the intervals, over groups; 0 for none.
        seed: Seed of the draws.
        on_progress: Called with the draws done.
    """
    found, answers = evaluation.answers.found, evaluation.answers.of_faces()
    parts = [
        (measure, name, chosen)
        for measure, values in evaluation.measures.items()
        for name, chosen in _parts(measure, values[found])
    ]
    parts += _told(evaluation, answers, patterns)
    if not parts:
        return ()
    every = cells(answers.truth, answers.probabilities)
    tables = estimate_tables(
        np.stack([np.where(chosen, every, ABSENT) for *_, chosen in parts]),
        len(evaluation.model.labels),
        group_numbers(answers.groups),
        resamples=resamples,
        seed=seed,
        stage=STAGE,
        on_progress=on_progress,
    )
    confidence = answers.probabilities.max(axis=1)
    sure = answers.sure(evaluation.not_sure_below())
    classes = np.unique(answers.truth).tolist()
    return tuple(
        Slice(
            measure=measure,
            part=name,
            faces=int(chosen.sum()),
            accuracy=table.accuracy,
            balanced_accuracy=_balanced(table, classes),
            recalls=table.recalls,
            confidence=float(confidence[chosen].mean()),
            answered=float(sure[chosen].mean()),
        )
        for (measure, name, chosen), table in zip(parts, tables, strict=True)
    )


def _told(
    evaluation: Evaluation, answers: Answers, patterns: Sequence[SlicePattern]
) -> Iterator[tuple[str, str, BoolArray]]:
    """Split the faces by source and by every pattern."""
    values: dict[str, Sequence[str]] = {}
    if evaluation.sources:
        sources = [*itertools.compress(evaluation.sources, evaluation.answers.found)]
        values = {SOURCE: sources} if len({*sources} - {""}) > 1 else {}
    values |= {pattern.name: pattern.values(answers.origins) for pattern in patterns}
    for name, column in values.items():
        for part, chosen in _by_value(np.array(column)):
            yield name, part, chosen


def _by_value(column: npt.NDArray[np.str_]) -> Iterator[tuple[str, BoolArray]]:
    counts = Counter(value for value in column.tolist() if value).most_common()
    whole = len(counts) if len(counts) <= MOST_VALUES else MOST_VALUES - 1
    for value in sorted(value for value, _ in counts[:whole]):
        yield value, np.asarray(column == value)
    if rest := [value for value, _ in counts[whole:]]:
        yield f"{len(rest)} others", np.isin(column, rest)


def _balanced(table: TableEstimates, classes: Sequence[int]) -> Estimate:
    lacks = any(math.isnan(table.recalls[number].value) for number in classes)
    return UNKNOWN if lacks else table.balanced_accuracy


def _parts(measure: str, values: RealArray) -> Iterator[tuple[str, BoolArray]]:
    # Shares of votes come as float32: 1 may be a hair less.
    values, split = values.round(6), _SPLITS[measure]
    known = values[~np.isnan(values)]
    if not known.size or (measure == AGREEMENT and (known == 1).all()):
        return
    limits = _limits(split, known)
    # Nan is in no part, because it fails both comparisons.
    for low, high in zip((-np.inf, *limits), (*limits, np.inf), strict=True):
        chosen = (values >= low) & (values < high)
        if chosen.any():
            yield _name(split, low, high), chosen


def _limits(split: _Split, known: RealArray) -> list[float]:
    limits = list(split.limits)
    rest = known[known >= limits[-1]] if limits else known
    if split.thirds and rest.size:
        # Rounded as they are written, so that the name says exactly which faces these are.
        thirds = {float(f"{limit:{split.number}}") for limit in np.quantile(rest, (1 / 3, 2 / 3))}
        limits += sorted(thirds - set(limits))
    return limits


def _name(split: _Split, low: float, high: float) -> str:
    start, end = f"{low:{split.number}}", f"{high:{split.number}}"
    if low == -np.inf:
        name, meaning = f"below {end}{split.unit}", split.lowest
    elif high == np.inf:
        name, meaning = f"{start}{split.unit}{split.above}", split.highest
    else:
        name, meaning = f"{start} to {end}{split.unit}", ""
    return f"{name} ({meaning})" if meaning else name
