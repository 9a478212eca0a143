"""Decoded faces on disk, so that an epoch reads pixels instead of decoding pictures again.

The faces lie in memory-mapped files: memory stays flat however many there are.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mien.data.dataset import Dataset
from mien.errors import TrainingError
from mien.pictures import decode_picture
from mien.preprocess import whole_face
from mien.types import FloatArray, InputSpec, OnProgress, PixelArray

IMAGES, SOFT = "images.npy", "soft.npy"


@dataclass(frozen=True, slots=True, eq=False)
class FaceStore:
    """One split, decoded.

    Attributes:
        images: uint8 [N,S,S,C], memory-mapped.
        soft: float32 [N,K], the classes' probabilities; memory-mapped.
        labels: int64 [N].
        changed: Whether the pictures were changed at random already.
    """

    images: PixelArray
    soft: FloatArray
    labels: npt.NDArray[np.int64]
    changed: bool = False

    def __len__(self) -> int:
        return len(self.labels)


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
    return FaceStore(images, soft, labels)


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
    done = 0
    for rows in dataset.rows(split):
        for at, (data, origin) in enumerate(zip(rows.images, rows.origins, strict=True), done):
            images[at] = whole_face(decode_picture(data, origin), spec)
        soft[done : done + len(rows.labels)] = rows.soft
        labels[done : done + len(rows.labels)] = rows.labels
        done += len(rows.labels)
        on_progress(f"decode {split}", done, count)
    images.flush()
    soft.flush()
    np.save(folder / "labels.npy", labels)
