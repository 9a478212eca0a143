"""What a GPU gives to training: images per second by size, precision, layout and compiler.

    python -m benchmarks.gpu
    python -m benchmarks.gpu --sizes 48 112 --seconds 1 --write docs/scale.md

Each size takes its own network. First the bare forward and backward pass on tensors that lie on the
GPU, then the loop of `mien train` with faces in memory, and streamed from the files of a data set
of JPEG pictures, decoded by processes beside it. The check compares the random changes that a GPU
makes with those of the processor. `--quick` runs all of it in seconds, on a processor too.
"""

import argparse
import functools
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import faces
from benchmarks.paths import Case, bare, data_for, loop, opened
from mien.training.device import Compute
from mien.training.expression.augment import augment
from mien.training.expression.feeding.room import Cache
from mien.training.expression.settings import Architecture, TrainMachine, TrainSettings
from mien.training.randomness import Draws

MARKS = ("<!-- gpu -->", "<!-- /gpu -->")
# Size → network, faces of a step, channels.
CASES: dict[int, tuple[Architecture, int, int]] = {
    48: ("residual", 512, 1),
    112: ("residual", 256, 3),
    224: ("residual-deep", 256, 3),
}
QUICK_BATCH = 4
CACHES: tuple[tuple[Cache, str], ...] = (("memory", "from memory"), ("off", "streamed"))
TITLES = ("size", "network", "what", "images/s", "bare pass, bf16 = 1")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: images per second."""

    size: int
    network: str
    what: str
    speed: float
    ratio: float

    def markdown(self) -> str:
        """Return it as a row of a table."""
        cells = (self.size, self.network, self.what, f"{self.speed:,.0f}", f"{self.ratio:.2f}")
        return "| " + " | ".join(map(str, cells)) + " |"


def measure(
    size: int, machine: TrainMachine, seconds: float, *, workers: int, quick: bool, compiled: bool
) -> Iterator[Row]:
    """Yield what one size gives, the bare pass first.

    Args:
        size: One of `CASES`.
        machine: Its device.
        seconds: Of each sample, about.
        workers: Processes that decode.
        quick: Whether a few small batches are enough.
        compiled: Whether the network is compiled, too.
    """
    arch, batch, channels = CASES[size]
    settings = TrainSettings(
        arch=arch, size=size, channels=channels, batch_size=QUICK_BATCH if quick else batch
    )
    plain = Case(settings, Compute.choose(machine), 2, workers)
    half = replace(plain, compute=replace(plain.compute, bf16=True))
    full = replace(plain, compute=replace(plain.compute, bf16=False))
    steps = 2 if quick else max(5, math.ceil(seconds / bare(half)()))
    reference = bare(replace(half, steps=steps))()

    def row(what: str, taken: float) -> Row:
        return Row(size, arch, what, settings.batch_size / taken, reference / taken)

    yield row("bare pass, bf16", reference)
    timed = functools.partial(_bare, steps=steps)
    yield row("bare pass, bf16, channels first", timed(half, channels_last=False))
    yield row("bare pass, fp32", timed(full))
    if compiled:
        yield row("bare pass, bf16, compiled", timed(_compiled(half)))
    case = replace(half, steps=steps)
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        dataset = data_for(case, Path(folder) / "set")
        for cache, what in CACHES:
            with opened(case, dataset, cache) as stores:
                yield row(f"`mien train`, bf16, {what}", min(loop(case, stores)() for _ in "ab"))
                if compiled and cache == "off":
                    run = loop(_compiled(case), stores)
                    run()  # compiles
                    yield row(f"`mien train`, bf16, compiled, {what}", run())


def _bare(case: Case, *, steps: int, channels_last: bool = True) -> float:
    return bare(replace(case, steps=steps), channels_last=channels_last)()


def _compiled(case: Case) -> Case:
    return replace(case, compute=replace(case.compute, compile=True))


def check(machine: TrainMachine) -> str:
    """Say how much the random changes of a device differ from those of the processor."""
    device, rows = Compute.choose(machine).device, np.arange(1000, 1064)
    pictures = torch.from_numpy(faces.crops(64, 48)).permute(0, 3, 1, 2).float() / 255
    cpu, there = (
        augment(pictures.to(one), Draws(rows, 3, 7, device=one)).cpu()
        for one in (torch.device("cpu"), device)
    )
    differing = (cpu - there).abs()
    return (
        f"Random changes on {device} and on the processor differ by {float(differing.mean()):.1e} "
        f"in the mean, and by more than one level of 255 in "
        f"{float((differing > 1.01 / 255).float().mean()):.4%} of the pixels."
    )


def card(machine: TrainMachine) -> str:
    """Name what computes, and what with."""
    device = Compute.choose(machine).device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "processor"
    return f"{name}, {os.cpu_count()} cores, PyTorch {torch.__version__}"


def table(rows: Sequence[Row]) -> list[str]:
    """Return rows as a table in Markdown."""
    head = ["| " + " | ".join(TITLES) + " |", "| ---: | --- | --- | ---: | ---: |"]
    return head + [row.markdown() for row in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, printing each figure when it is there; the whole between marks at the end."""
    args = _parse(arguments)
    machine = TrainMachine(device=args.device)
    workers = args.workers or (1 if args.quick else max(1, (os.cpu_count() or 1) - 1))
    notes = [f"{card(machine)}; {workers} processes decode.", check(machine)]
    print("\n".join(notes), flush=True)
    rows: list[Row] = []
    for size in args.sizes:
        for row in measure(
            size,
            machine,
            args.seconds,
            workers=workers,
            quick=args.quick,
            compiled=args.compile and not args.quick,
        ):
            rows.append(row)
            print(row.markdown(), flush=True)
    text = "\n".join(
        [MARKS[0], *table(rows), "", *notes, f"Measured by `{_command(args)}`.", MARKS[1]]
    )
    print("\n" + text)
    if args.write:
        _put(args.write, text)
    return 0


def _parse(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--seconds", type=float, default=3.0, help="of each sample, about")
    parser.add_argument("--workers", type=int, default=0, help="processes that decode")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--quick", action="store_true", help="small inputs; not for figures")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the table between its marks"
    )
    return parser.parse_args(arguments)


def _command(args: argparse.Namespace) -> str:
    words = ["python -m benchmarks.gpu"]
    if list(args.sizes) != list(CASES):
        words.append("--sizes " + " ".join(map(str, args.sizes)))
    words += ["--no-compile"] if not args.compile else []
    words += ["--quick"] if args.quick else []
    return " ".join(words)


def _put(path: Path, text: str) -> None:
    """Put the table between its marks in a file."""
    whole = path.read_text(encoding="utf-8")
    before, _, rest = whole.partition(MARKS[0])
    _, mark, after = rest.partition(MARKS[1])
    if not mark:
        raise SystemExit(f"benchmarks.gpu: {path}: no {MARKS[0]} … {MARKS[1]} to write between")
    path.write_text(before + text + after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
