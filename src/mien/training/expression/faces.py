"""The faces of a split: what is said of them, and their pictures.

What is said lies in memory, a few bytes a face. The pictures are decoded once, into memory or into
a file that is mapped, or again in each epoch, as they are needed.
"""

import contextlib
import inspect
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import PIL

from mien import __version__
from mien.datasets.arrays import DamagedError, Pictures, map_array, new_array
from mien.datasets.dataset import Dataset
from mien.errors import TrainingError
from mien.files.locks import alone_in
from mien.files.writes import digest_of, new_folder
from mien.training.expression.feeding.decoders import Decoders
from mien.training.expression.feeding.order import Blocks, batches, in_order
from mien.training.expression.feeding.room import Cache
from mien.training.expression.feeding.streamed import Share, StreamedPictures
from mien.types import FloatArray, InputSpec, OnProgress, PixelArray
from mien.vision import crop
from mien.vision.images import pixels, plain, reading

IMAGES = "images.npy"
AT_ONCE = 512  # faces that are decoded at a time
ALL_DAY = 24 * 3600.0  # seconds, for which a process waits that another one decodes
Rows = npt.NDArray[np.intp]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class FaceStore:
    """One split, decoded.

    Attributes:
        images: uint8 [N,S,S,C]: an array, perhaps memory-mapped, or what decodes a part of it when
            asked.
        soft: float32 [N,K], the classes' probabilities.
        labels: int64 [N].
        sources: Names of what the faces come from; one empty name where there is one source.
        source: int64 [N], index of each face's source.
        weights: float32 [N], how much each face counts.
        blocks: Where they lie in the files, by which an epoch's order is made.
        changed: Whether the pictures were changed at random already.
        digest: Stands for all that the faces and their labels came from; "" where nothing is kept
            by it.
    """

    images: Pictures
    soft: FloatArray
    labels: npt.NDArray[np.int64]
    sources: tuple[str, ...]
    source: npt.NDArray[np.int64]
    weights: FloatArray
    blocks: Blocks
    changed: bool = False
    digest: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def shares(self) -> npt.NDArray[np.float64]:
        """Return the share of each class among the faces as they count, [K]; sums to one."""
        soft = np.asarray(self.soft, dtype=np.float64)
        return np.asarray(np.average(soft, axis=0, weights=self.weights))

    @classmethod
    def of_one_source(
        cls, images: PixelArray, soft: FloatArray, labels: npt.NDArray[np.int64]
    ) -> "FaceStore":
        """Return faces that all count alike."""
        count = len(labels)
        source, weights = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.float32)
        return cls(images, soft, labels, ("",), source, weights, Blocks.one(count))

    def epoch(
        self, size: int, seed: int, epoch: int, buffer: int, share: Share, skip: int = 0
    ) -> Iterator[tuple[Rows, Rows, Any]]:
        """Yield the batches of an epoch; see `batches` for its order.

        Args:
            size: Faces of a batch.
            seed: Of all randomness.
            epoch: Its number.
            buffer: Bytes of the shuffle buffer.
            share: Which of a batch's rows this process learns from.
            skip: Batches that were learnt from already.

        Yields:
            The rows of a batch, those of this process, and their pictures, uint8 [n,S,S,C].
        """
        order = batches(self.blocks, size, seed, epoch, buffer)
        if isinstance(self.images, StreamedPictures):
            yield from self.images.feed(order, share, skip)
            return
        for batch in islice(order, skip, None):
            own = share(batch.rows)
            yield batch.rows, own, self.images[own]

    def pictures(self, size: int) -> Iterator[Any]:
        """Yield all pictures in their order, uint8 [n,S,S,C]."""
        if isinstance(self.images, StreamedPictures):
            order = in_order(self.blocks, size)
            yield from (pictures for _, _, pictures in self.images.feed(order, lambda rows: rows))
            return
        for start in range(0, len(self), size):
            yield self.images[start : start + size]


def open_store(
    dataset: Dataset,
    split: str,
    spec: InputSpec,
    folder: Path,
    on_progress: OnProgress,
    *,
    cache: Cache = "disk",
    decoders: Decoders | None = None,
    digest: str | None = None,
) -> FaceStore:
    """Open the faces of a split.

    What is decoded into `folder` is named by a digest of the data set and of how its faces are
    decoded; what was decoded from anything else is removed, and one process decodes for all.

    Args:
        dataset: The data set.
        split: Of it.
        spec: What the network sees.
        folder: Where faces are decoded to, for this run and those that go on with it.
        on_progress: Called with how many faces are decoded.
        cache: Whether they are decoded into `folder`, into memory, or whenever they are needed.
        decoders: What decodes them; this process unless given.
        digest: The data set's, where it is known already.

    Raises:
        DatasetError: A file of the data set is missing or damaged.
        TrainingError: The split is empty, or the disk is full.
    """
    if not dataset.count(split):
        raise TrainingError(f"{dataset.path}: the {split} split is empty; prepare more pictures")
    decoders = decoders or Decoders(spec)
    known = dataset.label_columns(split)
    code = cv2.__version__, PIL.__version__, code_of(reading, pixels, plain, crop)
    streamed = StreamedPictures(dataset.row_groups(split), decoders)
    digest = digest_of(digest or dataset.digest, split, asdict(spec), code)
    weights = np.ones(len(known.labels), dtype=np.float32)
    store = FaceStore(
        streamed,
        known.soft,
        known.labels,
        known.sources,
        known.source,
        weights,
        streamed.blocks,
        digest=digest,
    )
    if cache == "memory":
        return replace(store, images=_in_memory(store, split, on_progress))
    if cache == "disk":
        with alone_decoding(folder):
            return replace(store, images=_on_disk(store, split, folder, on_progress))
    return store


def weigh(
    store: FaceStore, weight: Mapping[str, float], smoothing: Mapping[str, float]
) -> FaceStore:
    """Return a store whose faces count, and whose labels are spread, as their sources say.

    Args:
        store: The faces.
        weight: How much a face counts, by source; 1 where none is named.
        smoothing: Share of each label that is spread evenly, by source; 0 where none is named.
    """
    of_source = np.array([weight.get(name, 1.0) for name in store.sources], dtype=np.float32)
    spread = np.array([smoothing.get(name, 0.0) for name in store.sources], dtype=np.float32)
    share = spread[store.source][:, None]
    soft = (1 - share) * store.soft + share / store.soft.shape[1]
    return replace(
        store,
        soft=soft.astype(np.float32),
        weights=of_source[store.source],
        digest=digest_of(store.digest, dict(weight), dict(smoothing)),
    )


def code_of(*modules: ModuleType) -> list[str]:
    """Return what stands for the code of modules, so that what it made is not taken for newer."""
    try:
        return [inspect.getsource(module) for module in modules]
    except OSError:  # installed without its source
        return [__version__]


def made_once(
    place: Path,
    fill: Callable[[Path], None],
    read: Callable[[Path], T],
    on_progress: OnProgress,
) -> T:
    """Read a folder of a cache, which is made whole or not at all where it is not there.

    One that is damaged is told and made again. Folders beside it of the same kind, whose names
    differ in what follows the last dash, are of other data and removed.

    Args:
        place: The folder, named `<kind>-<digest of all that it comes from>`.
        fill: Writes its files into the folder that it is given.
        read: Returns what is in it; raises `DamagedError` where that cannot be.
        on_progress: Called with the reason where it is damaged.

    Raises:
        TrainingError: It cannot be written, for instance because the disk is full.
    """
    for stale in set(place.parent.glob(f"{place.name.rpartition('-')[0]}-*")) - {place}:
        shutil.rmtree(stale, ignore_errors=True)
    if place.is_dir():
        try:
            return read(place)
        except DamagedError as error:
            file = Path(str(error)).name
            on_progress(f"{place.parent.name}/{file} is damaged and made again", 1, 1)
    try:
        with new_folder(place) as new:
            fill(new)
        return read(place)
    except OSError as error:
        raise TrainingError(f"{place}: cannot be written: {error.strerror}") from error
    except DamagedError as error:
        raise TrainingError(f"{error}: was changed just after it was written") from error


@contextlib.contextmanager
def alone_decoding(folder: Path) -> Iterator[None]:
    """Wait until no other process decodes into a folder."""
    try:
        with alone_in(folder, wait=ALL_DAY):
            yield
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be written: {error.strerror}") from error


def _on_disk(store: FaceStore, split: str, folder: Path, on_progress: OnProgress) -> Pictures:
    """Decode the faces into a file, or map the one that is there."""

    def fill(new: Path) -> None:
        with new_array(new / IMAGES, np.uint8, store.images.shape) as write:
            for pictures in _decoded(store, split, on_progress):
                write(pictures)

    return made_once(
        folder / f"{split}-{store.digest}",
        fill,
        lambda place: map_array(place / IMAGES, np.uint8, store.images.shape),
        on_progress,
    )


def _in_memory(store: FaceStore, split: str, on_progress: OnProgress) -> PixelArray:
    images, done = np.empty(store.images.shape, dtype=np.uint8), 0
    for pictures in _decoded(store, split, on_progress):
        images[done : done + len(pictures)] = pictures
        done += len(pictures)
    return images


def _decoded(store: FaceStore, split: str, on_progress: OnProgress) -> Iterator[PixelArray]:
    done = 0
    for pictures in store.pictures(AT_ONCE):
        yield pictures.numpy()
        done += len(pictures)
        on_progress(f"decode {split}", done, len(store))
