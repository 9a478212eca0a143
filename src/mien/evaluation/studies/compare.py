"""Whether one bundle reads faces better than another, on the same faces."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import BundleError
from mien.evaluation.intervals import RESAMPLES, bootstrap, group_numbers
from mien.evaluation.metrics import IntArray, RealArray
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.summary import Estimate
from mien.evaluation.tables import cells, table_figures
from mien.models.bundle import ModelInfo
from mien.protocols import Classifier
from mien.types import InputSpec, OnProgress, PixelArray, ProbabilityArray, ignore_progress

STAGE = "intervals of differences"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two bundles on the same faces.

    Attributes:
        first: The bundle that is evaluated.
        second: The one it is compared with.
        faces: Number of faces.
        both_right: Faces that both read rightly.
        only_first: Faces that only the first reads rightly.
        only_second: Faces that only the second reads rightly.
        neither: Faces that both read wrongly.
        p_value: Exact two-sided McNemar test.
        accuracy_difference: Accuracy of the second minus that of the first.
        balanced_difference: The same for balanced accuracy.
        shared: The classes that both know, where they do not know the same: each answers with the
            most probable of these. Empty where they know the same.
        left_out: Faces of the first one's other classes, which are in no figure here.
    """

    first: str
    second: str
    faces: int
    both_right: int
    only_first: int
    only_second: int
    neither: int
    p_value: float
    accuracy_difference: Estimate
    balanced_difference: Estimate
    shared: tuple[str, ...] = ()
    left_out: int = 0


class InOrder:
    """A classifier whose answers are put into the order of other labels, by name.

    Labels that it does not know have probability 0, and what it gives to classes that are none of
    the labels is left away.

    Args:
        classifier: What answers.
        name: What to call it in the error.
        labels: The order; two of them at least must be classes of the classifier.

    Raises:
        BundleError: Fewer than two classes are the same.
    """

    def __init__(self, classifier: Classifier, name: str, labels: Sequence[str]) -> None:
        if len(set(classifier.labels) & set(labels)) < 2:
            raise BundleError(
                f"{name} reads {', '.join(classifier.labels)}, but the bundle that it is compared "
                f"with reads {', '.join(labels)}; name two bundles that share two classes or more"
            )
        self._classifier, self._labels = classifier, tuple(labels)
        place = {label: column for column, label in enumerate(classifier.labels)}
        # One column of zeros is added behind the others, for labels that it does not know.
        unknown = len(place) + classifier.other
        self._columns = [place.get(label, unknown) for label in labels]
        self._columns += [len(place)] * classifier.other

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order that was asked for."""
        return self._labels

    @property
    def other(self) -> bool:
        """Whether the last column is something else."""
        return self._classifier.other

    @property
    def spec(self) -> InputSpec:
        """How faces must be cropped."""
        return self._classifier.spec

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        """Read all faces; see `mien.protocols.Classifier`."""
        return np.pad(self._classifier(faces), ((0, 0), (0, 1)))[:, self._columns]


def compare(
    evaluation: Evaluation,
    answers: Answers,
    info: ModelInfo,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Comparison:
    """Compare two bundles on the faces that both were asked about.

    The difference of the two is drawn with the same faces for both, whole groups at a time, so its
    interval is that of a paired comparison. The test counts faces as independent, as McNemar's
    does: where groups are large (many pictures of one person), trust the interval.

    Where the two do not know the same classes, they are compared on the faces of those that both
    know, and each answers with the most probable of these.

    Args:
        evaluation: What the first bundle answered.
        answers: What the second answered to the same pictures, in the order of the first's labels.
        info: The second bundle's description.
        resamples: Draws for the intervals; 0 for none.
        seed: Seed of the draws.
        on_progress: Told of the draws done.

    Raises:
        BundleError: There is no face of a class that both know.
        ValueError: The faces are not the same.
    """
    first, second = evaluation.answers.of_faces(), answers.of_faces()
    if first.origins != second.origins:
        raise ValueError("both bundles must have been asked about the same faces")
    labels = evaluation.model.labels
    shared = tuple(label for label in labels if label in info.labels)
    columns = np.array([labels.index(label) for label in shared], dtype=np.int64)
    kept = np.isin(first.truth, columns)
    if not kept.any():
        raise BundleError(
            f"{info.name}: there is no face of a class that both bundles know "
            f"({', '.join(shared)}); compare them on other faces"
        )
    truth, classes = np.searchsorted(columns, first.truth[kept]).astype(np.int64), len(shared)
    sets = np.stack(
        [cells(truth, part.probabilities[kept][:, columns]) for part in (first, second)]
    )

    def statistic(rows: IntArray) -> RealArray:
        one, other = table_figures(sets[:, rows], classes)
        return np.asarray((other - one)[:2])

    low, high = bootstrap(
        statistic,
        group_numbers(tuple(itertools.compress(first.groups, kept))),
        resamples=resamples,
        seed=seed,
        stage=STAGE,
        on_progress=on_progress,
    )
    values = statistic(np.arange(truth.size, dtype=np.int64))
    accuracy, balanced = map(Estimate, values.tolist(), low.tolist(), high.tolist())
    right, other_right = sets % classes == truth
    only_first, only_second = int((right & ~other_right).sum()), int((other_right & ~right).sum())
    names = _names(evaluation.model, info)
    return Comparison(
        first=names[0],
        second=names[1],
        faces=int(truth.size),
        both_right=int((right & other_right).sum()),
        only_first=only_first,
        only_second=only_second,
        neither=int((~right & ~other_right).sum()),
        p_value=mcnemar(only_first, only_second),
        accuracy_difference=accuracy,
        balanced_difference=balanced,
        shared=shared if set(labels) != set(info.labels) else (),
        left_out=int((~kept).sum()),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided test that two classifiers are right equally often.

    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 1947; with the binomial distribution instead of its approximation.

    Args:
        only_first: Faces that only the first reads rightly.
        only_second: Faces that only the second reads rightly.

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


def _names(first: ModelInfo, second: ModelInfo) -> tuple[str, str]:
    names = f"{first.name} {first.version}", f"{second.name} {second.version}"
    if names[0] != names[1]:
        return names
    # Two trainings of one model differ by their weights only.
    return f"{names[0]} ({first.sha256[:7]})", f"{names[1]} ({second.sha256[:7]})"
