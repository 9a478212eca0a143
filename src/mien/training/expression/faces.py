"""Decoded faces on disk, so that an epoch reads pixels instead of decoding pictures again.

The faces lie in memory-mapped files: memory stays flat however many there are.
"""

import inspect
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import PIL

from mien import __version__
from mien.datasets.arrays import DamagedError, map_array, new_array
from mien.datasets.dataset import Dataset
from mien.errors import TrainingError
from mien.files.writes import digest_of, new_folder
from mien.types import FloatArray, InputSpec, OnProgress, PixelArray
from mien.vision import crop
from mien.vision.crop import whole_face
from mien.vision.images import reading
from mien.vision.images.reading import decode_picture

IMAGES, SOFT, SOURCES, LABELS = "images.npy", "soft.npy", "sources.json", "labels.npy"
T = TypeVar("T")


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
        digest: Stands for all that the faces and their labels came from; "" where nothing is kept
            by it.
    """

    images: PixelArray
    soft: FloatArray
    labels: npt.NDArray[np.int64]
    sources: tuple[str, ...]
    source: npt.NDArray[np.int64]
    weights: FloatArray
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
        return cls(images, soft, labels, ("",), source, weights)


def open_store(
    dataset: Dataset, split: str, spec: InputSpec, folder: Path, on_progress: OnProgress
) -> FaceStore:
    """Decode a split into `folder`, or open what an earlier run decoded there.

    What is kept is named by a digest of the data set and of how its faces are decoded; what was
    decoded from anything else is removed.

    Raises:
        TrainingError: The split is empty, or the disk is full.
    """
    count = dataset.count(split)
    if not count:
        raise TrainingError(f"{dataset.path}: the {split} split is empty; prepare more pictures")
    decoders = (cv2.__version__, PIL.__version__, code_of(reading, crop))
    digest = digest_of(dataset.digest, split, asdict(spec), decoders)
    store = made_once(
        folder / f"{split}-{digest}",
        lambda new: _decode(dataset, split, spec, new, on_progress),
        lambda place: _open(place, count, spec, len(dataset.classes)),
        on_progress,
    )
    return replace(store, digest=digest)


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


def _open(place: Path, count: int, spec: InputSpec, classes: int) -> FaceStore:
    images = map_array(place / IMAGES, np.uint8, (count, spec.size, spec.size, spec.channels))
    soft = map_array(place / SOFT, np.float32, (count, classes))
    labels = np.array(map_array(place / LABELS, np.int64, (count,)), dtype=np.int64)
    if count and not 0 <= labels.min() <= labels.max() < classes:
        raise DamagedError(place / LABELS)
    names = _names(place / SOURCES, count)
    sources, source = np.unique(names, return_inverse=True)
    store = FaceStore.of_one_source(images, soft, labels)  # type: ignore[arg-type]
    return replace(store, sources=tuple(map(str, sources)), source=source)


def _names(path: Path, count: int) -> list[str]:
    try:
        names = msgspec.json.decode(path.read_bytes(), type=list[str])
    except (OSError, msgspec.DecodeError) as error:
        raise DamagedError(path) from error
    if len(names) != count:
        raise DamagedError(path)
    return names


def _decode(
    dataset: Dataset, split: str, spec: InputSpec, folder: Path, on_progress: OnProgress
) -> None:
    count, classes = dataset.count(split), len(dataset.classes)
    shape = (count, spec.size, spec.size, spec.channels)
    sources: list[str] = []
    with (
        new_array(folder / IMAGES, np.uint8, shape) as write_image,
        new_array(folder / SOFT, np.float32, (count, classes)) as write_soft,
        new_array(folder / LABELS, np.int64, (count,)) as write_labels,
    ):
        for rows in dataset.rows(split):
            for data, origin in zip(rows.images, rows.origins, strict=True):
                write_image(whole_face(decode_picture(data, origin), spec))
            write_soft(rows.soft)
            write_labels(rows.labels)
            sources += rows.sources
            on_progress(f"decode {split}", len(sources), count)
    (folder / SOURCES).write_bytes(msgspec.json.encode(sources))
