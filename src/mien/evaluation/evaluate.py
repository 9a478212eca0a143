"""Asks a bundle's classifier about every picture of a data set or folder.

The pictures go through the same `preprocess` and the same classifier as those of a camera.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.bundle import ModelInfo
from mien.errors import DatasetError, PictureError, SettingsError
from mien.evaluation.collector import Collector
from mien.evaluation.results import Evaluation
from mien.pictures import SUFFIXES, decode_picture, read_picture
from mien.preprocess import crop_faces, whole_face
from mien.protocols import Classifier, Detector
from mien.types import InputSpec, OnProgress, PixelArray, ignore_progress

if TYPE_CHECKING:  # reading data sets needs an extra, evaluating a folder does not
    from mien.data.dataset import Dataset

STAGE = "pictures"
CROPPED = "cropped faces"


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """How to read a folder of labelled pictures.

    Attributes:
        crop_scale: Framing to use instead of the bundle's; full pictures only.
        group_pattern: Regular expression whose first group, searched in the file name without its
            suffix, names what pictures share, as "(.+)_[0-9]+" does for "Ann_Lee_0002.jpg".
    """

    crop_scale: float | None = None
    group_pattern: str | None = None

    def __post_init__(self) -> None:
        if self.group_pattern is None:
            return
        try:
            groups = re.compile(self.group_pattern).groups
        except re.error as error:
            raise SettingsError(
                f"group pattern {self.group_pattern!r}: not a regular expression: {error}"
            ) from error
        if not groups:
            raise SettingsError(
                f"group pattern {self.group_pattern!r}: put the part that names the group in "
                "parentheses, as in (.+)_[0-9]+"
            )

    def group(self, path: Path) -> str:
        """Return the group of a file; "" where the pattern does not match."""
        found = re.search(self.group_pattern, path.stem) if self.group_pattern else None
        return (found[1] or "") if found else ""

    def spec(self, given: InputSpec) -> InputSpec:
        """Return the bundle's input with the framing of these settings.

        Raises:
            SettingsError: The framing is out of range.
        """
        if self.crop_scale is None:
            return given
        try:
            return dataclasses.replace(given, crop_scale=self.crop_scale)
        except ValueError as error:
            raise SettingsError(f"crop scale {self.crop_scale:g}: {error}") from error


def evaluate_dataset(
    classifier: Classifier,
    info: ModelInfo,
    dataset: "Dataset",
    split: str = "test",
    *,
    name: str | None = None,
    ignore_unknown: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Evaluation:
    """Ask about every face of one split of a prepared data set.

    Args:
        classifier: The bundle's classifier.
        info: The bundle's description.
        dataset: The data set; its classes are matched with the bundle's labels by name.
        split: "train", "validation" or "test".
        name: What to call the data set; the name of its folder unless given.
        ignore_unknown: Leave out, and count, classes that the bundle does not know.
        on_progress: Told of the pictures done.

    Raises:
        DatasetError: A class is unknown to the bundle, or the split holds nothing to evaluate.
        BundleError: The classifier gave something that is no probability.
    """
    truths = _match(dataset.path, dataset.classes, info.labels, ignore_unknown=ignore_unknown)
    collector, skipped = Collector(classifier), Counter[str]()
    total, done = dataset.count(split), 0
    for rows in dataset.rows(split):
        labels = [dataset.classes[number] for number in rows.labels]
        for data, label, origin, group in zip(
            rows.images, labels, rows.origins, rows.groups, strict=True
        ):
            if label not in truths:
                skipped[label] += 1
                continue
            try:
                face = whole_face(decode_picture(data, origin), classifier.spec)
            except PictureError as error:
                collector.add_unreadable(origin, error)
            else:
                collector.add(face, truths[label], origin, group)
        done += len(labels)
        on_progress(STAGE, done, total)
    return Evaluation(
        model=info,
        dataset=name or dataset.path.resolve().name,
        split=split,
        answers=collector.finish(f"{dataset.path}, split {split!r}"),
        skipped=dict(skipped),
        unreadable=collector.unreadable,
    )


def evaluate_folder(
    classifier: Classifier,
    info: ModelInfo,
    detector: Detector | None,
    folder: Path,
    *,
    settings: FolderSettings | None = None,
    name: str | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Evaluation:
    """Ask about every picture of `folder/<class>/**`, the whole way that a camera's frame goes.

    In each picture the largest face counts. A picture without one is counted as such.

    Args:
        classifier: The bundle's classifier.
        info: The bundle's description.
        detector: Finds the faces; None where the pictures are cropped faces.
        folder: The folder; its subfolders are matched with the bundle's labels by name, and
            others are left out and counted.
        settings: Framing and groups.
        name: What to call the pictures; the name of the folder unless given.
        on_progress: Told of the pictures done.

    Raises:
        DatasetError: No subfolder has the name of a label, or there is nothing to evaluate.
        SettingsError: The framing is out of range, or was given for cropped faces.
        BundleError: The classifier gave something that is no probability.
    """
    settings = settings or FolderSettings()
    if detector is None and settings.crop_scale is not None:
        raise SettingsError("crop scale: cropped faces have their framing already; leave it out")
    spec = settings.spec(classifier.spec)
    pictures, skipped = _labelled_pictures(folder, info.labels)
    collector = Collector(classifier)
    for done, (path, truth) in enumerate(pictures, start=1):
        origin = path.relative_to(folder).as_posix()
        try:
            face = _face(_read_inside(path, folder), detector, spec)
        except PictureError as error:
            collector.add_unreadable(origin, error)
        else:
            collector.add(face, truth, origin, settings.group(path))
        on_progress(STAGE, done, len(pictures))
    return Evaluation(
        model=info,
        dataset=name or folder.resolve().name,
        split=CROPPED if detector is None else f"full pictures, {detector.name}",
        answers=collector.finish(str(folder)),
        detector=None if detector is None else detector.name,
        crop_scale=None if detector is None else spec.crop_scale,
        skipped=skipped,
        unreadable=collector.unreadable,
    )


def _read_inside(path: Path, folder: Path) -> PixelArray:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PictureError(f"{path}: a link that leaves the folder; put the file itself there")
    return read_picture(path)


def _face(image: PixelArray, detector: Detector | None, spec: InputSpec) -> PixelArray | None:
    if detector is None:
        return whole_face(image, spec)
    faces = detector(image)
    if not faces:
        return None
    largest = max(faces, key=lambda face: face.box.side)
    return np.asarray(crop_faces(image, [largest], spec)[0])


def _match(
    place: Path, classes: Sequence[str], labels: Sequence[str], *, ignore_unknown: bool
) -> dict[str, int]:
    """Find the number of the bundle's label for every class that it knows."""
    unknown = [name for name in classes if name not in labels]
    known = {name: labels.index(name) for name in classes if name in labels}
    lists = f"the data has {', '.join(classes) or 'none'}; the bundle has {', '.join(labels)}"
    if not known:
        raise DatasetError(f"{place}: no class that the bundle knows: {lists}")
    if unknown and not ignore_unknown:
        raise DatasetError(
            f"{place}: classes that the bundle does not know ({', '.join(unknown)}): {lists}; "
            "ignore unknown classes to evaluate the others"
        )
    return known


def _labelled_pictures(
    folder: Path, labels: Sequence[str]
) -> tuple[list[tuple[Path, int]], dict[str, int]]:
    """Find the pictures with their label, in a fixed order, and count those of other classes."""
    try:
        classes = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    except OSError as error:
        raise DatasetError(
            f"{folder}: cannot be read as a folder: {error.strerror}; name a data set, or a "
            "folder with one subfolder per class"
        ) from error
    truths = _match(folder, [path.name for path in classes], labels, ignore_unknown=True)
    found: list[tuple[Path, int]] = []
    skipped: dict[str, int] = {}
    for path in classes:
        if path.name in truths:
            found.extend((picture, truths[path.name]) for picture in sorted(_pictures(path)))
        else:
            skipped[path.name] = sum(1 for _ in _pictures(path))
    return found, skipped


def _pictures(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        # A link that leads nowhere is listed as unreadable later, instead of being passed over.
        is_file = path.is_file() or path.is_symlink()
        shown = not any(part.startswith(".") for part in path.relative_to(folder).parts)
        if is_file and shown and path.suffix.lower() in SUFFIXES:
            yield path
