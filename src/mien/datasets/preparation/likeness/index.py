"""The first comparison by an index, so that its time for a picture hardly grows with their number.

The middles of all pictures are put into lists by the center that each is nearest to, which a graph
finds (Malkov and Yashunin 2018, "Efficient and robust approximate nearest neighbor search using
hierarchical navigable small world graphs"). A window is compared with the middles of the lists that
are nearest to it, by faiss (Douze et al. 2024, "The Faiss library"). Centers are some of the
middles, evenly drawn, after a few rounds of k-means.

The same pictures give the same candidates, whatever the number of threads: nothing is drawn by
chance, the graph is made by one thread, and each window is looked for by itself.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np

from mien.datasets.preparation.likeness.all_pairs import BLOCK, COARSE_THRESHOLD
from mien.datasets.preparation.likeness.thumbnails import COARSE_SIGMA, normalise_contrast
from mien.datasets.preparation.likeness.views import COARSE, FLAT, descriptors, make_views, middles
from mien.types import FloatArray, IntArray, OnProgress, PixelArray, ignore_progress

# Pictures of a list on average: of short lists there are more to choose from, of long ones more to
# compare with.
LIST = 64
# Lists that each window is looked for in, and nodes of the graph that are looked at for these.
PROBES, SEARCHED = 32, 64
# Numbers of a descriptor are hardly ever larger, up or down.
LARGEST = 0.6
# How often the centers of lists are moved to where their pictures are.
ROUNDS = 2
# Neighbours of a node of the graph; how many are looked at when it is made.
LINKS, MADE = 16, 40
# Candidates of a picture at most, the most similar ones. Of FER2013's pictures, look-alikes among
# them, few have so many; among a million of such faces each has hundreds by chance.
MOST = 64


class Index:
    """Finds candidates among the pictures that are near to a view.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map, of which one block is read at a time.
        path: Where the index of these is, made by `write_index`; it is made anew where None.
    """

    name = "index"

    def __init__(self, thumbs: PixelArray, path: Path | None = None) -> None:
        self._thumbs = thumbs
        flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY
        self._index = _make(thumbs) if path is None else faiss.read_index(str(path), flags)
        self._index.nprobe = PROBES
        faiss.downcast_index(self._index.quantizer).hnsw.efSearch = SEARCHED

    def of(self, start: int, stop: int) -> IntArray:
        """Compare views of some pictures with the middles near to them; see `Candidates.of`."""
        details = normalise_contrast(self._thumbs[start:stop], COARSE_SIGMA)
        views = make_views()
        # Picture by picture: its views are near to each other, so that their lists are at hand.
        asked = np.stack([descriptors(details, view) for view in views], axis=1)
        asked = asked.reshape(-1, COARSE**2)
        ends, values, found = self._index.range_search(asked, COARSE_THRESHOLD)
        ends = np.asarray(ends, dtype=np.int64)
        number = np.repeat(np.arange(len(asked)), ends[1:] - ends[:-1])
        picture, view = np.divmod(number, len(views))
        rows = np.stack([picture + start, found, view], axis=1)
        apart = rows[:, 0] != rows[:, 1]
        return _best(rows[apart], values[apart])


def _best(rows: IntArray, values: FloatArray) -> IntArray:
    """Return each pair once, by its best view, and of each picture the most similar MOST."""
    order = np.lexsort((rows[:, 2], -values, rows[:, 1], rows[:, 0]))
    rows, values = rows[order], values[order]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    rows, values = rows[first], values[first]
    order = np.lexsort((rows[:, 1], -values, rows[:, 0]))
    ranked = rows[order, 0]
    rank = np.arange(len(rows)) - np.searchsorted(ranked, ranked)
    return np.asarray(rows[np.sort(order[rank < MOST])])


def write_index(thumbs: PixelArray, path: Path, on_progress: OnProgress = ignore_progress) -> None:
    """Make the index of all pictures and write it to a file, from where all processes map it.

    Args:
        thumbs: uint8 [N,THUMB,THUMB]; may be a memory map.
        path: The file.
        on_progress: Called with how many pictures are in it.

    Raises:
        OSError: It cannot be written.
    """
    try:
        faiss.write_index(_make(thumbs, on_progress), str(path))
    except RuntimeError as error:
        raise OSError(0, f"the index cannot be written: {error}") from error


def use_threads(count: int) -> None:
    """Have this process look for views with so many threads, for good."""
    faiss.omp_set_num_threads(count)


def _make(
    thumbs: PixelArray, on_progress: OnProgress = ignore_progress
) -> faiss.IndexIVFScalarQuantizer:
    every = np.empty((len(thumbs), COARSE**2), dtype=np.float32)
    for start in range(0, len(thumbs), BLOCK):
        every[start : start + BLOCK] = middles(thumbs[start : start + BLOCK])
        on_progress("indexing pictures", min(start + BLOCK, len(thumbs)), len(thumbs))
    lists = max(1, len(thumbs) // LIST)
    centers = every[np.arange(lists) * len(thumbs) // lists]
    for _ in range(ROUNDS):
        centers = _moved(centers, every)
    # In 8 bits a number, a quarter of what they take: among many pictures the search waits for
    # memory.
    index = faiss.IndexIVFScalarQuantizer(
        _graph(centers),
        COARSE**2,
        lists,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
        False,  # the numbers themselves, not what they differ by from a center's
    )
    index.train(np.full((2, COARSE**2), LARGEST, dtype=np.float32) * [[-1], [1]])
    index.add(every)
    return index


def _moved(centers: FloatArray, every: FloatArray) -> FloatArray:
    """Move each center to the mean direction of those that are nearest to it: a round of k-means.

    Sums are made in the order of the pictures, so that they are the same for any number of threads.
    """
    nearest = _graph(centers).search(every, 1)[1][:, 0]
    order = np.argsort(nearest, kind="stable")
    starts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
    sums = np.add.reduceat(every[order], starts)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    moved = centers.copy()
    moved[nearest[order][starts]] = sums / np.maximum(norms, FLAT)
    return moved


def _graph(centers: FloatArray) -> faiss.IndexHNSWFlat:
    graph = faiss.IndexHNSWFlat(COARSE**2, LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction, graph.hnsw.efSearch = MADE, SEARCHED
    with _one_thread():
        graph.add(centers)
    return graph


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Have faiss keep to one thread: what several add to a graph depends on who comes first."""
    former = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(former)
