"""Annotated copies of pictures."""

import re
from pathlib import Path, PurePath

import cv2

from mien.errors import SinkError
from mien.overlay import draw
from mien.pictures import SUFFIXES
from mien.sinks.files import make_folder, open_mode, same_file, writing
from mien.types import Analysis, Frame

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

    def __init__(self, folder: Path, *, overwrite: bool = False) -> None:
        """Make the folder.

        Args:
            folder: Where the copies go.
            overwrite: Replace copies of an earlier run. The pictures themselves never are.

        Raises:
            SinkError: The folder cannot be made.
        """
        make_folder(folder)
        self._folder = folder
        self._overwrite = overwrite
        self._used: set[str] = set()

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Write one picture.

        Raises:
            SinkError: A file of that name exists, or it cannot be written.
        """
        path = self._folder / self._free_name(frame)
        if same_file(path, Path(frame.source)):
            raise SinkError(f"{path}: would overwrite the picture itself; choose another folder")
        flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix in JPEG_SUFFIXES else []
        good, data = cv2.imencode(path.suffix, draw(frame.image, analysis), flags)
        if not good:
            raise SinkError(f"{path}: a picture of this size cannot be written as {path.suffix}")
        with writing(path):
            file = path.open(f"{open_mode(path, overwrite=self._overwrite)}b")
        try:
            with writing(path), file:
                file.write(data.tobytes())
        except SinkError:
            # Half a picture is of no use, and would be in the way of the next run.
            path.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Do nothing: every picture is finished when it is written."""

    def _free_name(self, frame: Frame) -> str:
        """Return a name that this run has not used, on disks that ignore case too."""
        stem, suffix = _name(frame)
        name, count = stem + suffix, 1
        while name.casefold() in self._used:
            count += 1
            name = f"{stem}-{count}{suffix}"
        self._used.add(name.casefold())
        return name


def _name(frame: Frame) -> tuple[str, str]:
    source = PurePath(frame.source)
    stem, suffix = UNSAFE.sub("_", source.stem) or "frame", source.suffix.lower()
    if suffix not in SUFFIXES or frame.moving:
        return f"{stem}-{frame.index:06d}", ".jpg"
    is_jpeg = suffix in JPEG_SUFFIXES and max(frame.size) <= JPEG_SIDE
    return stem, suffix if is_jpeg else ".png"
