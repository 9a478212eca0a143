"""Decoded faces on disk, so that an epoch reads pixels instead of decoding pictures again.

The faces lie in memory-mapped files: memory stays flat however many there are.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.data.dataset import Dataset
from mien.errors import TrainingError
from mien.pictures import decode_picture
from mien.preprocess import whole_face
from mien.types import FloatArray, InputSpec, OnProgress, PixelArray

IMAGES, SOFT, SOURCES = "images.npy", "soft.npy", "sources.npy"


@dataclass(frozen=True, slots=True, eq=False)
class FaceStore:
    """One split, decoded.

    Attributes:
        images: uint8 [N,S,S,C], memory-mapped.
        soft: float32 [N,K], the classes' probabilities; memory-mapped.
        labels: int64 [N].
        sources: Names of what the faces come from; one empty name where there is one source.
        source: int64 [N], index of each face's source.
        weights: float32 [N], how much each face counts.
        changed: Whether the pictures were changed at random already.
    """

    images: PixelArray
    soft: FloatArray
    labels: npt.NDArray[np.int64]
    sources: tuple[str, ...]
    source: npt.NDArray[np.int64]
    weights: FloatArray
    changed: bool = False

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
        return cls(images, soft, labels, ("",), source, weights)


def open_store(
    dataset: Dataset, split: str, spec: InputSpec, folder: Path, on_progress: OnProgress
) -> FaceStore:
    """Decode a split into `folder`, or open what an earlier run decoded there.

    Raises:
        TrainingError: The split is empty, or the disk is full.
    """
    count = dataset.count(split)
    if not count:
        raise TrainingError(f"{dataset.path}: the {split} split is empty; prepare more pictures")
    place = folder / f"{split}-{spec.size}x{spec.channels}"
    make_once(place, lambda partial: _decode(dataset, split, spec, partial, on_progress))
    images = np.load(place / IMAGES, mmap_mode="r")
    soft, labels = np.load(place / SOFT, mmap_mode="r"), np.load(place / "labels.npy")
    sources, source = np.unique(np.load(place / SOURCES), return_inverse=True)
    store = FaceStore.of_one_source(images, soft, labels)
    return replace(store, sources=tuple(map(str, sources)), source=source)


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
    return replace(store, soft=soft.astype(np.float32), weights=of_source[store.source])


def make_once(place: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder whole or not at all; one that is there stays as it is.

    Args:
        place: The folder.
        fill: Writes its files into the folder that it is given.

    Raises:
        TrainingError: It cannot be written, for instance because the disk is full.
    """
    if place.is_dir():
        return
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        fill(partial)
        partial.rename(place)
    except OSError as error:
        raise TrainingError(f"{place}: cannot be written: {error.strerror}") from error


def _decode(
    dataset: Dataset, split: str, spec: InputSpec, folder: Path, on_progress: OnProgress
) -> None:
    count, classes = dataset.count(split), len(dataset.classes)
    shape = (count, spec.size, spec.size, spec.channels)
    images = np.lib.format.open_memmap(folder / IMAGES, "w+", np.uint8, shape)
    soft = np.lib.format.open_memmap(folder / SOFT, "w+", np.float32, (count, classes))
    labels = np.empty(count, dtype=np.int64)
    sources: list[str] = []
    done = 0
    for rows in dataset.rows(split):
        for at, (data, origin) in enumerate(zip(rows.images, rows.origins, strict=True), done):
            images[at] = whole_face(decode_picture(data, origin), spec)
        soft[done : done + len(rows.labels)] = rows.soft
        labels[done : done + len(rows.labels)] = rows.labels
        sources += rows.sources
        done += len(rows.labels)
        on_progress(f"decode {split}", done, count)
    images.flush()
    soft.flush()
    np.save(folder / "labels.npy", labels)
    np.save(folder / SOURCES, np.array(sources, dtype=np.str_))
