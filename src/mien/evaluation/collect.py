"""Classifies pictures in batches and keeps the answers, never the pictures."""

import numpy as np

from mien.errors import BundleError
from mien.evaluation.inputs import Picture
from mien.evaluation.predictions import Answers, in_unicode
from mien.models.decision import split
from mien.protocols import Classifier
from mien.types import InputSpec, PixelArray, ProbabilityArray

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
