"""Decodes pictures as the network needs them: in processes beside it, or in threads before it.

Beside a GPU, processes decode while it works. Where the network learns on the processor itself,
nothing is won by that: all cores are busy, and each product that is shared by them waits for the
one that also decodes. There a batch is decoded in between, by as many threads as the network has.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from mien.vision.images.plain import decode_plain
from mien.vision.images.reading import decode_picture

# What each picture is called in errors, and its bytes.
Encoded = Sequence[tuple[str, bytes]]
READ_AHEAD = 2  # batches that are read, and that lie decoded for each process
MOST = 16  # processes, where nobody says how many


class Decoders:
    """Decodes batches in their order, in some processes or in threads of this one."""

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
            yield from map(_whole, _in_threads(read, self.spec))
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
        beside_cpu: Whether the network learns on the same processor, which then decodes in between.
        ranks: Processes that train on this machine, each with its own decoders.

    Raises:
        SettingsError: Many more are wanted than there are processors.
    """
    if asked is not None:
        check_threads("--workers", asked, 0)
        return asked
    free = (os.cpu_count() or 1) // ranks - 1
    return 0 if beside_cpu else max(1, min(free, MOST))


def decode(batch: Encoded, spec: InputSpec) -> PixelArray | str:
    """Return the faces of a batch, uint8 [n,S,S,C]; where one cannot be decoded, why."""
    faces = _room(len(batch), spec)
    return _fill(faces, batch, spec) or faces


def _in_threads(batches: Iterator[Encoded], spec: InputSpec) -> Iterator[PixelArray | str]:
    """Decode batches as `decode` does, each by as many threads as PyTorch has."""
    count = torch.get_num_threads()
    with ThreadPoolExecutor(count) as threads:
        for batch in batches:
            faces = _room(len(batch), spec)
            parts = [slice(number, None, count) for number in range(count)]
            # Python's filters of warnings are those of all threads: what one changes while another
            # decodes would stay. All have ended before the first fault is told.
            with warnings.catch_warnings():
                begun = [threads.submit(_fill, faces[part], batch[part], spec) for part in parts]
                faults = [one.result() for one in begun]
            yield next(filter(None, faults), faces)


def _room(count: int, spec: InputSpec) -> PixelArray:
    return np.empty((count, spec.size, spec.size, spec.channels), dtype=np.uint8)


def _fill(faces: PixelArray, batch: Encoded, spec: InputSpec) -> str:
    """Decode some faces into uint8 [n,S,S,C]; return why one cannot be decoded, or ""."""
    try:
        for face, (name, data) in zip(faces, batch, strict=True):
            picture = decode_plain(data)
            picture = decode_picture(data, name) if picture is None else picture
            face[:] = whole_face(picture, spec)
    except MienError as error:
        return str(error)
    return ""


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
