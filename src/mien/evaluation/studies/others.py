"""What a bundle says of faces whose classes it does not know: any word for them is wrong.

Such faces are in no other figure. What is asked is whether they get a word, and how well certainty
tells them from faces of the classes that the bundle knows.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.evaluation import metrics
from mien.evaluation.collect import Collector
from mien.evaluation.inputs import Picture
from mien.evaluation.intervals import RESAMPLES, bootstrap, group_numbers
from mien.evaluation.metrics import IntArray, RealArray
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.summary import Estimate
from mien.models.bundle import ModelInfo
from mien.protocols import Classifier
from mien.types import InputSpec, OnProgress, ignore_progress

STAGE = "intervals of other classes"


@dataclass(frozen=True, slots=True)
class OtherClass:
    """How the faces of one class that the bundle does not know are answered.

    Attributes:
        name: The class.
        faces: Faces of it.
        without_face: Pictures of it in which no face was found.
        named: Share of the faces that get a word, all of them wrong.
        words: Share of the faces that get each word, in the order of the labels; their sum is
            `named`.
    """

    name: str
    faces: int
    without_face: int
    named: Estimate
    words: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """How faces of classes that the bundle does not know are answered.

    Attributes:
        classes: Each of these classes, in the order in which they came.
        faces: Faces of all of them together.
        named: Share of these that get a word.
        worst: Name of the class of which the largest share does; "" where there is no face.
        auroc: How often, of a face of a known class and one of another, the known one's answer has
            the higher certainty: the probability of the most probable label, among all that a face
            may show where the bundle tells something else apart.
        answered: Share of the faces of known classes that get a word.
    """

    classes: tuple[OtherClass, ...]
    faces: int
    named: Estimate
    worst: str
    auroc: Estimate
    answered: Estimate


class OthersCollector:
    """Watches the pictures of classes that a bundle does not know, and keeps the answers to them.

    Args:
        classifier: What is asked.
        spec: How to crop the faces; as the classifier says unless given.
    """

    def __init__(self, classifier: Classifier, spec: InputSpec | None = None) -> None:
        self._collector = Collector(classifier, spec)
        self._names: list[str] = []

    def add(self, picture: Picture) -> None:
        """Take one picture.

        Raises:
            BundleError: The classifier gave something that is no probability.
        """
        self._names.append(picture.unknown)
        # Whatever is answered is wrong; nobody asks which label would be right.
        self._collector.add(dataclasses.replace(picture, truth=0))

    def finish(self) -> tuple[Answers, tuple[str, ...]]:
        """Return the answers, whose truth means nothing, and the class of each picture.

        Raises:
            BundleError: The classifier gave something that is no probability.
        """
        return self._collector.finish(), tuple(self._names)


def others_figures(
    evaluation: Evaluation,
    answers: Answers,
    names: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Others:
    """Make the figures of the classes that a bundle does not know.

    Args:
        evaluation: The answers to faces of known classes.
        answers: Those to faces of other classes.
        names: The class of each of these pictures.
        resamples: Draws for the intervals, over the groups of both together; 0 for none.
        seed: Seed of the draws.
        on_progress: Told of the draws done.
    """
    known, below = evaluation.answers.of_faces(), evaluation.model.not_sure_below
    found, other = answers.found, answers.of_faces()
    classes = tuple(dict.fromkeys(names))
    which = np.array([classes.index(name) for name in names], dtype=np.int64)
    # Known faces first, as class -1.
    numbers = np.concatenate([np.full(len(known.truth), -1), which[found]])
    certainty = np.concatenate([known.certainty, other.certainty])
    sure = np.concatenate([known.sure(below), other.sure(below)])

    def statistic(rows: IntArray) -> RealArray:
        of, said = numbers[rows], sure[rows]
        scores, is_known = certainty[rows], of < 0
        shares = [_share(said[of == number]) for number in range(len(classes))]
        area = metrics.auroc(scores[is_known], scores[~is_known])
        return np.array([*shares, _share(said[~is_known]), area, _share(said[is_known])])

    groups = group_numbers([*known.groups, *other.groups])
    values = statistic(np.arange(len(groups), dtype=np.int64))
    low, high = bootstrap(
        statistic, groups, resamples=resamples, seed=seed, stage=STAGE, on_progress=on_progress
    )
    *shares, named, area, answered = map(Estimate, values.tolist(), low.tolist(), high.tolist())
    made = tuple(
        _other_class(name, share, which == number, answers, evaluation.model)
        for number, (name, share) in enumerate(zip(classes, shares, strict=True))
    )
    present = [one for one in made if one.faces]
    worst = max(present, key=lambda one: one.named.value).name if present else ""
    return Others(made, int(found.sum()), named, worst, area, answered)


def _other_class(
    name: str, named: Estimate, chosen: metrics.BoolArray, answers: Answers, model: ModelInfo
) -> OtherClass:
    faces = chosen & answers.found
    said = answers.probabilities[faces & answers.sure(model.not_sure_below)].argmax(axis=1)
    counts = np.bincount(said, minlength=len(model.labels)) / max(1, int(faces.sum()))
    return OtherClass(
        name=name,
        faces=int(faces.sum()),
        without_face=int((chosen & ~answers.found).sum()),
        named=named,
        words=tuple(counts.tolist()),
    )


def _share(said: metrics.BoolArray) -> float:
    return float(said.mean()) if said.size else float("nan")
