"""Asks a bundle's classifier about every picture; keeps the answers, never the pictures.

The pictures go by once, and whatever else is to be learnt from them is learnt by those who watch.
They go through the same crop and the same classifier as those of a camera.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from mien.datasets.inputs.class_names import pair_classes
from mien.errors import BundleError, DatasetError
from mien.evaluation.pictures.measures import Measures
from mien.evaluation.pictures.picture import Picture, Pictures, Watcher
from mien.evaluation.predictions import Answers, Evaluation, Unreadable, in_unicode
from mien.models.decision import split
from mien.models.info import ModelInfo
from mien.protocols import Classifier
from mien.types import InputSpec, OnProgress, PixelArray, ProbabilityArray, ignore_progress

BATCH_SIZE = 64


class Collector:
    """Takes pictures one by one; gives all answers at the end.

    Args:
        classifier: What is asked.
        spec: How to crop the faces; as the classifier says unless given.
        batch_size: Faces per call; that many crops are held at a time.
    """

    def __init__(
        self,
        classifier: Classifier,
        spec: InputSpec | None = None,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self._classifier, self._batch_size = classifier, batch_size
        self._spec = spec or classifier.spec
        self._truth: list[int] = []
        self._origins: list[str] = []
        self._groups: list[str] = []
        self._crops: list[PixelArray] = []
        self._rows: list[int] = []
        self._answers: list[ProbabilityArray] = []

    @property
    def pictures(self) -> int:
        """Number of pictures taken."""
        return len(self._truth)

    @property
    def faces(self) -> int:
        """Number of them in which there is a face."""
        return len(self._rows)

    def add(self, picture: Picture) -> None:
        """Take one picture.

        Raises:
            BundleError: The classifier gave something that is no probability.
        """
        crop = picture.crop(self._spec)
        if crop is not None:
            self._rows.append(len(self._truth))
            self._crops.append(crop)
        self._truth.append(picture.truth)
        self._origins.append(in_unicode(picture.origin))
        self._groups.append(picture.group)
        if len(self._crops) == self._batch_size:
            self._classify()

    def finish(self) -> Answers:
        """Return all answers.

        Raises:
            BundleError: The classifier gave something that is no probability.
        """
        if self._crops:
            self._classify()
        shape = len(self._truth), len(self._classifier.labels)
        probabilities = np.full(shape, np.nan, dtype=np.float32)
        other = np.zeros(len(self._truth), dtype=np.float32)
        if self._answers:
            outcomes = np.concatenate(self._answers)
            probabilities[self._rows], other[self._rows] = split(
                outcomes, other=self._classifier.other
            )
        truth = np.array(self._truth, dtype=np.int64)
        return Answers(truth, probabilities, tuple(self._origins), tuple(self._groups), other)

    def _classify(self) -> None:
        result = self._classifier(np.stack(self._crops))
        if not np.isfinite(result).all():
            # Nan marks a picture without a face from here on.
            first = self._origins[self._rows[-len(self._crops)]]
            raise BundleError(
                f"the bundle's graph gave values that are not finite for {first} or the "
                f"{len(self._crops) - 1} faces after it; it is damaged or was exported wrongly"
            )
        self._answers.append(result)
        self._crops.clear()


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


class InOrder:
    """A classifier whose answers are put into the order of other labels, whatever it calls them.

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
        pairs = pair_classes(labels, classifier.labels)
        if len(pairs) < 2:
            raise BundleError(
                f"{name} reads {', '.join(classifier.labels)}, but the bundle that it is compared "
                f"with reads {', '.join(labels)}; name two bundles that share two classes or more"
            )
        self._classifier, self._labels = classifier, tuple(labels)
        known = len(classifier.labels)
        # One column of zeros is added behind the others, for labels that it does not know.
        unknown = known + classifier.other
        self._columns = [pairs.get(number, unknown) for number in range(len(labels))]
        self._columns += [known] * classifier.other

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


def collect(
    pictures: Pictures,
    classifier: Classifier,
    info: ModelInfo,
    *,
    spec: InputSpec | None = None,
    watchers: Sequence[Watcher] = (),
    others: Sequence[Watcher] = (),
    on_progress: OnProgress = ignore_progress,
) -> Evaluation:
    """Ask about every picture, in one pass.

    Args:
        pictures: The pictures.
        classifier: The bundle's classifier.
        info: The bundle's description.
        spec: How to crop the faces; as the classifier says unless given.
        watchers: Who else looks at the pictures.
        others: Who looks at those of classes that the bundle does not know, where these are read.
        on_progress: Called with the pictures done.

    Raises:
        DatasetError: There is no picture, or none in which a face was found.
        BundleError: The classifier gave something that is no probability.
    """
    spec = spec or classifier.spec
    collector, measures = Collector(classifier, spec), Measures()
    known: Sequence[Watcher] = (collector, measures, *watchers)
    unreadable: list[Unreadable] = []
    sources: list[str] = []
    for picture in pictures.read(on_progress):
        if isinstance(picture, Unreadable):
            unreadable.append(picture)
            continue
        if not picture.unknown:
            sources.append(in_unicode(picture.source))
        for watcher in others if picture.unknown else known:
            watcher.add(picture)
    _check(pictures, collector, len(unreadable))
    return Evaluation(
        model=info,
        dataset=pictures.name,
        split=pictures.split,
        answers=collector.finish(),
        detector=pictures.detector,
        crop_scale=None if pictures.detector is None else spec.crop_scale,
        skipped=pictures.skipped,
        unreadable=tuple(unreadable),
        measures=measures.finish(),
        sources=tuple(sources) if any(sources) else (),
    )


def _check(pictures: Pictures, collector: Collector, unreadable: int) -> None:
    if not collector.pictures:
        reason = f" ({unreadable} unreadable)" if unreadable else ""
        raise DatasetError(f"{pictures}: no picture to evaluate{reason}")
    if not collector.faces:
        raise DatasetError(
            f"{pictures}: no face was found in any of {collector.pictures} pictures; "
            "try another detector, or say that the pictures are faces already"
        )
