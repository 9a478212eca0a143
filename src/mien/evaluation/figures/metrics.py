"""Figures that say how good a classifier is: pure arithmetic on arrays, with numpy only.

Rows are pictures of the classes that the bundle knows. `truth` and `predicted` hold class numbers,
`correct` whether the most probable class is the right one. `confidence` is its probability given
that the face shows one of the classes, and so is every probability behind accuracy, likelihood and
calibration; `certainty` is its probability among all that a face may show, by which rows are ranked
and a bundle decides whether to answer. The two differ only where a bundle tells something else
apart; see `mien.models.decision`. A figure that the rows cannot give (the recall of a class of
which there is no picture, the accuracy of no answers) is nan, never a guess.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.types import BoolArray, IntArray, RealArray

Probabilities = npt.NDArray[np.floating]

BINS = 15
# A wrong answer given with probability 0 in float32 costs about 16 nats, not infinitely many.
MIN_PROBABILITY = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Confidence against accuracy, in bins of equal width.

    Attributes:
        edges: float64 [B+1], from 0 to 1; a bin holds its upper edge, not its lower one.
        counts: int64 [B], rows in each bin.
        confidence: float64 [B], mean confidence in each bin; nan where it is empty.
        accuracy: float64 [B], share of right answers in each bin; nan where it is empty.
    """

    edges: RealArray
    counts: IntArray
    confidence: RealArray
    accuracy: RealArray

    @property
    def expected_error(self) -> float:
        """Expected calibration error: the mean gap between the two, weighted by the counts."""
        used = self.counts > 0
        if not used.any():
            return float("nan")
        gaps = np.abs(self.accuracy[used] - self.confidence[used])
        return float(np.average(gaps, weights=self.counts[used]))


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """Selective classification: risk over coverage, the most certain rows first.

    Attributes:
        coverage: float64 [n], share of the rows that get an answer: 1/n, 2/n, …, 1.
        risk: float64 [n], selective risk: the error rate of these.
    """

    coverage: RealArray
    risk: RealArray

    def accuracy_at(self, coverage: float) -> float:
        """Selective accuracy at a coverage, or the next one above that there is; nan without rows.

        Raises:
            ValueError: The share is not in 0..1.
        """
        if not 0 <= coverage <= 1:
            raise ValueError(f"coverage must be in 0..1, got {coverage}")
        if not self.risk.size:
            return float("nan")
        # 0.8 * 5 is 4.000000000000001 for some values of both: don't take one row more for that.
        rows = max(1, int(np.ceil(coverage * self.risk.size - 1e-9)))
        return float(1 - self.risk[rows - 1])


def confusion_matrix(truth: IntArray, predicted: IntArray, classes: int) -> IntArray:
    """Count the rows of each true class (down) that were read as each class (across).

    Args:
        truth: int64 [n] in 0..classes-1.
        predicted: int64 [n] in 0..classes-1.
        classes: K.

    Returns:
        int64 [K,K].
    """
    cells = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def accuracy(matrix: IntArray) -> float:
    """Share of right answers, from a confusion matrix; nan where it is empty."""
    return float(_divide(np.trace(matrix), matrix.sum()))


def recalls(matrix: IntArray) -> RealArray:
    """Share of each true class that was read as such, float64 [K]; nan for an absent class."""
    return _divide(np.diag(matrix), matrix.sum(axis=1))


def precisions(matrix: IntArray) -> RealArray:
    """Share of right answers among those of each class, float64 [K]; nan where there is none."""
    return _divide(np.diag(matrix), matrix.sum(axis=0))


def f1_scores(matrix: IntArray) -> RealArray:
    """Harmonic mean of recall and precision, float64 [K].

    Nan for a class absent from the data, 0 for one that is there and never correct.
    """
    scores = _divide(2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1))
    return np.where(matrix.sum(axis=1) > 0, scores, np.nan)


def balanced_accuracy(matrix: IntArray) -> float:
    """Mean recall over the classes that the data holds; nan where it holds none."""
    return _mean_of_known(recalls(matrix))


def macro_f1(matrix: IntArray) -> float:
    """Mean F1 over the classes that the data holds; nan where it holds none."""
    return _mean_of_known(f1_scores(matrix))


def negative_log_likelihood(truth: IntArray, probabilities: Probabilities) -> float:
    """Mean of minus the logarithm (natural) of the true class's probability; nan without rows.

    Args:
        truth: int64 [n].
        probabilities: [n,K]; those below `MIN_PROBABILITY` count as that.
    """
    if not truth.size:
        return float("nan")
    given = probabilities[np.arange(truth.size), truth].astype(np.float64)
    return float(-np.log(np.maximum(given, MIN_PROBABILITY)).mean())


def reliability(correct: BoolArray, confidence: Probabilities, bins: int = BINS) -> Reliability:
    """Compare confidence with accuracy, for a reliability diagram and the calibration error.

    Of the most probable class only, in bins of equal width: Guo et al., "On Calibration of Modern
    Neural Networks", ICML 2017.

    Args:
        correct: bool [n].
        confidence: [n] in 0..1.
        bins: B.
    """
    given = confidence.astype(np.float64)
    index = np.clip(np.ceil(given * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins).astype(np.int64)
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        counts=counts,
        confidence=_divide(np.bincount(index, given, bins), counts),
        accuracy=_divide(np.bincount(index, correct, bins), counts),
    )


def confidence_gap(correct: BoolArray, confidence: Probabilities) -> float:
    """Mean confidence minus accuracy: above 0 where the classifier is too sure; nan without rows.

    Args:
        correct: bool [n].
        confidence: [n] in 0..1.
    """
    if not correct.size:
        return float("nan")
    return float(confidence.mean(dtype=np.float64) - correct.mean())


def risk_coverage(correct: BoolArray, certainty: Probabilities) -> RiskCoverage:
    """Find the selective risk at every coverage.

    After Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017.
    Rows of the same certainty each count with their mean, so that the order in which the rows
    came does not change the curve.

    Args:
        correct: bool [n].
        certainty: [n].
    """
    _, where, counts = np.unique(-certainty, return_inverse=True, return_counts=True)
    means = _divide(np.bincount(where, correct, counts.size), counts)
    taken = np.arange(1, correct.size + 1)
    right = np.cumsum(np.repeat(means, counts))
    return RiskCoverage(taken / max(1, correct.size), np.clip(1 - right / taken, 0, 1))


def answered(correct: BoolArray, sure: BoolArray) -> tuple[float, float]:
    """Return coverage and selective accuracy of a classifier that may say "not sure".

    Args:
        correct: bool [n].
        sure: bool [n], whether the answer is not "not sure".

    Returns:
        The share of rows that are not "not sure", and the accuracy over these; nan for none.
    """
    return float(_divide(sure.sum(), sure.size)), float(_divide(correct[sure].sum(), sure.sum()))


def auroc(positive: Probabilities, negative: Probabilities) -> float:
    """Return how often a positive row has the higher score of two, ties counting half.

    The area under the receiver operating characteristic: Hanley and McNeil, "The meaning and use of
    the area under a receiver operating characteristic (ROC) curve", Radiology 1982.

    Args:
        positive: Scores, [n].
        negative: Scores, [m].

    Returns:
        0.5 where scores do not tell the two apart, 1 where they always do; nan where one has no
        rows.
    """
    pairs, count = positive.size * negative.size, positive.size
    above = ranks(np.concatenate([positive, negative]))[:count].sum() - count * (count + 1) / 2
    return float(_divide(above, pairs))


def ranks(values: npt.NDArray[np.floating]) -> RealArray:
    """Return the places in rising order, from 1, [n]; equal values share the mean of theirs."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[where], dtype=np.float64)


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided test that two classifiers are right equally often.

    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 1947; with the binomial distribution instead of its approximation.

    Args:
        only_first: Faces that only the first gets right.
        only_second: Faces that only the second gets right.

    Returns:
        The chance of a difference as large as this or larger if there were none.
    """
    differing, fewer = only_first + only_second, min(only_first, only_second)
    ways = tail = 1
    for count in range(fewer):
        ways = ways * (differing - count) // (count + 1)
        tail += ways
    # Whole numbers of any size: their quotient is exact to the last bit of a float.
    return min(1.0, 2 * tail / (1 << differing))


def rank_correlation(first: RealArray, second: RealArray) -> float:
    """Return how far two columns rise together: 1 always, -1 never, 0 where one stays the same.

    Spearman, "The Proof and Measurement of Association between Two Things", 1904.

    Args:
        first: float64 [n].
        second: float64 [n].
    """
    both = np.stack([ranks(first), ranks(second)])
    both -= both.mean(axis=1, keepdims=True)
    size = float(np.sqrt((both**2).sum(axis=1).prod()))
    return float(both[0] @ both[1] / size) if size else 0.0


def _divide(part: npt.ArrayLike, whole: npt.ArrayLike) -> RealArray:
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))


def _mean_of_known(values: RealArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
