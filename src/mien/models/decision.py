"""The one decision, a word or "not sure": live, in evaluation, and where a model is calibrated.

What a face may show is one of the labels or, where the bundle tells it apart, something else. The
most probable of these decides: there is no word where that is something else, nor where it is less
probable than the bundle's `not_sure_below`. A label's probability is that among all that the face
may show: its confidence, which is that among the labels, times the probability that the face shows
any of them. So another label and something else count against a word alike, as a wrong word is
equally wrong (Chow, "On optimum recognition error and reject tradeoff", 1970).

There is no second threshold, on something else itself: it would only take words from faces that are
read as surely as others that get one. The threshold alone is too little, though. It is chosen such
that words reach a wanted accuracy; a good model reaches it with errors to spare, and would spend
them on faces that plainly show something else.
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


def needed(other: Numbers, not_sure_below: float | Numbers) -> Numbers:
    """Return how probable a label must be to be given as a word, [...].

    Args:
        other: Probability that the face shows none of the labels, [...].
        not_sure_below: The bundle's; [...] where the answers are of several bundles.
    """
    return np.maximum(other, np.asarray(not_sure_below, other.dtype))


def is_sure(
    probabilities: Numbers, other: Numbers, not_sure_below: float | Numbers
) -> npt.NDArray[np.bool_]:
    """Decide whether to give the most probable label as a word, bool [...].

    Args:
        probabilities: Of the labels, given that the face shows one of them, [...,K].
        other: Probability that it shows none of them, [...].
        not_sure_below: The bundle's; [...] where the answers are of several bundles.
    """
    return np.asarray(certainty(probabilities, other) >= needed(other, not_sure_below))


def doubt(probabilities: Numbers, other: Numbers) -> Doubt:
    """Say why there is no word for one face: is it more probably something else than any label?

    Args:
        probabilities: Of the labels, given that the face shows one of them, [K].
        other: Probability that it shows none of them, [].
    """
    return SOMETHING_ELSE if other > certainty(probabilities, other) else "not sure enough"
