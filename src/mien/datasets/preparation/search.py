"""The search for near-duplicates in parts: each is kept, so that a killed search goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq

from mien.archive.engines import Engine
from mien.datasets.arrays import map_array, new_array
from mien.datasets.preparation import duplicates
from mien.datasets.preparation.linking import pairs_with
from mien.datasets.preparation.parts import (
    VERSION,
    Failure,
    Slice,
    failing,
    kept_array,
    run_parts,
    slices,
)
from mien.files.writes import digest_of, new_file
from mien.types import FloatArray, IntArray, OnProgress, PixelArray

# What is kept of a part: two numbers of pictures and how alike they are. float64 holds every
# number of a picture exactly.
_ROWS = (np.float64, (None, 3))


@dataclass(frozen=True, slots=True)
class FindPairs:
    """Looks for near-duplicates of some pictures; a `Work` for the engines of `mien.archive`.

    Attributes:
        thumbs: The file of all thumbnails.
        shape: Of what it holds.
        index: The file of their index; None where all pairs are compared.
        threshold: Similarity from which a pair is wanted.
        alone: Whether nobody works beside it; else it keeps to one thread.
    """

    thumbs: Path
    shape: tuple[int, ...]
    index: Path | None
    threshold: float
    alone: bool = True

    def start(self) -> Callable[[Slice], Failure | None]:
        """Map the pictures and their index; return what writes the pairs of a slice."""
        if not self.alone:
            cv2.setNumThreads(1)
        thumbs = _map_thumbnails(self.thumbs, self.shape)
        candidates: duplicates.Candidates = duplicates.AllPairs(thumbs)
        if self.index is not None:
            candidates = duplicates.open_index(thumbs, self.index)
            if not self.alone:
                duplicates.use_one_thread()

        def find(task: Slice) -> Failure | None:
            with failing() as failure:
                some = candidates.of(task.start, task.stop)
                pairs, values = duplicates.compare(thumbs, some, self.threshold)
                rows = np.column_stack([pairs, values]).astype(np.float64)
                with new_file(task.path) as temporary:
                    np.save(temporary, rows, allow_pickle=False)
            return failure.found

        return find


def find_pairs(
    chunks: list[Path],
    first: IntArray,
    folder: Path,
    threshold: float,
    on_progress: OnProgress,
    engine: Engine | None = None,
) -> tuple[IntArray, FloatArray]:
    """Find the pairs of pictures that resemble each other among all faces of the chunks.

    Of pictures of the same pixels the first one is compared with others.

    Args:
        chunks: What `write_chunks` returned.
        first: int64 [N], for each face the first one of the same pixels.
        folder: The work folder.
        threshold: Similarity from which a pair is wanted.
        on_progress: Called with how many faces were compared with all others.
        engine: Hands out the parts; this process does them where None.

    Returns:
        int64 [P,2] of row numbers, counted through all chunks, each pair once, and float32 [P], how
        similar the two are.
    """
    originals = np.flatnonzero(first == np.arange(len(first)))
    names = [path.name for path in chunks]
    digest = digest_of(VERSION, threshold, duplicates.by_index(len(originals)), names)
    path = folder / f"thumbnails-{digest}.npy"
    shape = (len(originals), duplicates.THUMB, duplicates.THUMB)
    if len(originals) and kept_array(path, np.uint8, shape, on_progress) is None:
        _write_thumbnails(chunks, first, path, shape)
    parts = [
        Slice(folder / f"pairs-{digest}-{start:09d}.npy", start, stop)
        for start, stop in slices(len(originals), duplicates.BLOCK)
    ]
    _make_missing(path, shape, threshold, parts, on_progress, engine)
    found = [map_array(one.path, *_ROWS) for one in parts]
    copies = pairs_with(first)
    pairs = [originals[rows[:, :2].astype(np.int64)] for rows in found]
    values = [rows[:, 2].astype(np.float32) for rows in found]
    return duplicates.merged(
        np.concatenate([copies, *pairs]),
        np.concatenate([np.ones(len(copies), dtype=np.float32), *values]),
    )


def _make_missing(
    path: Path,
    shape: tuple[int, ...],
    threshold: float,
    parts: list[Slice],
    on_progress: OnProgress,
    engine: Engine | None,
) -> None:
    are_done = [kept_array(part.path, *_ROWS, on_progress) is not None for part in parts]
    index = None
    if duplicates.by_index(shape[0]) and not all(are_done):
        # Made anew by each run: of a damaged one faiss might make anything.
        index = path.with_name("index.faiss")
        with new_file(index) as temporary:
            duplicates.write_index(_map_thumbnails(path, shape), temporary, on_progress)
    if are_done.count(False) == 1:
        engine = None  # a single part is done before another process has begun
    work = FindPairs(path, shape, index, threshold, alone=engine is None)
    run_parts(engine, work, parts, are_done, duplicates.FINDING, on_progress)


def _map_thumbnails(path: Path, shape: tuple[int, ...]) -> PixelArray:
    return np.asarray(map_array(path, np.uint8, shape), dtype=np.uint8)


def _write_thumbnails(
    chunks: list[Path], first: IntArray, path: Path, shape: tuple[int, ...]
) -> None:
    """Gather the thumbnails of all but copies in one file that is mapped, not loaded."""
    start = 0
    with new_file(path) as temporary, new_array(temporary, np.uint8, shape) as write:
        for chunk in chunks:
            column = pq.read_table(chunk, columns=["thumbnail"])["thumbnail"]
            values = np.frombuffer(b"".join(column.to_pylist()), dtype=np.uint8)
            stop = start + len(column)
            is_original = first[start:stop] == np.arange(start, stop)
            write(values.reshape(-1, *shape[1:])[is_original])
            start = stop
