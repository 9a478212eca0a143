"""Labelled pictures, one at a time: from a prepared data set, or from a folder through a detector.

A picture is decoded once and its face is looked for once, whoever watches it go by and however
often it is cropped. None is kept, so memory does not grow with the data.

A data set may know more classes than a bundle: one data set with eight classes serves bundles that
read four of them. Pictures of the others are counted and left out, if that is asked for, before
they are decoded; or they are read, too, and marked as what no label is right for.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mien.datasets.inputs.class_folders import find_classes, leads_out
from mien.datasets.inputs.patterns import GroupPattern
from mien.errors import PictureError, SettingsError
from mien.evaluation.matching import judged_part, labelled_files, match_classes, truth_of
from mien.evaluation.predictions import Unreadable, in_unicode
from mien.protocols import Detector
from mien.types import Box, Face, InputSpec, OnProgress, PixelArray, ignore_progress
from mien.vision.boxes import main_face
from mien.vision.crop import crop_faces, whole_face
from mien.vision.images.reading import decode_picture, read_picture

if TYPE_CHECKING:  # reading data sets needs an extra, reading a folder does not
    from mien.datasets.dataset import Dataset, Rows

STAGE = "pictures"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One labelled picture.

    Attributes:
        image: BGR uint8 [H,W,3].
        face: Where the face is, the whole picture for a cropped face; None where none was found.
        cropped: Whether the picture is a cropped face, whose framing is its own.
        truth: Number of the bundle's label; `mien.evaluation.matching.UNKNOWN` where it has none.
        origin: Where it came from.
        group: What it shares with pictures that depend on it, as a person's name; "" for nothing.
        agreement: Share of the votes that the label has, 0 to 1; nan where nobody voted.
        source: What it is from, such as a collection; "" where that is not known.
        unknown: The class, where the bundle does not know it; else "".
    """

    image: PixelArray
    face: Face | None
    cropped: bool
    truth: int
    origin: str
    group: str
    agreement: float = float("nan")
    source: str = ""
    unknown: str = ""

    def crop(self, spec: InputSpec) -> PixelArray | None:
        """Return the face as a network wants it, uint8 [size,size,channels]; None without one."""
        if self.face is None:
            return None
        if self.cropped:
            return whole_face(self.image, spec)
        return np.asarray(crop_faces(self.image, [self.face], spec)[0])


class Watcher(Protocol):
    """Something that looks at every picture as it goes by."""

    def add(self, picture: Picture) -> None:
        """Look at one picture; it must not be kept."""
        ...


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """How to read a folder of labelled pictures.

    Attributes:
        crop_scale: Framing to use instead of the bundle's; full pictures only.
        group_pattern: Names what pictures share; see `mien.datasets.inputs.patterns.GroupPattern`.
        split: Which part to read of a folder that has train and test above the classes; the test
            unless given.
    """

    crop_scale: float | None = None
    group_pattern: str | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        self._pattern()

    def group(self, origin: str) -> str:
        """Return the group of a file by its path below the folder; "" where nothing fits."""
        pattern = self._pattern()
        return "" if pattern is None else pattern.group(origin)

    def spec(self, given: InputSpec) -> InputSpec:
        """Return the bundle's input with the framing of these settings.

        Raises:
            SettingsError: The framing is out of range.
        """
        return given if self.crop_scale is None else with_crop_scale(given, self.crop_scale)

    def _pattern(self) -> GroupPattern | None:
        return None if self.group_pattern is None else GroupPattern(self.group_pattern)


def with_crop_scale(spec: InputSpec, crop_scale: float) -> InputSpec:
    """Return an input with another framing.

    Raises:
        SettingsError: The framing is out of range.
    """
    try:
        return dataclasses.replace(spec, crop_scale=crop_scale)
    except ValueError as error:
        raise SettingsError(f"crop scale {crop_scale:g}: {error}") from error


class DatasetPictures:
    """The faces of one split of a prepared data set.

    Args:
        dataset: The data set; its classes are matched with the labels by name.
        split: "train", "validation" or "test".
        labels: The bundle's labels.
        ignore_unknown: Leave out, and count, classes that are no label.
        others: Read these, too.

    Attributes:
        skipped: Pictures left out, by class; complete once all have gone by.

    Raises:
        DatasetError: A class is no label and is neither to be ignored nor read, none is no label
            where these are to be read, or no class is a label.
    """

    def __init__(
        self,
        dataset: "Dataset",
        split: str,
        labels: Sequence[str],
        *,
        ignore_unknown: bool = False,
        others: bool = False,
    ) -> None:
        self._dataset, self._split, self._others = dataset, split, others
        self._truths = match_classes(
            dataset.path, dataset.classes, labels, ignore_unknown=ignore_unknown, others=others
        )
        self.skipped: dict[str, int] = {}

    def __str__(self) -> str:
        return f"{self._dataset.path}, split {self._split!r}"

    def read(self, on_progress: OnProgress = ignore_progress) -> Iterator[Picture | Unreadable]:
        """Yield the pictures in the data set's fixed order."""
        skipped = Counter[str]()
        total, done = self._dataset.count(self._split), 0
        for rows in self._dataset.rows(self._split):
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
        settings: The groups.
        others: Read the subfolders that are no label, too.

    Attributes:
        skipped: Pictures left out, by class: subfolders that are no label.
        part: The split that is read, where the folder has train and test above the classes, as
            "test of train, test"; else "".

    Raises:
        DatasetError: The folder cannot be read, no subfolder is a label, or all are where others
            are to be read.
    """

    def __init__(
        self,
        folder: Path,
        detector: Detector | None,
        labels: Sequence[str],
        settings: FolderSettings,
        *,
        others: bool = False,
    ) -> None:
        self._folder, self._detector, self._settings = folder, detector, settings
        found = find_classes(folder)
        split = judged_part(found, settings.split)
        self._files, self.skipped = labelled_files(found, split, labels, others=others)
        self._unread = [one for one in found.refused if one.kind.startswith("cannot be read")]
        names = ", ".join(f"{path.name}/" for path in found.parts)
        self.part = f"{split} part of {names}" if split else ""
        # The folders of split and class.
        self._depth = 2 if split else 1

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
                    cropped=self._detector is None,
                    truth=truth,
                    origin=origin,
                    group=self._settings.group(origin),
                    source=_source(origin, self._depth),
                    unknown=unknown,
                )
            on_progress(STAGE, done, len(self._files))

    def _face(self, image: PixelArray) -> Face | None:
        if self._detector is None:
            return _whole(image)
        return main_face(self._detector(image))


def _source(origin: str, depth: int) -> str:
    folders = origin.split("/")[depth:-1]
    return folders[0] if folders else ""


def _whole(image: PixelArray) -> Face:
    return Face(Box(0, 0, image.shape[1], image.shape[0]), 1.0)


def _read_inside(path: Path, folder: Path) -> PixelArray:
    if leads_out(path, folder):
        raise PictureError(f"{path}: a link that leaves the folder; put the file itself there")
    return read_picture(path)
