"""Folders of labelled pictures, `faces/<class>/…`, as an input of `prepare`.

Every file in a class folder is tried, whatever its name ends in; what is no picture is listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien.data.metadata import METADATA, FileNote, note_key, read_metadata
from mien.data.plan import check_classes
from mien.data.records import LabelledFace, Rejection, Setting, identity, one_hot
from mien.errors import DatasetError, PictureError, SettingsError
from mien.pictures import read_picture
from mien.preprocess import crop_faces
from mien.protocols import Detector
from mien.types import Face, InputSpec, PixelArray

# Below this many pixels a side there is no expression left to read, nor a valid `InputSpec`.
MIN_SIDE = 8


@dataclass(frozen=True, slots=True, eq=False)
class CropSettings:
    """How pictures become faces.

    Attributes:
        detector: Finds the face; None where the pictures are faces already.
        crop_scale: Side of the crop over `Box.side`; without effect without a detector.
        size: Longest side in pixels of what is stored; smaller faces keep their size.
        gray: Whether colour is dropped; gray pictures are stored as gray in any case.
    """

    detector: Detector | None = None
    crop_scale: float = 1.0
    size: int = 112
    gray: bool = False

    def __post_init__(self) -> None:
        if not MIN_SIDE <= self.size <= 1024:
            raise SettingsError(f"--size must be from {MIN_SIDE} to 1024, got {self.size}")
        if not 0.1 <= self.crop_scale <= 10:
            raise SettingsError(f"--crop-scale must be from 0.1 to 10, got {self.crop_scale}")


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    origin: str
    label: int
    note: FileNote
    stamp: tuple[int, int]


class FolderInput:
    """The pictures of a folder with one sub-folder per class.

    Args:
        root: The folder. It may hold a metadata.csv; see `mien.data.metadata`.
        crop: How pictures become faces.

    Raises:
        DatasetError: There are fewer than two classes, a class has fewer than two files, or
            metadata.csv is wrong.
    """

    splits_itself = False

    def __init__(self, root: Path, crop: CropSettings | None = None) -> None:
        self._root, self._crop = root, crop or CropSettings()
        folders, files, refused = _scan(root)
        self.classes = tuple(_printable(folder.name) for folder in folders)
        notes = read_metadata(root / METADATA, self.classes)
        self._entries: list[_Entry] = []
        for path, label in files:
            origin = _origin(root, path)
            note = notes.pop(note_key(origin), FileNote())
            self._entries.append(_Entry(path, origin, label, note, _stamp(path)))
        missing = [Rejection(name, f"named by {METADATA} but not there") for name in notes]
        self.refused = (*refused, *missing)
        labels = np.array([entry.label for entry in self._entries], dtype=np.int64)
        check_classes(labels, self.classes, self.name)

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._root)

    def __len__(self) -> int:
        return len(self._entries)

    def settings(self) -> dict[str, Setting]:
        """All settings that change what is read."""
        crop = self._crop
        return {
            "input": "folder",
            "folder": _printable(self._root.resolve().name),
            "crop": "none" if crop.detector is None else "detector",
            "detector": None if crop.detector is None else crop.detector.name,
            "crop_scale": None if crop.detector is None else crop.crop_scale,
            "size": crop.size,
            "channels": "gray" if crop.gray else "as they are",
        }

    def fingerprint(self, start: int, stop: int) -> str:
        """Say which files these are, of which size and age, with which notes, cropped by whom."""
        entries = self._entries[start:stop]
        files = [(e.origin, e.label, e.note, e.stamp) for e in entries]
        return repr([identity(self._crop.detector), files])

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        """Decode and crop the pictures from `start` to `stop`."""
        for entry in self._entries[start:stop]:
            yield self._face(entry)

    def _face(self, entry: _Entry) -> LabelledFace | Rejection:
        try:
            image = read_picture(entry.path)
        except PictureError as error:
            reason = str(error).removeprefix(f"{entry.path}: ")
            return Rejection(entry.origin, "unreadable picture", f"({_printable(reason)})")
        if min(image.shape[:2]) < MIN_SIDE:
            size = f"({image.shape[1]}x{image.shape[0]} pixels)"
            return Rejection(entry.origin, "picture too small", size)
        pixels = self._cropped(image)
        if pixels is None:
            return Rejection(entry.origin, "no face found")
        soft = entry.note.soft or one_hot(entry.label, len(self.classes))
        return LabelledFace(pixels, entry.label, soft, entry.origin, entry.note.group)

    def _cropped(self, image: PixelArray) -> PixelArray | None:
        """Return uint8 [H,W,1] gray or [H,W,3] RGB; None where no face is found."""
        if self._crop.detector is None:
            return _drop_color(_shrink(image, self._crop.size)[..., ::-1], always=self._crop.gray)
        faces = self._crop.detector(image)
        if not faces:
            return None
        face = max(faces, key=_prominence)
        # A small face is not blown up: that would only store the same pixels again.
        side = round(face.box.side * self._crop.crop_scale)
        size = min(max(side, MIN_SIDE), self._crop.size)
        crop = crop_faces(image, [face], InputSpec(size, 3, self._crop.crop_scale))[0]
        return _drop_color(crop, always=self._crop.gray)


def _prominence(face: Face) -> float:
    """Large and sure: the face that the label speaks of, not a passer-by."""
    return face.box.side * face.score


def _scan(root: Path) -> tuple[list[Path], list[tuple[Path, int]], list[Rejection]]:
    """Return the class folders, all files with their labels in a fixed order, and the refused."""
    walker = _Walker(root)
    folders = []
    for path in walker.visible(root):
        if path.name == METADATA:
            continue
        if not walker.refuses(path) and path.is_dir():
            folders.append(path)
        elif not path.is_symlink():
            walker.refuse(path, "not in a class folder")
    if len(folders) < 2:
        raise DatasetError(
            f"{root}: {len(folders)} class folders, but at least two are needed; "
            "put the pictures of each class in a folder of its own"
        )
    files = [(path, label) for label, folder in enumerate(folders) for path in walker.walk(folder)]
    return folders, files, walker.refused


class _Walker:
    """Finds the files below a folder, and keeps to it: links that lead out are refused."""

    def __init__(self, root: Path) -> None:
        self._root, self._real_root = root, root.resolve()
        self.refused: list[Rejection] = []

    def visible(self, folder: Path) -> list[Path]:
        """Return what lies in a folder, in order, without what is hidden."""
        try:
            return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except OSError as error:
            raise DatasetError(f"{folder}: cannot be read: {error.strerror}") from error

    def walk(self, folder: Path) -> Iterator[Path]:
        """Yield the files below a folder."""
        for path in self.visible(folder):
            if self.refuses(path):
                continue
            if path.is_dir():
                yield from self.walk(path)
            elif path.is_file():
                yield path
            else:
                # Reading a pipe would wait for ever.
                self.refuse(path, "not a file")

    def refuses(self, path: Path) -> bool:
        """Refuse a link that leads out of the root, or in circles."""
        if not path.is_symlink():
            return False
        if not path.resolve().is_relative_to(self._real_root):
            self.refuse(path, "link out of the folder")
        elif path.is_dir():
            self.refuse(path, "link to a folder")
        else:
            return False
        return True

    def refuse(self, path: Path, kind: str) -> None:
        """Keep a path and why it is not read."""
        self.refused.append(Rejection(_origin(self._root, path), kind))


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _origin(root: Path, path: Path) -> str:
    return _printable(path.relative_to(root).as_posix())


def _printable(name: str) -> str:
    """Return a file's name as text: names that are no valid UTF-8 could not be written."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


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
    if (image == image[..., :1]).all():
        return np.ascontiguousarray(image[..., :1])
    if not always:
        return np.ascontiguousarray(image)
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    return np.asarray(gray, dtype=np.uint8)[..., None]
