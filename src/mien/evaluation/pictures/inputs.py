"""Labelled pictures, one at a time: from a prepared data set, or from a folder through a detector.

A picture is decoded once and its face is looked for once, whoever watches it go by and however
often it is cropped. None is kept, so memory does not grow with the data.

A data set may know more classes than a bundle: one data set with eight classes serves bundles that
read four of them. Pictures of the others are counted and left out, if that is asked for, before
they are decoded; or they are read, too, and marked as what no label is right for.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from mien.datasets.inputs.class_folders import find_classes, leads_out
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.records import INFO
from mien.errors import MissingExtraError, PictureError, SettingsError
from mien.evaluation.pictures.matching import judged_part, labelled_files, match_classes, truth_of
from mien.evaluation.pictures.picture import Picture, Pictures, with_crop_scale
from mien.evaluation.predictions import Unreadable, in_unicode
from mien.protocols import Detector
from mien.types import Box, Face, InputSpec, OnProgress, PixelArray, ignore_progress
from mien.vision.boxes import main_face
from mien.vision.images.reading import decode_picture, read_picture

if TYPE_CHECKING:  # reading data sets needs an extra, reading a folder does not
    from mien.datasets.dataset import Dataset, Rows

# What says that a folder is that of a cross-validation.
FOLDS = "folds.json"
STAGE, CROPPED = "pictures", "cropped faces"
# Of an option that means nothing for a data set, whose faces are cropped and grouped already.
FOLDERS = msgspec.Meta(extra={"folders": True})


class InputSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to read labelled pictures.

    Attributes:
        split: Split of a data set, or of a folder that has train and test above the classes
            (default: test).
        ignore_unknown: Leave out, and count, classes that the model does not know: one data set of
            many classes serves models that read some of them (folders: always so).
        crop_scale: Frame faces otherwise than the model asks for.
        group_pattern: What pictures of one person share in their file names, in parentheses, as in
            '(.+)_[0-9]+': the intervals are then drawn over persons (with a slash in it, it is
            searched in the path below the folder).
        name: What to call the data (default: the name of its folder).
    """

    split: str | None = None
    ignore_unknown: bool = False
    crop_scale: Annotated[float | None, FOLDERS] = None
    group_pattern: Annotated[str | None, FOLDERS, msgspec.Meta(extra={"metavar": "REGEX"})] = None
    name: str | None = None

    def __post_init__(self) -> None:
        self._pattern()

    def group(self, origin: str) -> str:
        """Return the group of a file by its path below the folder; "" where nothing fits."""
        pattern = self._pattern()
        return "" if pattern is None else pattern.group(origin)

    def spec(self, given: InputSpec) -> InputSpec:
        """Return a bundle's input with the framing of these settings.

        Raises:
            SettingsError: The framing is out of range.
        """
        return given if self.crop_scale is None else with_crop_scale(given, self.crop_scale)

    def _pattern(self) -> GroupPattern | None:
        return None if self.group_pattern is None else GroupPattern(self.group_pattern)


class DatasetPictures:
    """The faces of one split of a prepared data set.

    Args:
        dataset: The data set; its classes are matched with the labels by name.
        labels: The bundle's labels.
        settings: The split, and whether to leave out, and count, classes that are no label.
        others: Read these, too.

    Attributes:
        name: What to call the data set.
        split: "train", "validation" or "test".
        skipped: Pictures left out, by class; complete once all have gone by.

    Raises:
        DatasetError: A class is no label and is neither to be ignored nor read, none is no label
            where these are to be read, or no class is a label.
    """

    def __init__(
        self,
        dataset: "Dataset",
        labels: Sequence[str],
        settings: InputSettings,
        *,
        others: bool = False,
    ) -> None:
        self._dataset, self._others = dataset, others
        self._truths = match_classes(
            dataset.path,
            dataset.classes,
            labels,
            ignore_unknown=settings.ignore_unknown,
            others=others,
        )
        self.name = settings.name or dataset.path.resolve().name
        self.split = settings.split or "test"
        self.detector: str | None = None
        self.skipped: dict[str, int] = {}

    def __str__(self) -> str:
        return f"{self._dataset.path}, split {self.split!r}"

    def read(self, on_progress: OnProgress = ignore_progress) -> Iterator[Picture | Unreadable]:
        """Yield the pictures in the data set's fixed order."""
        skipped = Counter[str]()
        total, done = self._dataset.count(self.split), 0
        for rows in self._dataset.rows(self.split):
            names = [self._dataset.classes[number] for number in rows.labels]
            chosen = [row for row, name in enumerate(names) if self._others or name in self._truths]
            skipped.update(name for name in names if not self._others and name not in self._truths)
            yield from self._decoded(rows, names, chosen)
            done += len(names)
            on_progress(STAGE, done, total)
        self.skipped = dict(skipped)

    def _decoded(
        self, rows: "Rows", names: Sequence[str], chosen: Sequence[int]
    ) -> Iterator[Picture | Unreadable]:
        # Of all classes of the data set: a vote for one that the bundle lacks is a vote, too.
        agreement = rows.soft[np.arange(len(names)), rows.labels]
        for row in chosen:
            origin = rows.origins[row]
            try:
                image = decode_picture(rows.images[row], origin)
            except PictureError as error:
                yield Unreadable.from_error(origin, error)
            else:
                share = float(agreement[row])
                group, source = rows.groups[row], rows.sources[row]
                truth, unknown = truth_of(names[row], self._truths)
                yield Picture(
                    image, _whole(image), True, truth, origin, group, share, source, unknown
                )


class FolderPictures:
    """The pictures of `folder/<class>/**`, in a fixed order.

    In each picture the largest face counts. The first folder below that of the class, where there
    is one, is the picture's source.

    Args:
        folder: The folder; its subfolders are matched with the labels by name.
        detector: Finds the faces; None where the pictures are cropped faces.
        labels: The bundle's labels.
        settings: The groups, and the part where there are folders of splits.
        others: Read the subfolders that are no label, too.

    Attributes:
        name: What to call the pictures.
        split: What they are and which detector is used; where the folder has train and test above
            the classes also which of these are read, as "test part of train/, test/; cropped
            faces".
        detector: The detector's name; None for cropped faces.
        skipped: Pictures left out, by class: subfolders that are no label.

    Raises:
        DatasetError: The folder cannot be read, no subfolder is a label, or all are where others
            are to be read.
    """

    def __init__(
        self,
        folder: Path,
        detector: Detector | None,
        labels: Sequence[str],
        settings: InputSettings,
        *,
        others: bool = False,
    ) -> None:
        self._folder, self._look, self._settings = folder, detector, settings
        found = find_classes(folder)
        split = judged_part(found, settings.split)
        self._files, self.skipped = labelled_files(found, split, labels, others=others)
        self._unread = [one for one in found.refused if one.kind.startswith("cannot be read")]
        # The folders of split and class.
        self._depth = 2 if split else 1
        self.name = settings.name or folder.resolve().name
        self.detector = None if detector is None else detector.name
        kind = CROPPED if detector is None else f"full pictures, {detector.name}"
        names = ", ".join(f"{path.name}/" for path in found.parts)
        self.split = f"{split} part of {names}; {kind}" if split else kind

    def __str__(self) -> str:
        return str(self._folder)

    def read(self, on_progress: OnProgress = ignore_progress) -> Iterator[Picture | Unreadable]:
        """Yield the pictures, after the folders that cannot be read."""
        for one in self._unread:
            yield Unreadable(in_unicode(one.origin), one.reason)
        for done, (path, truth, unknown) in enumerate(self._files, start=1):
            origin = path.relative_to(self._folder).as_posix()
            try:
                image = _read_inside(path, self._folder)
            except PictureError as error:
                yield Unreadable.from_error(origin, error)
            else:
                yield Picture(
                    image,
                    face=self._face(image),
                    cropped=self._look is None,
                    truth=truth,
                    origin=origin,
                    group=self._settings.group(origin),
                    source=_source(origin, self._depth),
                    unknown=unknown,
                )
            on_progress(STAGE, done, len(self._files))

    def _face(self, image: PixelArray) -> Face | None:
        if self._look is None:
            return _whole(image)
        return main_face(self._look(image))


def is_dataset(data: Path) -> bool:
    """Whether a folder is a prepared data set, and not one of pictures."""
    return (data / INFO).is_file()


def is_cross_validation(folder: Path) -> bool:
    """Whether a folder is that of a cross-validation, whose answers are there already."""
    return (folder / FOLDS).is_file()


def open_pictures(
    data: "Dataset | Path",
    detector: Detector | None,
    labels: Sequence[str],
    settings: InputSettings,
    *,
    others: bool = False,
) -> Pictures:
    """Open a prepared data set, or a folder with one subfolder of pictures per class.

    Args:
        data: The data set or the folder.
        detector: Finds the faces in full pictures; None where the pictures are cropped faces.
        labels: The bundle's labels, with which classes are matched by name.
        settings: Which pictures, and how they are read.
        others: Read those of classes that are no label, too.

    Raises:
        DatasetError: It cannot be read, holds no class that the bundle knows, or one that it does
            not (data sets, unless ignored or read); or none such where these are to be read.
        SettingsError: A framing for faces that are cropped already.
        MissingExtraError: It is a data set, and what reads these is not installed.
    """
    if detector is None and settings.crop_scale is not None:
        raise SettingsError("crop scale: cropped faces have their framing already; leave it out")
    if isinstance(data, Path):
        if not is_dataset(data):
            return FolderPictures(data, detector, labels, settings, others=others)
        data = _load_dataset(data)
    return DatasetPictures(data, labels, settings, others=others)


def _load_dataset(path: Path) -> "Dataset":
    try:
        from mien.datasets.dataset import load_dataset
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluating a data set", "train") from error
    return load_dataset(path)


def _source(origin: str, depth: int) -> str:
    folders = origin.split("/")[depth:-1]
    return folders[0] if folders else ""


def _whole(image: PixelArray) -> Face:
    return Face(Box(0, 0, image.shape[1], image.shape[0]), 1.0)


def _read_inside(path: Path, folder: Path) -> PixelArray:
    if leads_out(path, folder):
        raise PictureError(f"{path}: a link that leaves the folder; put the file itself there")
    return read_picture(path)
