"""Folders of labelled pictures, `faces/<class>/…`, as an input of `prepare`.

Every file in a class folder is tried, whatever its name ends in; what is no picture is listed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from mien.datasets.inputs.class_folders import (
    ClassFolders,
    as_text,
    find_classes,
    split_of,
)
from mien.datasets.inputs.framing import portrait_note
from mien.datasets.inputs.listing import Listing, stamp_of
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.inputs.who import who_is_who
from mien.datasets.records import (
    SPLITS,
    LabelledFace,
    Rejection,
    Setting,
    Split,
    check_classes,
    identity,
    one_hot,
)
from mien.errors import DatasetError, PictureError, SettingsError
from mien.protocols import Detector
from mien.types import Alignment, InputSpec, PixelArray
from mien.vision.boxes import main_face
from mien.vision.crop import crop_faces
from mien.vision.images.reading import read_picture
from mien.vision.images.storing import stored_as

# Below this many pixels a side there is no expression left to read, nor a valid `InputSpec`.
MIN_SIDE = 8
# Why a picture is left out.
NO_FACE = "no face found"


@dataclass(frozen=True, slots=True, eq=False)
class CropSettings:
    """How pictures become faces.

    Attributes:
        detector: Finds the face; None where the pictures are faces already.
        crop_scale: Side of the crop over `Box.side`; without effect without a detector.
        size: Longest side in pixels of what is stored; smaller faces keep their size.
        gray: Whether colour is dropped; gray pictures are stored as gray in any case.
        alignment: "eyes" turns the crop so that the eyes are level; without effect without a
            detector.
        make_judge: Makes what looks, on a sample, whether pictures are faces indeed where no
            detector is asked; None where nobody looks.
    """

    detector: Detector | None = None
    crop_scale: float = 1.0
    size: int = 112
    gray: bool = False
    alignment: Alignment = "none"
    make_judge: Callable[[], Detector] | None = None

    def __post_init__(self) -> None:
        if not MIN_SIDE <= self.size <= 1024:
            raise SettingsError(f"--size must be from {MIN_SIDE} to 1024, got {self.size}")
        if not 0.1 <= self.crop_scale <= 10:
            raise SettingsError(f"--crop-scale must be from 0.1 to 10, got {self.crop_scale}")


class FolderInput:
    """The pictures of a folder with one sub-folder per class, perhaps below train and test.

    Args:
        root: The folder. It may hold a metadata.csv; see `mien.datasets.inputs.metadata`.
        crop: How pictures become faces.
        group_pattern: Names the group of pictures for which no metadata.csv does.

    Raises:
        DatasetError: There are fewer than two classes, a class has fewer than two files, or
            metadata.csv is wrong.
    """

    def __init__(
        self,
        root: Path,
        crop: CropSettings | None = None,
        group_pattern: GroupPattern | None = None,
    ) -> None:
        self._root, self._crop = root, crop or CropSettings()
        self._found = find_classes(root)
        self.classes = self._found.classes
        if len(self.classes) < 2:
            raise DatasetError(_too_few_classes(self._found))
        self._files = Listing(root)
        for number, folder in enumerate(self._found.folders):
            for path in self._found.files(folder):
                try:
                    self._files.add(path, number)
                except OSError as error:  # it was there a moment ago
                    self._found.refuse(path, f"cannot be read: {error.strerror}")
        self._who = who_is_who(self._found, self._files.origins, group_pattern)
        self.refused = (*self._found.refused, *self._who.missing)
        labels = [self.classes.index(folder.name) for folder in self._found.folders]
        self._labels = np.array(labels, dtype=np.int64)
        check_classes(self._labels[self._files.folders], self.classes, self.name)

    @property
    def splits_itself(self) -> bool:
        """Whether the folder says which of its pictures are for the test."""
        return "test" in self._found.splits

    def notes(self) -> tuple[str, ...]:
        """Say what was taken for splits and persons, and whether the pictures are faces."""
        notes = [*_split_notes(self._found), *self._who.told, self.portraits]
        return tuple(note for note in notes if note)

    @cached_property
    def portraits(self) -> str:
        """What is to be said where the pictures show more than faces; "" where nobody looks."""
        if self._crop.detector is not None or self._crop.make_judge is None:
            return ""
        return portrait_note(self._files.paths, self._crop.make_judge)

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._root)

    def __len__(self) -> int:
        return len(self._files)

    def settings(self) -> dict[str, Setting]:
        """All settings that change what is read."""
        crop = self._crop
        return {
            "input": "folder",
            "folder": as_text(self._root.resolve().name),
            "crop": "none" if crop.detector is None else "detector",
            "detector": None if crop.detector is None else crop.detector.name,
            "crop_scale": None if crop.detector is None else crop.crop_scale,
            "size": crop.size,
            "channels": "gray" if crop.gray else "as they are",
        }

    def fingerprint(self, start: int, stop: int) -> str:
        """Say which files these are, of which size and age, with which notes, cropped by whom."""
        files = [
            (
                self._files.origin(row),
                *self._class_of(row),
                self._who.notes[row],
                self._files.stamp(row),
            )
            for row in range(start, min(stop, len(self)))
        ]
        return repr([identity(self._crop.detector), files])

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        """Decode and crop the pictures from `start` to `stop`."""
        for row in range(start, min(stop, len(self))):
            yield self._face(row)

    def _class_of(self, row: int) -> tuple[int, Split | None]:
        number = self._files.folder(row)
        return int(self._labels[number]), self._found.folders[number].split

    def _face(self, row: int) -> LabelledFace | Rejection:
        path, origin = self._files.path(row), self._files.origin(row)
        try:
            image = read_picture(path)
        except PictureError as error:
            reason = str(error).removeprefix(f"{path}: ")
            return Rejection(origin, "unreadable picture", f"({as_text(reason)})")
        self._check_same(path, row)
        if min(image.shape[:2]) < MIN_SIDE:
            size = f"({image.shape[1]}x{image.shape[0]} pixels)"
            return Rejection(origin, "picture too small", size)
        pixels = cropped(image, self._crop)
        if pixels is None:
            return Rejection(origin, NO_FACE)
        note, (label, split) = self._who.notes[row], self._class_of(row)
        return LabelledFace(
            pixels,
            label,
            note.soft or one_hot(label, len(self.classes)),
            origin,
            note.group,
            held_out=split == "test",
            validates=split == "validation",
            encoded=self._encoded(path, image, pixels),
        )

    def _check_same(self, path: Path, row: int) -> None:
        """Refuse what was written to since it was listed: it would be kept as what it was then."""
        try:
            changed = stamp_of(path) != self._files.stamp(row)
        except OSError:
            changed = True
        if changed:
            raise DatasetError(
                f"{path}: changed while it was read; run the same command again when nobody writes "
                "to the folder, which goes on from what is kept"
            )

    def _encoded(self, path: Path, image: PixelArray, pixels: PixelArray) -> bytes | None:
        """Return the bytes that are stored where nothing was done to the picture."""
        whole = self._crop.detector is None and image.shape[:2] == pixels.shape[:2]
        if not whole or (pixels.shape[2] == 1 and not _is_gray(image)):
            return None
        try:
            return stored_as(path.read_bytes(), image, str(path))
        except OSError:
            return None  # it is gone, but was read


def cropped(image: PixelArray, how: CropSettings) -> PixelArray | None:
    """Take the face out of a picture whose label speaks of it.

    Args:
        image: BGR uint8 [H,W,3].
        how: What finds the face, and how it is cropped.

    Returns:
        uint8 [H,W,1] gray or [H,W,3] RGB; None where no face is found.
    """
    if how.detector is None:
        return _drop_color(_shrink(image, how.size)[..., ::-1], always=how.gray)
    face = main_face(how.detector(image))
    if face is None:
        return None
    # A small face is not blown up: that would only store the same pixels again.
    side = round(face.box.side * how.crop_scale)
    size = min(max(side, MIN_SIDE), how.size)
    spec = InputSpec(size, 3, how.crop_scale, how.alignment)
    crop = crop_faces(image, [face], spec)[0]
    return _drop_color(crop, always=how.gray)


def _too_few_classes(found: ClassFolders) -> str:
    lone = found.folders[0].path if len(found.folders) == 1 else None
    inner = find_classes(lone).classes if lone is not None else ()
    advice = (
        f"name {lone} instead, which holds {', '.join(inner[:4])}"
        if len(inner) > 1
        else "put the pictures of each class in a folder of its own"
    )
    count = len(found.classes)
    folders = f"{count} class folder{'s' * (count != 1)}"
    return f"{found.root}: {folders}, but at least two are needed; {advice}"


def _split_notes(found: ClassFolders) -> Iterator[str]:
    """Say which folders were taken for splits, and which may have been meant so."""
    if found.parts:
        names = " and ".join(f"{path.name}/" for path in found.parts)
        dealt = [split for split in SPLITS if split not in found.splits]
        verb = "is" if len(dealt) == 1 else "are"
        rest = f"; {' and '.join(dealt)} {verb} dealt from train" if dealt else ""
        yield f"{names} above the classes are kept as splits{rest}"
        return
    for name in found.classes:
        if split_of(name) is not None:
            yield (
                f"{name!r} is taken as a class; splits need a folder train with the class folders "
                "in it, and other splits beside it"
            )


def _shrink(image: PixelArray, size: int) -> PixelArray:
    """Shrink so that the longest side is `size` at most, keeping the shape."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    if scale >= 1:
        return image
    target = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, target, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _drop_color(image: PixelArray, *, always: bool) -> PixelArray:
    """Turn RGB [H,W,3] to gray [H,W,1] where it has no colour, or where none is wanted."""
    if _is_gray(image):
        return np.ascontiguousarray(image[..., :1])
    if not always:
        return np.ascontiguousarray(image)
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    return np.asarray(gray, dtype=np.uint8)[..., None]


def _is_gray(image: PixelArray) -> bool:
    return bool((image == image[..., :1]).all())
