"""How well a detector finds faces: what it finds beside what is there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mien.evaluation.figures.intervals import bootstrap
from mien.evaluation.figures.summary import Estimate
from mien.types import Box, Face
from mien.vision.boxes import iou_matrix, to_array

# Detectors frame a face differently: some from the hair to the chin, some from the brows.
SAME = 0.3
FALSE_RATE = 0.01  # false boxes per picture at which detectors are compared


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the faces in a picture.

    Attributes:
        faces: Faces, with landmarks, framed as the first of the teachers frames them.
        unknown: Regions that may hold a face or not.
    """

    faces: tuple[Face, ...] = ()
    unknown: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one face was found.

    Attributes:
        picture: Number of the picture that it is in, from 0.
        side: Of the true box, in pixels.
        score: The detector's; 0 where it was missed.
        overlap: IoU with the true box; NaN where it was missed.
        eye_error: Mean distance of the two eyes from the true ones over the distance of these; NaN
            where it was missed or landmarks are not known.
    """

    picture: int
    side: float
    score: float
    overlap: float
    eye_error: float


@dataclass(slots=True)
class Tally:
    """What a detector did on a number of pictures."""

    pictures: int = 0
    fits: list[Fit] = field(default_factory=list)
    false_scores: list[float] = field(default_factory=list)

    def add(self, found: Sequence[Face], truth: Labels) -> "tuple[list[int], list[int]]":
        """Compare what was found in one picture with what is there.

        Returns:
            The numbers of the faces that were missed, and of the boxes that are false. A second box
            on one face is false.
        """
        owners = _match(found, truth.faces)
        missed = [n for n in range(len(truth.faces)) if n not in owners]
        for number, face in enumerate(truth.faces):
            hit = None if number in missed else found[owners.index(number)]
            self.fits.append(_fit(self.pictures, face, hit))
        self.pictures += 1
        false = [
            number
            for number, owner in enumerate(owners)
            if owner < 0 and not _ignored(found[number].box, truth.unknown)
        ]
        self.false_scores += [found[number].score for number in false]
        return missed, false

    def threshold(self, rate: float = FALSE_RATE) -> float:
        """Return the lowest score above which there are at most `rate` false boxes per picture."""
        allowed = int(rate * self.pictures)
        scores = sorted(self.false_scores, reverse=True)
        return scores[allowed] if len(scores) > allowed else 0.0

    def recall(self, least_side: float, threshold: float) -> float:
        """Return the share of faces of that side and more found above a score; NaN without any."""
        scores = self._of("score")[self._of("side") >= least_side]
        return float((scores > threshold).mean()) if len(scores) else float("nan")

    def count(self, least_side: float) -> int:
        """Return the number of faces of that side and more."""
        return int((self._of("side") >= least_side).sum())

    def overlap(self, least_side: float) -> float:
        """Return the mean IoU of what was found with what is there."""
        values = self._known("overlap", least_side)
        return float(np.mean(values)) if len(values) else float("nan")

    def eye_error(self, least_side: float) -> float:
        """Return the median error of the eyes over their distance."""
        values = self._known("eye_error", least_side)
        return float(np.median(values)) if len(values) else float("nan")

    def _known(self, name: str, least_side: float) -> npt.NDArray[np.float64]:
        values = self._of(name)[self._of("side") >= least_side]
        return values[np.isfinite(values)]

    def _of(self, name: str) -> npt.NDArray[np.float64]:
        return np.array([getattr(fit, name) for fit in self.fits], dtype=np.float64)


def recall_difference(
    first: Tally, second: Tally, least_side: float, thresholds: tuple[float, float]
) -> Estimate:
    """Return by how much the first finds more of the same faces, with its interval.

    Pictures are drawn anew, not faces: those of one picture are hard or easy together. The scores
    at which boxes count stay as they are.

    Args:
        first: On some pictures.
        second: On the same pictures, in the same order.
        least_side: Side of the faces that count, and more, in pixels.
        thresholds: Score above which a box of the first and of the second counts.
    """
    counted = first._of("side") >= least_side
    hits = [
        (tally._of("score")[counted] > least).astype(np.float64)
        for tally, least in zip((first, second), thresholds, strict=True)
    ]
    gain = hits[0] - hits[1]
    if not gain.size:
        return Estimate(float("nan"), float("nan"), float("nan"))
    _, pictures = np.unique(first._of("picture")[counted], return_inverse=True)
    low, high = bootstrap(lambda rows: gain[rows].mean(keepdims=True), pictures.astype(np.int64))
    return Estimate(float(gain.mean()), float(low[0]), float(high[0]))


def _match(found: Sequence[Face], faces: Sequence[Face]) -> list[int]:
    """Return for each box the number of its face or -1; surer boxes choose first."""
    overlaps = iou_matrix(_boxes(found), _boxes(faces))
    owners = [-1] * len(found)
    for number in sorted(range(len(found)), key=lambda n: -found[n].score):
        if len(faces) and overlaps[number].max() >= SAME:
            owners[number] = int(overlaps[number].argmax())
            overlaps[:, owners[number]] = 0
    return owners


def _fit(picture: int, face: Face, hit: Face | None) -> Fit:
    if hit is None:
        return Fit(picture, face.box.side, 0.0, float("nan"), float("nan"))
    overlap = float(iou_matrix(_boxes([face]), _boxes([hit]))[0, 0])
    error = float("nan")
    if face.landmarks is not None and hit.landmarks is not None:
        distance = float(np.linalg.norm(face.landmarks[0] - face.landmarks[1]))
        errors = np.linalg.norm(face.landmarks[:2] - hit.landmarks[:2], axis=1)
        error = float(errors.mean()) / max(distance, 1e-6)
    return Fit(picture, face.box.side, hit.score, overlap, error)


def _ignored(box: Box, unknown: Sequence[Box]) -> bool:
    """Whether a box is about a region where nothing is known."""
    x, y = box.center
    inside = any(other.x1 < x < other.x2 and other.y1 < y < other.y2 for other in unknown)
    return inside or bool((iou_matrix(to_array([box]), to_array(unknown)) > SAME / 2).any())


def _boxes(faces: Sequence[Face]) -> npt.NDArray[np.float64]:
    return to_array([face.box for face in faces])
