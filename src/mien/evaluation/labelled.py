"""Labelled pictures, one at a time: from a prepared data set, or from a folder through a detector.

A picture is decoded once and its face is looked for once, whoever watches it go by and however
often it is cropped. None is kept, so memory does not grow with the data.

A data set may know more classes than a bundle: one data set with eight classes serves bundles that
read four of them. Pictures of the others are counted and left out, if that is asked for, before
they are decoded.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mien.errors import DatasetError, PictureError, SettingsError
from mien.evaluation.patterns import compile_with_group, first_group
from mien.evaluation.results import Unreadable
from mien.pictures import SUFFIXES, decode_picture, read_picture
from mien.preprocess import crop_faces, whole_face
from mien.protocols import Detector
from mien.types import Box, Face, InputSpec, OnProgress, PixelArray, ignore_progress

if TYPE_CHECKING:  # reading data sets needs an extra, reading a folder does not
    from mien.data.dataset import Dataset, Rows

STAGE = "pictures"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One labelled picture.

    Attributes:
        image: BGR uint8 [H,W,3].
        face: Where the face is, the whole picture for a cropped face; None where none was found.
        cropped: Whether the picture is a cropped face, whose framing is its own.
        truth: Number of the bundle's label.
        origin: Where it came from.
        group: What it shares with pictures that depend on it, as a person's name; "" for nothing.
        agreement: Share of the votes that the label has, 0 to 1; nan where nobody voted.
        source: What it is from, such as a collection; "" where that is not known.
    """

    image: PixelArray
    face: Face | None
    cropped: bool
    truth: int
    origin: str
    group: str
    agreement: float = float("nan")
    source: str = ""

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
        group_pattern: Regular expression whose first group, searched in the file name without its
            suffix, names what pictures share, as "(.+)_[0-9]+" does for "Ann_Lee_0002.jpg".
    """

    crop_scale: float | None = None
    group_pattern: str | None = None

    def __post_init__(self) -> None:
        self._compiled()

    def group(self, path: Path) -> str:
        """Return the group of a file; "" where the pattern does not match."""
        pattern = self._compiled()
        return "" if pattern is None else first_group(pattern, path.stem)

    def spec(self, given: InputSpec) -> InputSpec:
        """Return the bundle's input with the framing of these settings.

        Raises:
            SettingsError: The framing is out of range.
        """
        return given if self.crop_scale is None else with_crop_scale(given, self.crop_scale)

    def _compiled(self) -> re.Pattern[str] | None:
        if self.group_pattern is None:
            return None
        return compile_with_group(self.group_pattern, "group pattern", "(.+)_[0-9]+")


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

    Attributes:
        skipped: Pictures left out, by class; complete once all have gone by.

    Raises:
        DatasetError: A class is no label and is not to be ignored, or no class is a label.
    """

    def __init__(
        self,
        dataset: "Dataset",
        split: str,
        labels: Sequence[str],
        *,
        ignore_unknown: bool = False,
    ) -> None:
        self._dataset, self._split = dataset, split
        self._truths = _match(dataset.path, dataset.classes, labels, ignore_unknown=ignore_unknown)
        self.skipped: dict[str, int] = {}

    def __str__(self) -> str:
        return f"{self._dataset.path}, split {self._split!r}"

    def read(self, on_progress: OnProgress = ignore_progress) -> Iterator[Picture | Unreadable]:
        """Yield the pictures in the data set's fixed order."""
        skipped = Counter[str]()
        total, done = self._dataset.count(self._split), 0
        for rows in self._dataset.rows(self._split):
            names = [self._dataset.classes[number] for number in rows.labels]
            skipped.update(name for name in names if name not in self._truths)
            yield from self._known(rows, names)
            done += len(names)
            on_progress(STAGE, done, total)
        self.skipped = dict(skipped)

    def _known(self, rows: "Rows", names: Sequence[str]) -> Iterator[Picture | Unreadable]:
        # Of all classes of the data set: a vote for one that the bundle lacks is a vote, too.
        agreement = rows.soft[np.arange(len(names)), rows.labels]
        for row, name in enumerate(names):
            if name not in self._truths:
                continue
            origin = rows.origins[row]
            try:
                image = decode_picture(rows.images[row], origin)
            except PictureError as error:
                yield Unreadable.from_error(origin, error)
            else:
                share = float(agreement[row])
                truth, group, source = self._truths[name], rows.groups[row], rows.sources[row]
                yield Picture(image, _whole(image), True, truth, origin, group, share, source)


class FolderPictures:
    """The pictures of `folder/<class>/**`, in a fixed order.

    In each picture the largest face counts. The first folder below that of the class, where there
    is one, is the picture's source.

    Args:
        folder: The folder; its subfolders are matched with the labels by name.
        detector: Finds the faces; None where the pictures are cropped faces.
        labels: The bundle's labels.
        settings: The groups.

    Attributes:
        skipped: Pictures left out, by class: subfolders that are no label.

    Raises:
        DatasetError: The folder cannot be read, or no subfolder is a label.
    """

    def __init__(
        self,
        folder: Path,
        detector: Detector | None,
        labels: Sequence[str],
        settings: FolderSettings,
    ) -> None:
        self._folder, self._detector, self._settings = folder, detector, settings
        self._files, self.skipped = _labelled_files(folder, labels)

    def __str__(self) -> str:
        return str(self._folder)

    def read(self, on_progress: OnProgress = ignore_progress) -> Iterator[Picture | Unreadable]:
        """Yield the pictures."""
        for done, (path, truth) in enumerate(self._files, start=1):
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
                    group=self._settings.group(path),
                    source=_source(origin),
                )
            on_progress(STAGE, done, len(self._files))

    def _face(self, image: PixelArray) -> Face | None:
        if self._detector is None:
            return _whole(image)
        return max(self._detector(image), key=lambda face: face.box.side, default=None)


def _source(origin: str) -> str:
    _, *folders, _ = origin.split("/")
    return folders[0] if folders else ""


def _whole(image: PixelArray) -> Face:
    return Face(Box(0, 0, image.shape[1], image.shape[0]), 1.0)


def _read_inside(path: Path, folder: Path) -> PixelArray:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise PictureError(f"{path}: a link that leaves the folder; put the file itself there")
    return read_picture(path)


def _match(
    place: Path, classes: Sequence[str], labels: Sequence[str], *, ignore_unknown: bool
) -> Mapping[str, int]:
    """Find the number of the bundle's label for every class that it knows."""
    unknown = [name for name in classes if name not in labels]
    known = {name: labels.index(name) for name in classes if name in labels}
    lists = f"the data has {', '.join(classes) or 'none'}; the bundle has {', '.join(labels)}"
    if not known:
        raise DatasetError(f"{place}: no class that the bundle knows: {lists}")
    if unknown and not ignore_unknown:
        raise DatasetError(
            f"{place}: classes that the bundle does not know ({', '.join(unknown)}): {lists}; "
            "ignore unknown classes (--ignore-unknown) to evaluate the others"
        )
    return known


def _labelled_files(
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
