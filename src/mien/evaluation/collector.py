"""Classifies pictures in batches and keeps the answers, never the pictures."""

import numpy as np

from mien.errors import BundleError, DatasetError, PictureError
from mien.evaluation.results import Answers, Unreadable
from mien.protocols import Classifier
from mien.types import PixelArray, ProbabilityArray

BATCH_SIZE = 64


class Collector:
    """Takes pictures one by one; gives all answers at the end.

    Args:
        classifier: What is asked.
        batch_size: Faces per call; that many crops are held at a time.
    """

    def __init__(self, classifier: Classifier, batch_size: int = BATCH_SIZE) -> None:
        self._classifier, self._batch_size = classifier, batch_size
        self._truth: list[int] = []
        self._origins: list[str] = []
        self._groups: list[str] = []
        self._unreadable: list[Unreadable] = []
        self._crops: list[PixelArray] = []
        self._rows: list[int] = []
        self._answers: list[ProbabilityArray] = []

    @property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The pictures that could not be decoded, in order."""
        return tuple(self._unreadable)

    def add(self, crop: PixelArray | None, truth: int, origin: str, group: str) -> None:
        """Take one picture: its crop as the classifier wants it, or None where no face was found.

        Raises:
            BundleError: The classifier gave something that is no probability.
        """
        if crop is not None:
            self._rows.append(len(self._truth))
            self._crops.append(crop)
        self._truth.append(truth)
        self._origins.append(_unicode(origin))
        self._groups.append(group)
        if len(self._crops) == self._batch_size:
            self._classify()

    def add_unreadable(self, origin: str, error: PictureError) -> None:
        """List a picture that could not be decoded."""
        self._unreadable.append(Unreadable(_unicode(origin), _unicode(str(error))))

    def finish(self, place: str) -> Answers:
        """Return all answers.

        Args:
            place: What was read, for the errors.

        Raises:
            DatasetError: No picture could be read, or no face was found in any.
            BundleError: The classifier gave something that is no probability.
        """
        if self._crops:
            self._classify()
        if not self._truth:
            reason = f" ({len(self._unreadable)} unreadable)" if self._unreadable else ""
            raise DatasetError(f"{place}: no picture to evaluate{reason}")
        if not self._rows:
            raise DatasetError(
                f"{place}: no face was found in any of {len(self._truth)} pictures; "
                "try another detector, or say that the pictures are faces already"
            )
        shape = len(self._truth), len(self._classifier.labels)
        probabilities = np.full(shape, np.nan, dtype=np.float32)
        probabilities[self._rows] = np.concatenate(self._answers)
        truth = np.array(self._truth, dtype=np.int64)
        return Answers(truth, probabilities, tuple(self._origins), tuple(self._groups))

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


def _unicode(name: str) -> str:
    """Write with escapes the bytes of a file's name that are no Unicode: reports are UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()
