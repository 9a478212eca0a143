"""The videos that tables were made of: where they are, how large, and a face out of them."""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath

import cv2
import numpy as np

from mien.errors import MienError
from mien.recordings.values import Recording
from mien.sources.video import VideoSource
from mien.types import Box, PixelArray
from mien.vision.crop import cut_square

# Side of a thumbnail, and what of the face's side is shown.
SIDE, MARGIN = 160, 1.5
# Frames are found by their numbers, or, where a table has none, by times that differ by less.
SAME_MOMENT = 1e-3
_Moment = tuple[int, float]


def find_video(source: str, video: Path | None = None) -> Path | None:
    """Return where a recording's video is; None where there is none.

    Args:
        source: Its name in the table.
        video: The video, or the folder that holds it, where it is not at its name any more.
    """
    places = [Path(source)]
    if video is not None:
        places = [video] if video.is_file() else [video / source, video / PurePath(source).name]
    try:
        return next((place for place in places if place.is_file()), None)
    except (OSError, ValueError):  # a name that no system takes
        return None


def link_of(source: str, file: Path, video: Path | None = None) -> str | None:
    """Return a video's path as seen from the folder of a file, with slashes.

    Args:
        source: Its name in the table.
        file: The file that links to it.
        video: As of `find_video`.

    Returns:
        The path; None where there is no such video, or none that leads there, as on another disk of
        Windows.
    """
    found = find_video(source, video)
    if found is None:
        return None
    try:
        link = os.path.relpath(found.resolve(), file.parent.resolve())
    except ValueError:
        return None
    return link.replace(os.sep, "/")


def sized(recordings: Iterable[Recording], video: Path | None) -> Iterator[Recording]:
    """Yield recordings with the size of their picture, as far as their videos are found."""
    for recording in recordings:
        found = None if recording.size else find_video(recording.source, video)
        size = None if found is None else _size_of(found)
        yield recording if size is None else dataclasses.replace(recording, size=size)


def _size_of(path: Path) -> tuple[int, int] | None:
    source = VideoSource(path, threads=1)
    try:
        return next((frame.size for frame in source), None)
    except MienError:
        return None
    finally:
        source.close()


def faces_of(
    path: Path, moments: Mapping[int, tuple[int, float, Box]]
) -> Iterator[tuple[int, PixelArray]]:
    """Yield one face of each track out of a video.

    Args:
        path: The video.
        moments: Of each track the number of a frame (-1 where it is not known), its time in
            seconds, and the face's box in it.

    Yields:
        The track, and BGR uint8 [SIDE,SIDE,3].

    Raises:
        SourceError: The video cannot be read.
    """
    left = dict(moments)
    source = VideoSource(path)
    try:
        for frame in source:
            for track in [t for t, m in left.items() if _is((frame.index, frame.timestamp), m[:2])]:
                box = left.pop(track)[2]
                yield track, _thumbnail(frame.image, box)
            if not left:
                return
    finally:
        source.close()


def _thumbnail(image: PixelArray, box: Box) -> PixelArray:
    side = max(1, round(box.side * MARGIN))
    left, top = (round(middle - side / 2) for middle in box.center)
    square = cut_square(image, left, top, side)
    method = cv2.INTER_AREA if side >= SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=method), np.uint8)


def _is(frame: _Moment, wanted: _Moment) -> bool:
    if wanted[0] >= 0:
        return frame[0] == wanted[0]
    return abs(frame[1] - wanted[1]) < SAME_MOMENT
