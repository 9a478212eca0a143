"""Labelled pictures → features, cropped as the model wants them; who is who, and what is twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mien.datasets.inputs.class_names import spelling
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.preparation.codes import NO_CODE
from mien.datasets.preparation.duplicates import near_pairs, thumbnail
from mien.datasets.preparation.linking import clusters
from mien.datasets.preparation.look_alikes import lowest, same_photo
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.records import LabelledFace, Rejection, check_classes
from mien.errors import DatasetError
from mien.evaluation.figures.intervals import group_numbers
from mien.models.classifier import OnnxClassifier
from mien.protocols import Detector
from mien.training.adapt.sources import SHOWN, Source, open_source
from mien.types import FloatArray, IntArray, OnProgress, PixelArray, ignore_progress
from mien.vision.crop import whole_face

BATCH = 64
STAGE = "reading pictures"


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The faces of a folder or data set.

    Attributes:
        name: What to call them.
        classes: Their classes.
        features: float32 [N,D].
        labels: int64 [N], index of the class.
        groups: The person of each, or whatever keeps pictures together; "" where nobody says.
        photos: int64 [N], pictures of one photo have the same number.
        origins: The file of each.
        left_out: Why pictures were left out, and how many.
        notes: What the user should know, in sentences.
    """

    name: str
    classes: tuple[str, ...]
    features: FloatArray
    labels: IntArray
    groups: tuple[str, ...]
    photos: IntArray
    origins: tuple[str, ...]
    left_out: dict[str, int]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def persons(self) -> int:
        """How many groups are named."""
        return len(set(self.groups) - {""})

    def part(self, chosen: IntArray) -> "Gathered":
        """Return some of the faces, with all classes."""
        return replace(
            self,
            features=self.features[chosen],
            labels=self.labels[chosen],
            groups=tuple(self.groups[row] for row in chosen),
            photos=self.photos[chosen],
            origins=tuple(self.origins[row] for row in chosen),
        )


def gather(
    path: Path,
    classifier: OnnxClassifier,
    detector: Detector | None,
    group_pattern: GroupPattern | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Gathered:
    """Read class folders, or the faces of a prepared data set that are not for its test.

    Args:
        path: The folder.
        classifier: What gives the features, and says how faces are cropped.
        detector: Finds the face in each picture; None where pictures are faces already. Without
            meaning for a data set.
        group_pattern: Names the person of files for which no metadata.csv does.
        on_progress: Called with the pictures done.

    Raises:
        DatasetError: It cannot be read, or has a class with fewer than two faces, or two classes
            whose names differ in nothing but how they are written.
        BundleError: The graph gives no features.
        MissingExtraError: It is a data set, and what reads these is not installed.
    """
    source = open_source(path, classifier.spec, detector, group_pattern)
    return gather_from(source, str(path), classifier, on_progress)


def gather_from(
    source: Source,
    name: str,
    classifier: OnnxClassifier,
    on_progress: OnProgress = ignore_progress,
) -> Gathered:
    """Read the faces of a source; see `gather`.

    Args:
        source: Where they come from.
        name: What to call it.
        classifier: What gives the features.
        on_progress: Called with the pictures done.

    Raises:
        DatasetError: As `gather`.
        BundleError: The graph gives no features.
    """
    _check_names(name, source.classes)
    gatherer = _Gatherer(classifier)
    for done, face in enumerate(source.faces(), start=1):
        if isinstance(face, Rejection):
            gatherer.left_out[face.kind] += 1
        else:
            gatherer.add(face)
        on_progress(STAGE, done, source.total)
    found = gatherer.finish(name, source.classes)
    _check_left(found)
    notes = [*source.notes(), *_photo_notes(found), *_left_out_notes(found)]
    return replace(found, notes=tuple(notes))


class _Gatherer:
    """Takes faces one by one, and keeps what is learnt of them: no picture."""

    def __init__(self, classifier: OnnxClassifier) -> None:
        self._classifier, spec = classifier, classifier.spec
        # Asked about no face, it says before the work that it gives no features.
        nobody = np.empty((0, spec.size, spec.size, spec.channels), np.uint8)
        self._features = [classifier.features(nobody)]
        self._crops: list[PixelArray] = []
        self._thumbs: list[PixelArray] = []
        self._labels: list[int] = []
        self._groups: list[str] = []
        self._origins: list[str] = []
        self.left_out: Counter[str] = Counter()

    def add(self, face: LabelledFace) -> None:
        """Take a face: RGB, or gray."""
        bgr = np.repeat(face.pixels, 3, 2) if face.pixels.shape[2] == 1 else face.pixels[..., ::-1]
        self._crops.append(whole_face(np.ascontiguousarray(bgr), self._classifier.spec))
        self._thumbs.append(thumbnail(np.ascontiguousarray(face.pixels)))
        self._labels.append(face.label)
        self._groups.append(face.group)
        self._origins.append(face.origin)
        if len(self._crops) == BATCH:
            self._read()

    def finish(self, name: str, classes: tuple[str, ...]) -> Gathered:
        """Return all that was taken."""
        if self._crops:
            self._read()
        return Gathered(
            name=name,
            classes=classes,
            features=np.concatenate(self._features),
            labels=np.array(self._labels, np.int64),
            groups=tuple(self._groups),
            photos=_photos(self._thumbs, self._groups),
            origins=tuple(self._origins),
            left_out=dict(self.left_out),
        )

    def _read(self) -> None:
        self._features.append(self._classifier.features(np.stack(self._crops)))
        self._crops.clear()


def _photos(thumbs: list[PixelArray], groups: list[str]) -> IntArray:
    """Number the photos that pictures show, as `prepare` tells them."""
    if not thumbs:
        return np.empty(0, np.int64)
    near, count = PrepareSettings().near, len(thumbs)
    numbers = group_numbers(groups)
    codes = np.where(np.array([bool(group) for group in groups]), numbers, NO_CODE)
    pairs, values = near_pairs(np.stack(thumbs), lowest(near))
    return clusters(same_photo(pairs, values, near, codes, np.zeros(count, np.int64)), count)


def _check_names(place: str, classes: Sequence[str]) -> None:
    """Refuse two classes that are one but for how they are written."""
    first: dict[str, str] = {}
    for name in classes:
        other = first.setdefault(spelling(name), name)
        if other != name:
            raise DatasetError(
                f"{place}: the classes {other!r} and {name!r} differ only in how they are written; "
                "put their pictures into one folder"
            )


def _check_left(found: Gathered) -> None:
    if not len(found):
        raise DatasetError(f"{found.name}: no face to learn from{_reasons(found.left_out)}")
    try:
        check_classes(found.labels, found.classes, found.name)
    except DatasetError as error:
        raise DatasetError(f"{error}{_reasons(found.left_out)}") from error


def _reasons(left_out: dict[str, int]) -> str:
    if not left_out:
        return ""
    told = ", ".join(f"{number:,} {kind}" for kind, number in left_out.items())
    return f" (left out: {told})"


def _left_out_notes(found: Gathered) -> list[str]:
    return [f"{number:,} left out: {kind}" for kind, number in found.left_out.items()]


def _photo_notes(found: Gathered) -> Iterator[str]:
    """Tell of pictures that show one photo, and of those whose labels differ."""
    names, members = np.unique(found.photos, return_inverse=True)
    several = [np.flatnonzero(members == number) for number in range(len(names))]
    several = [rows for rows in several if len(rows) > 1]
    if several:
        shown = "; ".join(_shown(found, rows) for rows in several[:SHOWN])
        yield (
            f"{len(several):,} photos are there more than once ({shown}"
            f"{'; …' * (len(several) > SHOWN)}): each stays in one fold"
        )
    unlike = [rows for rows in several if len(set(found.labels[rows].tolist())) > 1]
    if unlike:
        shown = "; ".join(_shown(found, rows) for rows in unlike[:SHOWN])
        yield f"{len(unlike):,} photos are in two classes ({shown}): take them out of one"


def _shown(found: Gathered, rows: IntArray) -> str:
    return " = ".join(found.origins[row][-60:] for row in rows[:SHOWN].tolist())
