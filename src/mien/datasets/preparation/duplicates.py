"""Finds pictures that are the same photo: cropped otherwise, scaled, mirrored, with a watermark.

Faces of one class resemble each other more than two crops of one photo resemble each other when
compared pixel by pixel, so that shifts have to be tried. Two steps: small views of every picture
(windows of several sizes and places, and their mirror images) are compared with the middle of
every other; pairs that pass are compared again in finer steps at full thumbnail resolution. The
first step goes through all pairs, where they are few, or by an index: see `likeness`.
"""

import importlib.util
from pathlib import Path
from typing import Protocol

import numpy as np

from mien.datasets.preparation.likeness.all_pairs import BLOCK, AllPairs
from mien.datasets.preparation.likeness.fine import compare, merged
from mien.datasets.preparation.likeness.thumbnails import THUMB, thumbnail
from mien.errors import MissingExtraError
from mien.types import FloatArray, IntArray, OnProgress, PixelArray, ignore_progress

__all__ = [
    "BLOCK",
    "FINDING",
    "THUMB",
    "AllPairs",
    "Candidates",
    "by_index",
    "candidates_of",
    "compare",
    "merged",
    "method",
    "near_pairs",
    "open_index",
    "thumbnail",
    "use_one_thread",
    "write_index",
]

# From so many pictures on the time that the index saves is worth the pairs that it does not find.
INDEX_FROM = 50_000
FINDING = "finding duplicates"


class Candidates(Protocol):
    """What finds the pairs that are compared in finer steps."""

    name: str

    def of(self, start: int, stop: int) -> IntArray:
        """Compare views of some pictures with the middle of all.

        Args:
            start: First picture whose views are taken.
            stop: The picture after the last one.

        Returns:
            int64 [P,3]: the picture whose window it is, the picture whose middle it resembles, and
            the number of the view that resembles it most.
        """
        ...


def by_index(count: int) -> bool:
    """Whether so many pictures are compared by the index: where it is installed, and pays."""
    return count >= INDEX_FROM and importlib.util.find_spec("faiss") is not None


def method(count: int) -> str:
    """Return what so many pictures are compared by, in words."""
    return "index" if by_index(count) else AllPairs.name


def candidates_of(thumbs: PixelArray) -> Candidates:
    """Choose how pairs are found, and make ready for it.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map, of which one block is read at a time.
    """
    return open_index(thumbs) if by_index(len(thumbs)) else AllPairs(thumbs)


def open_index(thumbs: PixelArray, path: Path | None = None) -> Candidates:
    """Look for pairs by an index, here or wherever the work was sent to.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map.
        path: What `write_index` wrote; made anew where None.

    Raises:
        MissingExtraError: faiss is not installed here.
    """
    try:
        from mien.datasets.preparation.likeness.index import Index
    except ImportError as error:
        raise MissingExtraError("the search by an index", "scale") from error
    return Index(thumbs, path)


def write_index(thumbs: PixelArray, path: Path, on_progress: OnProgress) -> None:
    """Write what `open_index` reads, so that it is made once for several processes.

    Raises:
        OSError: It cannot be written.
    """
    from mien.datasets.preparation.likeness import index

    index.write_index(thumbs, path, on_progress)


def use_one_thread() -> None:
    """Have the index of this process keep to one thread: others work beside it."""
    from mien.datasets.preparation.likeness import index

    index.use_threads(1)


def near_pairs(
    thumbs: PixelArray, threshold: float, on_progress: OnProgress = ignore_progress
) -> tuple[IntArray, FloatArray]:
    """Find the pictures that are the same photo, all at once.

    Args:
        thumbs: uint8 [N,THUMB,THUMB].
        threshold: `similarity` from which two pictures are the same photo.
        on_progress: Called with how many pictures were compared with all others.

    Returns:
        int64 [P,2] of (smaller index, larger index), each pair once, in order, and float32 [P], how
        similar they are.
    """
    candidates = candidates_of(thumbs)
    pairs, values = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    for start in range(0, len(thumbs), BLOCK):
        stop = min(start + BLOCK, len(thumbs))
        found = compare(thumbs, candidates.of(start, stop), threshold)
        pairs.append(found[0])
        values.append(found[1])
        on_progress(FINDING, stop, len(thumbs))
    return merged(np.concatenate(pairs), np.concatenate(values))
