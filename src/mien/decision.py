"""The one decision, a word or "not sure": live, in evaluation, and where a model is calibrated.

A word is given where the probability that it is right reaches the bundle's `not_sure_below`. That
is the label's probability among all that a face may show: its confidence, which is that among the
labels, times the probability that the face shows any of them.

One threshold suffices, since a wrong word is equally wrong whether the face shows another label or
something else: to answer where the probability of being right reaches a limit makes the fewest
errors for any share of answers (Chow, "On optimum recognition error and reject tradeoff", 1970). A
second one, on "something else" itself, could only take answers away from faces that are read as
surely as others that get one. From 0.5 on, no word is given that is less probable than something
else.
"""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from mien.types import SOMETHING_ELSE, Doubt

Numbers = npt.NDArray[np.floating[Any]]
Real = TypeVar("Real", np.float32, np.float64)


def split(
    outcomes: npt.NDArray[Real], *, other: bool
) -> tuple[npt.NDArray[Real], npt.NDArray[Real]]:
    """Part a classifier's answers into what is read among the labels, and something else.

    Args:
        outcomes: [...,K], or [...,K+1] with something else last; rows sum to one.
        other: Whether there is that last column.

    Returns:
        The probabilities of the labels, given that the face shows one of them, [...,K]; and that it
        shows none of them, [...]: 0 where there is no such column. Labels of which nothing is left
        are equally probable.
    """
    if not other:
        return outcomes, np.zeros(outcomes.shape[:-1], outcomes.dtype)
    labels = outcomes[..., :-1]
    total = labels.sum(axis=-1, keepdims=True)
    even = np.full_like(labels, 1 / labels.shape[-1])
    return np.divide(labels, total, out=even, where=total > 0), outcomes[..., -1]


def certainty(probabilities: Numbers, other: Numbers) -> Numbers:
    """Return the probability that the most probable label is right, [...].

    Args:
        probabilities: Of the labels, given that the face shows one of them, [...,K].
        other: Probability that it shows none of them, [...].
    """
    return np.asarray(probabilities.max(axis=-1) * (1 - other))


def is_sure(probabilities: Numbers, other: Numbers, not_sure_below: float) -> npt.NDArray[np.bool_]:
    """Decide whether to give the most probable label as a word, bool [...].

    Args:
        probabilities: Of the labels, given that the face shows one of them, [...,K].
        other: Probability that it shows none of them, [...].
        not_sure_below: The bundle's.
    """
    return np.asarray(certainty(probabilities, other) >= not_sure_below)


def doubt(probabilities: Numbers, other: Numbers) -> Doubt:
    """Say why there is no word for one face: is it more probably something else than any label?

    Args:
        probabilities: Of the labels, given that the face shows one of them, [K].
        other: Probability that it shows none of them, [].
    """
    return SOMETHING_ELSE if other > certainty(probabilities, other) else "not sure enough"
