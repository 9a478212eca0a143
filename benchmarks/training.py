"""A training step: the loop of `mien train` against the bare network on random tensors.

The bare forward and backward pass is the least that training can cost. What the loop takes above a
training step on a batch that lies ready is its data path: reading, converting, changing pictures.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from benchmarks import faces
from benchmarks.paths import CLASSES, ignore_row, random_batch
from benchmarks.report import Column, Result
from benchmarks.timing import Samples, Stopwatch, cpu_ratio, ratio
from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression.augment import augment
from mien.training.expression.faces import FaceStore
from mien.training.expression.feeding.order import Blocks, batches
from mien.training.expression.lesson import class_weights, train_step
from mien.training.expression.loop import learn, start
from mien.training.expression.settings import TrainSettings
from mien.training.randomness import Draws
from mien.training.settings import Machine

NAME = "training"
COLUMNS = (
    Column("case", "one batch"),
    Column("images_per_second", "images/s", ",.0f"),
    Column("ms", "ms", ".1f"),
    Column("spread", "spread", ".0%"),
    Column("cpu_ms", "CPU ms", ".1f"),
    Column("ratio", "bare pass = 1", ".3f"),
    Column("cpu_ratio", "CPU, bare pass = 1", ".3f"),
)
BARE = "bare forward and backward pass"
STEP = "training step, batch in memory"
PLAIN, WHOLE = "training loop, pictures unchanged", "training loop"
READ, CHANGE = "of it: read and convert", "of it: change pictures"


@dataclass(frozen=True, slots=True)
class _Bench:
    """What the tasks work on; each has a network of its own, so that all see like weights."""

    settings: TrainSettings
    compute: Compute
    store: FaceStore
    steps: int

    def synchronise(self) -> None:
        if self.compute.device.type == "cuda":
            torch.cuda.synchronize(self.compute.device)


def measure(
    *,
    machine: Machine | None = None,
    settings: TrainSettings | None = None,
    steps: int = 12,
    repeats: int = 7,
) -> Result:
    """Time every part of training in turns, `steps` batches at a time.

    Args:
        machine: Device, precision and threads.
        settings: Of the run; one epoch is timed, whatever it says.
        steps: Batches in an epoch.
        repeats: Samples of each.
    """
    settings = msgspec.structs.replace(settings or TrainSettings(), epochs=1)
    compute = Compute.choose(machine or Machine())
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        store = _make_store(Path(folder), settings, steps * settings.batch_size)
        bench = _Bench(settings, compute, store, steps)
        samples = _take_turns(_tasks(bench), repeats)
    title = f"{settings.arch}, batch {settings.batch_size}, {compute.describe()}"
    rows = tuple(_row(name, taken, samples[BARE], settings) for name, taken in samples.items())
    return Result(NAME, title, COLUMNS, rows, _findings(samples))


def _take_turns(
    tasks: dict[str, Callable[[], tuple[float, float]]], repeats: int
) -> dict[str, Samples]:
    """As `timing.take_turns`, for tasks that time themselves."""
    result = {name: Samples() for name in tasks}
    for repeat in range(repeats + 1):
        for name, task in tasks.items():
            seconds = task()
            if repeat:  # the first round warms up
                result[name].add(*seconds)
    return result


def _tasks(bench: _Bench) -> dict[str, Callable[[], tuple[float, float]]]:
    plain = msgspec.structs.replace(bench.settings, augment=False)
    return {
        BARE: _bare(bench),
        STEP: _step(bench),
        PLAIN: _loop(bench, plain),
        WHOLE: _loop(bench, bench.settings),
        READ: _read(bench),
        CHANGE: _change(bench),
    }


def _per_batch(bench: _Bench, work: Callable[[int], object]) -> tuple[float, float]:
    """Do the work once for each batch; return seconds per batch."""
    bench.synchronise()
    watch = Stopwatch()
    for step in range(bench.steps):
        work(step)
    bench.synchronise()
    wall, cpu = watch.read()
    return wall / bench.steps, cpu / bench.steps


def _bare(bench: _Bench) -> Callable[[], tuple[float, float]]:
    network = _begin(bench, bench.settings).network
    pictures, labels = random_batch(bench.settings, bench.compute)

    def work(_: int) -> None:
        with bench.compute.autocast():
            logits = network(pictures)
        network.zero_grad(set_to_none=True)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]

    return lambda: _per_batch(bench, work)


def _step(bench: _Bench) -> Callable[[], tuple[float, float]]:
    checkpoint = _begin(bench, bench.settings)
    pictures, labels = random_batch(bench.settings, bench.compute)
    soft = F.one_hot(labels, CLASSES).float()
    weights = class_weights(bench.store, bench.settings.class_balance).to(bench.compute.device)
    return lambda: _per_batch(
        bench, lambda _: train_step(checkpoint, pictures, soft, weights, bench.compute)
    )


def _loop(bench: _Bench, settings: TrainSettings) -> Callable[[], tuple[float, float]]:
    """The loop itself, from the end of an epoch's first step to the end of its last."""
    checkpoint = _begin(bench, settings)
    parts = (bench.store.images, bench.store.soft, bench.store.labels)
    validation = FaceStore.of_one_source(*(part[:8] for part in parts))
    watches: list[Stopwatch] = []
    seconds = [(0.0, 0.0)]

    def on_progress(_stage: str, done: int, total: int | None) -> None:
        if done == 1:
            bench.synchronise()
            watches.append(Stopwatch())
        if done == total:
            bench.synchronise()
            wall, cpu = watches[-1].read()
            seconds.append((wall / (bench.steps - 1), cpu / (bench.steps - 1)))

    def work() -> tuple[float, float]:
        checkpoint.history.clear()
        learn(
            checkpoint,
            [bench.store],
            validation,
            settings,
            bench.compute,
            on_epoch=ignore_row,
            on_progress=on_progress,
        )
        return seconds[-1]

    return work


def _read(bench: _Bench) -> Callable[[], tuple[float, float]]:
    blocks = Blocks.one(len(bench.store))
    order = list(batches(blocks, bench.settings.batch_size, seed=0, epoch=0))

    def work(step: int) -> None:
        rows = order[step].rows
        bench.compute.pictures(bench.store.images[rows])
        torch.from_numpy(bench.store.soft[rows]).to(bench.compute.device)

    return lambda: _per_batch(bench, work)


def _change(bench: _Bench) -> Callable[[], tuple[float, float]]:
    pictures = bench.compute.pictures(bench.store.images[: bench.settings.batch_size])
    rows, device = np.arange(len(pictures)), bench.compute.device
    return lambda: _per_batch(
        bench, lambda step: augment(pictures, Draws(rows, 0, step, device=device))
    )


def _begin(bench: _Bench, settings: TrainSettings) -> Checkpoint:
    checkpoint = start(settings, CLASSES, bench.compute)
    checkpoint.network.train()
    return checkpoint


def _make_store(folder: Path, settings: TrainSettings, count: int) -> FaceStore:
    """Lay faces in memory-mapped files, as the store of a run does."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, count)
    faces_ = faces.crops(min(count, 512), settings.size, settings.channels)
    np.save(folder / "images.npy", faces_[rng.integers(0, len(faces_), count)])
    np.save(folder / "soft.npy", np.eye(CLASSES, dtype=np.float32)[labels])
    images, soft = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "soft"))
    return FaceStore.of_one_source(images, soft, labels)


def _row(
    name: str, taken: Samples, bare: Samples, settings: TrainSettings
) -> dict[str, str | float]:
    return {
        "case": name,
        "images_per_second": settings.batch_size / taken.seconds,
        "ms": taken.seconds * 1000,
        "spread": taken.spread,
        "cpu_ms": taken.cpu_seconds * 1000,
        "ratio": ratio(taken, bare),
        "cpu_ratio": cpu_ratio(taken, bare),
    }


def _findings(samples: dict[str, Samples]) -> tuple[str, ...]:
    wall, cpu = (of(samples[WHOLE], samples[STEP]) - 1 for of in (ratio, cpu_ratio))
    alone = ratio(samples[READ], samples[BARE]) + ratio(samples[CHANGE], samples[BARE])
    return (
        f"The data path adds {wall:.1%} to a training step ({cpu:.1%} in processor time); timed "
        f"by itself it takes {alone:.1%} of the bare pass. It may take 10 %.",
    )
