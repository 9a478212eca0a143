"""What training takes beside the network: its loop from memory, and from the files of a data set.

Times one case of a network, a size and a device; `benchmarks.streaming` and `benchmarks.gpu` make
tables of them. The reference is the bare forward and backward pass of the same network in the same
precision, on tensors that lie on the device: the least that training can cost.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from benchmarks import faces
from benchmarks.pictures import write_dataset
from mien.datasets.dataset import Dataset
from mien.training.device import Compute
from mien.training.expression.faces import FaceStore, open_store
from mien.training.expression.feeding.decoders import Decoders
from mien.training.expression.feeding.room import Cache
from mien.training.expression.loop import learn, start
from mien.training.expression.settings import TrainSettings
from mien.types import InputSpec, ignore_progress

CLASSES = len(faces.CLASSES)
# The first steps fill what is read ahead, and choose the fastest algorithms.
FIRST = 3
# Batches that are never reached, and those for each process: decoding goes on at the end as in the
# middle of an epoch.
BEYOND, BEYOND_EACH = 8, 2


class _EnoughError(Exception):
    """All that is to be timed was done."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is timed.

    Attributes:
        settings: Of the run.
        compute: Device and precision.
        steps: Batches that are timed.
        workers: Processes that decode.
    """

    settings: TrainSettings
    compute: Compute
    steps: int
    workers: int = 1

    @property
    def spec(self) -> InputSpec:
        """What the network sees."""
        return InputSpec(self.settings.size, self.settings.channels, 1.0)

    def synchronise(self) -> None:
        """Wait until the device has done all that it was told."""
        if self.compute.device.type == "cuda":
            torch.cuda.synchronize(self.compute.device)


def data_for(case: Case, folder: Path) -> Dataset:
    """Write the data set of a case, of more faces than are timed."""
    settings = case.settings
    steps = FIRST + case.steps + BEYOND + BEYOND_EACH * case.workers
    count = steps * settings.batch_size
    return write_dataset(folder, count, settings.size, settings.channels)


def bare(case: Case, *, channels_last: bool = True) -> Callable[[], float]:
    """Return what times the bare forward and backward pass, in seconds a batch."""
    settings, compute = case.settings, case.compute
    network: nn.Module = start(settings, CLASSES, compute).network
    pictures, labels = random_batch(settings, compute)
    if not channels_last:
        network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        pictures = pictures.contiguous(memory_format=torch.contiguous_format)
    network.train()
    called = compute.compiled(network)

    def one() -> None:
        with compute.autocast():
            logits = called(pictures)
        network.zero_grad(set_to_none=True)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]

    def timed() -> float:
        for _ in range(FIRST):
            one()
        case.synchronise()
        begun = time.perf_counter()
        for _ in range(case.steps):
            one()
        case.synchronise()
        return (time.perf_counter() - begun) / case.steps

    return timed


@contextlib.contextmanager
def opened(case: Case, dataset: Dataset, cache: Cache) -> Iterator[tuple[FaceStore, FaceStore]]:
    """Open the faces to learn from and to judge by."""
    pinned = case.compute.device.type == "cuda"
    decoders = Decoders(case.spec, case.workers, pinned=pinned)
    try:
        train, validation = (
            open_store(
                dataset,
                split,
                case.spec,
                dataset.path / "decoded",
                ignore_progress,
                cache=cache,
                decoders=decoders,
            )
            for split in ("train", "validation")
        )
        yield train, validation
    finally:
        decoders.close()


def loop(case: Case, stores: tuple[FaceStore, FaceStore]) -> Callable[[], float]:
    """Return what times the loop of `mien train`, in seconds a batch."""
    settings = msgspec.structs.replace(case.settings, epochs=1)
    checkpoint = start(settings, CLASSES, case.compute)

    def timed() -> float:
        times: list[float] = []

        def on_progress(_stage: str, done: int, _total: int | None) -> None:
            if done in (FIRST, FIRST + case.steps):
                case.synchronise()
                times.append(time.perf_counter())
            if len(times) == 2:
                raise _EnoughError

        checkpoint.history.clear()
        with contextlib.suppress(_EnoughError):
            learn(
                checkpoint,
                [stores[0]],
                stores[1],
                settings,
                case.compute,
                on_epoch=ignore_row,
                on_progress=on_progress,
            )
        return (times[1] - times[0]) / case.steps

    return timed


def ignore_row(_row: dict[str, float]) -> None:
    """Take the figures of an epoch, for nobody."""


def random_batch(settings: TrainSettings, compute: Compute) -> tuple[Tensor, Tensor]:
    """Return pictures and labels of chance, as many as a step takes, on the device."""
    rng = np.random.default_rng(0)
    shape = (settings.batch_size, settings.size, settings.size, settings.channels)
    pictures = compute.pictures(rng.integers(0, 256, shape, dtype=np.uint8))
    labels = torch.from_numpy(rng.integers(0, CLASSES, settings.batch_size))
    return pictures, labels.to(compute.device)
