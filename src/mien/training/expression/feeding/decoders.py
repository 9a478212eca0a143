"""Processes that decode pictures while the network learns."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mien.errors import DatasetError, MienError, TrainingError, one_line
from mien.settings import check_threads
from mien.training.expression.feeding.ahead import ahead
from mien.types import InputSpec, PixelArray
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture

# What each picture is called in errors, and its bytes.
Encoded = Sequence[tuple[str, bytes]]
READ_AHEAD = 2  # batches that are read, and that lie decoded for each process
MOST, MOST_BESIDE_CPU = 16, 2  # processes, where nobody says how many


class Decoders:
    """Decodes batches in their order, in some processes or in this one."""

    def __init__(self, spec: InputSpec, workers: int = 0, *, pinned: bool = False) -> None:
        """Take the settings; processes are started when there is something to decode.

        Args:
            spec: What the network sees.
            workers: How many processes; 0 to decode in this one.
            pinned: Whether batches are for a GPU: their memory then is such that it is copied from
                while the GPU works.
        """
        self.spec = spec
        self._workers, self._pinned = workers, pinned
        self._coming: Iterator[Encoded] = iter(())
        self._loader: DataLoader[Tensor] | None = None

    def run(self, batches: Iterator[Encoded]) -> Iterator[Tensor]:
        """Yield each batch as uint8 [n,S,S,C].

        Raises:
            DatasetError: A picture cannot be decoded.
            TrainingError: A process was ended.
        """
        read = ahead(batches, READ_AHEAD)
        if not self._workers:
            yield from (_whole(decode(batch, self.spec)) for batch in read)
            return
        self._coming = read
        with workers_lost():
            yield from map(_whole, self._started())

    def close(self) -> None:
        """End the processes."""
        self._loader = None

    def _started(self) -> DataLoader[Tensor]:
        if self._loader is None:
            self._loader = DataLoader(
                _Pictures(self.spec),
                batch_size=None,
                sampler=_Coming(self),
                num_workers=self._workers,
                prefetch_factor=READ_AHEAD,
                persistent_workers=True,
                pin_memory=self._pinned,
                worker_init_fn=_calm,
                # A forked process would wait for ever for threads that it does not have.
                multiprocessing_context="spawn",
            )
        return self._loader

    def coming(self) -> Iterator[Encoded]:
        """Return the batches that are to be decoded now."""
        return self._coming


def workers_for(asked: int | None, *, beside_cpu: bool, ranks: int = 1) -> int:
    """Return how many processes decode.

    Args:
        asked: What a person wants; None where that is left to this function.
        beside_cpu: Whether the network learns on the same processor.
        ranks: Processes that train on this machine, each with its own decoders.

    Raises:
        SettingsError: Many more are wanted than there are processors.
    """
    if asked is not None:
        check_threads("--workers", asked, 0)
        return asked
    free = (os.cpu_count() or 1) // ranks - 1
    return max(1, min(free, MOST_BESIDE_CPU if beside_cpu else MOST))


def decode(batch: Encoded, spec: InputSpec) -> PixelArray | str:
    """Return the faces of a batch, uint8 [n,S,S,C]; where one cannot be decoded, why."""
    faces = np.empty((len(batch), spec.size, spec.size, spec.channels), dtype=np.uint8)
    try:
        for face, (name, data) in zip(faces, batch, strict=True):
            face[:] = whole_face(decode_picture(data, name), spec)
    except MienError as error:
        return str(error)
    return faces


@contextlib.contextmanager
def workers_lost() -> Iterator[None]:
    """Say in one line that a process which decodes has ended.

    PyTorch tells of it wherever the program then is.
    """
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise TrainingError(
            f"a process that decodes pictures was ended, perhaps for want of memory "
            f"({one_line(error)}); go on with --resume, with fewer --workers or --cache disk"
        ) from error


def _whole(faces: Any) -> Tensor:
    """Return decoded faces; what came in their place is why they could not be."""
    if isinstance(faces, str):
        raise DatasetError(f"{faces}; prepare the data set again")
    return faces if isinstance(faces, Tensor) else torch.from_numpy(faces)


class _Pictures(Dataset[Any]):
    """What a process does with a batch of bytes, which is its own index."""

    def __init__(self, spec: InputSpec) -> None:
        self._spec = spec

    def __getitem__(self, batch: Any) -> Tensor | str:
        faces = decode(batch, self._spec)
        return faces if isinstance(faces, str) else torch.from_numpy(faces)


class _Coming:
    """Hands out the batches to the processes."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders

    def __iter__(self) -> Iterator[Any]:
        return self._decoders.coming()


def _calm(_: int) -> None:
    """Keep a process to one core: the network has the others."""
    cv2.setNumThreads(1)
