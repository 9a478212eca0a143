"""Training on more than memory holds: how fast its loop is, and how much memory it needs.

The loop of `mien train` with faces in memory, and streamed from the files of a data set of JPEG
pictures, against the bare forward and backward pass of the same network. And the highest memory of
a process, with those that decode for it, that goes through a small and a large data set so.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import torch

from benchmarks.paths import Case, bare, data_for, loop, opened
from benchmarks.pictures import write_dataset
from benchmarks.report import Column, Result
from benchmarks.timing import Samples, ratio
from mien.datasets.dataset import load_dataset
from mien.training.device import Compute
from mien.training.expression.faces import open_store
from mien.training.expression.feeding.decoders import Decoders, workers_for
from mien.training.expression.feeding.order import MEGABYTE
from mien.training.expression.settings import Architecture, TrainMachine, TrainSettings
from mien.types import InputSpec, ignore_progress

NAME, MEMORY = "streaming", "streaming-memory"
ROOT = Path(__file__).parent.parent
# Size → network, faces of a step, channels.
CASES: dict[int, tuple[Architecture, int, int]] = {
    48: ("residual", 128, 1),
    112: ("residual", 64, 3),
    224: ("residual-deep", 32, 3),
}
GOAL, GOAL_FROM = 0.9, 112
COLUMNS = (
    Column("case", "one batch"),
    Column("images_per_second", "images/s", ",.0f"),
    Column("ms", "ms", ",.1f"),
    Column("spread", "spread", ".0%"),
    Column("ratio", "speed, bare pass = 1", ".3f"),
    Column("goal", "goal"),
    Column("met", "met"),
)
MEMORY_COLUMNS = (
    Column("pictures", "pictures of 224 px", ",d"),
    Column("files", "their files, MB", ",.0f"),
    Column("decoded", "decoded, MB", ",.0f"),
    Column("peak", "peak, MB", ",.0f"),
    Column("workers", "of it the processes that decode, MB", ",.0f"),
    Column("ratio", "first row = 1", ".2f"),
)
BUFFER = 64  # MiB of the shuffle buffer, which both data sets fill
BATCH = 128
UNIT = 1024.0  # kB in /proc


def measure(
    *,
    machine: TrainMachine | None = None,
    sizes: Sequence[int] = tuple(CASES),
    steps: int = 10,
    repeats: int = 5,
    batch: int | None = None,
) -> Result:
    """Time the loop at several sizes, each against its bare pass, in turns.

    Args:
        machine: Device, precision and threads.
        sizes: Of `CASES`.
        steps: Batches of a sample.
        repeats: Samples of each.
        batch: Faces of a step, in the place of what `CASES` says.
    """
    machine = machine or TrainMachine()
    compute = Compute.choose(machine)
    workers = workers_for(machine.workers, beside_cpu=compute.device.type == "cpu")
    rows = []
    for size in sizes:
        arch, usual, channels = CASES[size]
        settings = TrainSettings(arch=arch, size=size, channels=channels, batch_size=batch or usual)
        rows += _rows(Case(settings, compute, steps, workers), repeats)
    missed = [str(row["case"]) for row in rows if row.get("met") == "no"]
    finding = f"Missed: {'; '.join(missed)}." if missed else "Every goal was met."
    title = f"{compute.describe()}, {workers or 'no'} processes decode"
    return Result(NAME, title, COLUMNS, tuple(rows), (finding,))


def _rows(case: Case, repeats: int) -> list[dict[str, str | float]]:
    """Return the rows of a size."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        dataset = data_for(case, Path(folder) / "set")
        with opened(case, dataset, "memory") as held, opened(case, dataset, "off") as streamed:
            settings = case.settings
            name = f"{settings.size} px, {settings.arch}"
            tasks: dict[str, Callable[[], float]] = {
                f"{name}: bare forward and backward pass": bare(case),
                f"{name}: `mien train`, faces in memory": loop(case, held),
                f"{name}: `mien train`, streamed": loop(case, streamed),
            }
            samples = {name: Samples() for name in tasks}
            for number in range(repeats + 1):
                for name, task in tasks.items():
                    seconds = task()
                    if number:  # the first round warms up
                        samples[name].add(seconds, seconds)
    reference = next(iter(samples.values()))
    return [_row(name, taken, reference, settings) for name, taken in samples.items()]


def _row(
    name: str, taken: Samples, reference: Samples, settings: TrainSettings
) -> dict[str, str | float]:
    row: dict[str, str | float] = {
        "case": name,
        "images_per_second": settings.batch_size / taken.seconds,
        "ms": taken.seconds * 1000,
        "spread": taken.spread,
        "ratio": 1 / ratio(taken, reference),
    }
    if settings.size >= GOAL_FROM and name.endswith("streamed"):
        row |= {"goal": f"≥ {GOAL}", "met": "yes" if row["ratio"] >= GOAL else "no"}  # type: ignore[operator]
    return row


def measure_memory(*, counts: Sequence[int] = (10_000, 100_000), size: int = 224) -> Result:
    """Go through data sets of made pictures, each in a process of its own.

    Args:
        counts: Pictures in each.
        size: Of a picture in pixels.
    """
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        for count in counts:
            folder = Path(name) / str(count)
            dataset = write_dataset(folder, count, size)
            bytes_ = sum(shard.stat().st_size for shard in dataset.shards("train"))
            command = [sys.executable, "-m", "benchmarks.streaming", str(folder), str(size)]
            found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
            rows.append(
                {
                    "pictures": count,
                    "files": bytes_ / MEGABYTE,
                    "decoded": count * size * size * 3 / MEGABYTE,
                    **json.loads(found.stdout),
                }
            )
    for row in rows:
        row["ratio"] = row["peak"] / rows[0]["peak"]
    title = f"highest resident memory of an epoch, shuffle buffer {BUFFER} MiB"
    return Result(MEMORY, title, MEMORY_COLUMNS, tuple(rows))


def main() -> None:
    """Go through a data set once, as an epoch does, and print the memory that it took as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("size", type=int)
    args = parser.parse_args()
    spec = InputSpec(args.size, 3, 1.0)
    decoders = Decoders(spec, 1)
    store = open_store(
        load_dataset(args.dataset),
        "train",
        spec,
        args.dataset,
        ignore_progress,
        cache="off",
        decoders=decoders,
    )
    torch.set_num_threads(1)
    fed = store.epoch(BATCH, 0, 0, BUFFER * MEGABYTE, lambda rows: rows)
    compute = Compute(torch.device("cpu"), bf16=False)
    for _, _, pictures in islice(fed, len(store) // BATCH - 1):
        compute.pictures(pictures)
    children = sum(_peak(pid) for pid in _children())
    print(json.dumps({"peak": _peak(os.getpid()) + children, "workers": children}))


def _peak(pid: int) -> float:
    """Return the highest resident memory of a process so far, MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) / UNIT


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in path.read_text(encoding="utf-8").split()]


if __name__ == "__main__":
    main()
