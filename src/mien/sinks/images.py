"""Annotated copies of pictures."""

import contextlib
import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePath

import cv2

from mien.errors import SinkError
from mien.files.locks import alone_on
from mien.files.writes import sweep, write_file
from mien.sinks.files import make_folder, open_mode, same_file, writing
from mien.types import Analysis, Frame
from mien.vision.draw import draw
from mien.vision.images.reading import SUFFIXES

JPEG_QUALITY = 92
# What JPEG libraries write at most, in pixels.
JPEG_SIDE = 65_500
JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
# Not allowed in names on Windows, or everywhere.
UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


class PictureSink:
    """A `Sink` that writes a copy of every picture with the readings drawn on it.

    A copy has the name of its picture, as JPEG where that is one, otherwise as PNG; the second of a
    name becomes `name-2`. Frames of a video, animation, camera or stream are numbered JPEGs.
    """

    def __init__(
        self, folder: Path, *, overwrite: bool = False, sources: Iterable[str] = ()
    ) -> None:
        """Make the folder.

        Args:
            folder: Where the copies go.
            overwrite: Replace copies of an earlier run.
            sources: What is read, now or later, which is never replaced.

        Raises:
            SinkError: The folder cannot be made.
            InUseError: Another process writes into it.
        """
        make_folder(folder)
        self._claim = contextlib.ExitStack()
        with writing(folder):
            self._claim.enter_context(alone_on(folder))
        sweep(folder)
        self._folder = folder
        self._overwrite = overwrite
        self._sources = {file for name in sources if (file := _identity(Path(name)))}
        self._used: set[str] = set()

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Write one picture.

        Raises:
            SinkError: A file of that name exists, or it cannot be written.
        """
        path = self._folder / self._free_name(frame)
        if same_file(path, Path(frame.source)):
            raise SinkError(f"{path}: would overwrite the picture itself; choose another folder")
        if self._sources and _identity(path) in self._sources:
            raise SinkError(
                f"{path}: is to be read, and would be overwritten; choose another folder"
            )
        flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix in JPEG_SUFFIXES else []
        good, data = cv2.imencode(path.suffix, draw(frame.image, analysis), flags)
        if not good:
            raise SinkError(f"{path}: a picture of this size cannot be written as {path.suffix}")
        with writing(path):
            if open_mode(path, overwrite=self._overwrite) == "x" and os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            write_file(path, data.tobytes())

    def close(self) -> None:
        """Leave the folder to others: every picture is finished when it is written."""
        self._claim.close()

    def _free_name(self, frame: Frame) -> str:
        """Return a name that this run has not used, on disks that ignore case too."""
        stem, suffix = _name(frame)
        name, count = stem + suffix, 1
        while name.casefold() in self._used:
            count += 1
            name = f"{stem}-{count}{suffix}"
        self._used.add(name.casefold())
        return name


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what a file is by whatever name; None where it does not exist."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _name(frame: Frame) -> tuple[str, str]:
    source = PurePath(frame.source)
    stem, suffix = UNSAFE.sub("_", source.stem) or "frame", source.suffix.lower()
    if suffix not in SUFFIXES or frame.moving:
        return f"{stem}-{frame.index:06d}", ".jpg"
    is_jpeg = suffix in JPEG_SUFFIXES and max(frame.size) <= JPEG_SIDE
    return stem, suffix if is_jpeg else ".png"
