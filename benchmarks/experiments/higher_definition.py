"""Networks for higher definition: what accuracy each buys, and what a face then costs.

    python -m benchmarks.experiments.higher_definition learn datasets/colour --out knee.json
    python -m benchmarks.experiments.higher_definition time knee.json
    python -m benchmarks.experiments.higher_definition draw knee.json docs/definition.png

`learn` trains each network on a prepared data set and keeps the balanced accuracy of its validation
faces; `--seconds` is the time that each may take: so many epochs are learnt, of those asked for, as
fit into it. `time` measures the milliseconds of a face on one thread by onnxruntime, which may be
done on another machine, since they do not depend on what was learnt. `draw` shows which networks no
other one beats in both: the knee.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from rich.console import Console

from benchmarks.experiments.knee import draw, result_of
from benchmarks.paths import ignore_row
from benchmarks.report import Environment, print_result
from benchmarks.timing import take_turns
from mien.datasets.dataset import Dataset, load_dataset
from mien.errors import MienError, SettingsError
from mien.settings import made_of
from mien.training.device import Compute
from mien.training.expression.faces import FaceStore, open_store
from mien.training.expression.feeding.decoders import Decoders, workers_for
from mien.training.expression.loop import learn, start
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import Architecture, TrainMachine, TrainSettings
from mien.training.expression.suited import suit
from mien.training.fit import best_row
from mien.types import InputSpec, ignore_progress

NETWORKS = (
    "residual:48:gray",
    "residual:64:gray",
    "residual:64:rgb",
    "residual:96:rgb",
    "residual:112:rgb",
    "residual-wide:112:rgb",
    "residual-deep:160:rgb",
    "residual-deep:224:rgb",
)
CHANNELS = {"gray": 1, "rgb": 3}
TRIED = 12  # steps by which the time of an epoch is told, after as many that warm up
# A network that turns out slower than that is ended after so much of its time.
PATIENCE = 1.5
REPEATS = 15


class _TimeIsUpError(Exception):
    """A network has had its time."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A network, and what it sees."""

    arch: Architecture
    size: int
    channels: int

    @classmethod
    def of(cls, text: str) -> "Choice":
        """Read `arch:size:gray` or `arch:size:rgb`.

        Raises:
            SettingsError: It is none.
        """
        parts = text.split(":")
        known = len(parts) == 3 and parts[0] in ARCHITECTURES and parts[2] in CHANNELS
        if not known or not parts[1].isdecimal():
            raise SettingsError(f"--networks {text}: write one like residual:112:rgb")
        return cls(parts[0], int(parts[1]), CHANNELS[parts[2]])  # type: ignore[arg-type]

    @property
    def spec(self) -> InputSpec:
        """What the network sees."""
        return InputSpec(self.size, self.channels, 1.0)


def learn_one(
    choice: Choice, dataset: Dataset, machine: TrainMachine, *, epochs: int, seconds: float
) -> dict[str, float]:
    """Train one network; return its best epoch's figures.

    Args:
        choice: The network.
        dataset: Whose train and validation faces are used.
        machine: Where.
        epochs: Passes over the data at most.
        seconds: What it may take, without the decoding.
    """
    compute = Compute.choose(machine)
    decoders = Decoders(
        choice.spec, workers_for(machine.workers, beside_cpu=compute.device.type == "cpu")
    )
    try:
        train, validation = (
            open_store(
                dataset,
                split,
                choice.spec,
                dataset.path,
                ignore_progress,
                cache="memory",
                decoders=decoders,
            )
            for split in ("train", "validation")
        )
    finally:
        decoders.close()
    begun = time.perf_counter()
    each = _seconds_of_epoch(_settings(choice, len(train), 1), train, validation, compute)
    left = seconds - (time.perf_counter() - begun)
    chosen = int(np.clip(left / each, 1, epochs))
    settings = _settings(choice, len(train), chosen)
    history = _history(settings, train, validation, compute, begun + PATIENCE * seconds)
    if not history:
        return {"epochs": 0.0, "seconds": time.perf_counter() - begun}
    best = best_row(history)
    return {
        "epochs": float(len(history)),
        "seconds": time.perf_counter() - begun,
        "accuracy": best["validation_accuracy"],
        "balanced": best["validation_balanced_accuracy"],
        "loss": best["validation_loss"],
    }


def _settings(choice: Choice, faces: int, epochs: int) -> TrainSettings:
    given = {"arch": choice.arch, "size": choice.size, "channels": choice.channels}
    return made_of(TrainSettings, suit(given | {"epochs": epochs}, faces))


def _seconds_of_epoch(
    settings: TrainSettings, train: FaceStore, validation: FaceStore, compute: Compute
) -> float:
    """Try a few steps, and return what an epoch would take with its validation."""
    times: list[float] = []
    first, last = TRIED, 2 * TRIED
    steps = len(train) // settings.batch_size

    def on_progress(_stage: str, done: int, _total: int | None) -> None:
        if done in (min(first, steps), min(last, steps)):
            if compute.device.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter())
        if done >= min(last, steps):
            raise _TimeIsUpError

    begun = time.perf_counter()
    _learn(settings, train, validation, compute, on_progress)
    tried = max(min(last, steps) - min(first, steps), 1)
    one = (times[-1] - (times[0] if len(times) > 1 else begun)) / tried
    # To judge a face takes about a third of learning from it.
    return one * (steps + len(validation) / settings.batch_size / 3)


def _history(
    settings: TrainSettings,
    train: FaceStore,
    validation: FaceStore,
    compute: Compute,
    deadline: float,
) -> list[dict[str, float]]:
    def on_progress(*_: object) -> None:
        if time.perf_counter() > deadline:
            raise _TimeIsUpError

    return _learn(settings, train, validation, compute, on_progress)


def _learn(
    settings: TrainSettings,
    train: FaceStore,
    validation: FaceStore,
    compute: Compute,
    on_progress: Any,
) -> list[dict[str, float]]:
    checkpoint = start(settings, train.soft.shape[1], compute)
    with contextlib.suppress(_TimeIsUpError):
        learn(
            checkpoint,
            [train],
            validation,
            settings,
            compute,
            on_epoch=ignore_row,
            on_progress=on_progress,
        )
    return checkpoint.history


def milliseconds(choices: Sequence[Choice], classes: int) -> list[float]:
    """Return the milliseconds of one face on one thread by onnxruntime, networks in turns."""
    from mien.models.onnx import make_session
    from mien.training.expression.export import export_graph
    from mien.training.onnx_export import shrink

    calls = {}
    for number, choice in enumerate(choices):
        torch.manual_seed(0)
        network = shrink(ARCHITECTURES[choice.arch](classes, choice.channels, choice.size))
        session = make_session(export_graph(network, 1.0, choice.spec), "the graph")
        shape = (1, choice.size, choice.size, choice.channels)
        face = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

        def call(session: Any = session, face: Any = face) -> None:
            session.run(["probabilities"], {"faces": face})

        calls[str(number)] = call
    return [one.seconds * 1000 for one in take_turns(calls, REPEATS).values()]


def run_learn(args: argparse.Namespace, console: Console) -> None:
    """Train all networks, keeping what is known after each."""
    dataset = load_dataset(args.dataset)
    machine = TrainMachine(device=args.device, compile=args.compile)
    rows: list[dict[str, Any]] = []
    for text in args.networks:
        found = learn_one(
            Choice.of(text), dataset, machine, epochs=args.epochs, seconds=args.seconds
        )
        rows.append({"network": text, **found})
        console.print(json.dumps(rows[-1]), markup=False, soft_wrap=True)
        kept = {
            "data": dataset.path.name,
            "classes": len(dataset.classes),
            "device": Compute.choose(machine).describe(),
            "rows": rows,
        }
        args.out.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print_result(result_of(rows, f"{dataset.path.name}, {kept['device']}"), console)


def run_time(args: argparse.Namespace, console: Console) -> None:
    """Add the milliseconds to what was learnt."""
    kept = _read(args.results)
    choices = [Choice.of(row["network"]) for row in kept["rows"]]
    for row, taken in zip(kept["rows"], milliseconds(choices, kept["classes"]), strict=True):
        row["milliseconds"] = taken
    args.results.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    console.print(Environment.look().describe(), markup=False)
    print_result(result_of(kept["rows"], f"{kept['data']}, learnt on {kept['device']}"), console)


def run_draw(args: argparse.Namespace, _console: Console) -> None:
    """Draw what was learnt and timed."""
    draw(args.plot, _read(args.results)["rows"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: not what `learn` writes ({error})") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one of the three; 1 where something is missing for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("learn")
    one.add_argument("dataset", type=Path)
    one.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON")
    one.add_argument("--networks", nargs="+", default=list(NETWORKS), metavar="ARCH:SIZE:COLOUR")
    one.add_argument("--epochs", type=int, default=30)
    one.add_argument("--seconds", type=float, default=30.0, help="for each network")
    one.add_argument("--device", default="auto")
    one.add_argument("--compile", action="store_true", help="networks are compiled")
    one.set_defaults(run=run_learn)
    two = commands.add_parser("time")
    two.add_argument("results", type=Path)
    two.set_defaults(run=run_time)
    three = commands.add_parser("draw")
    three.add_argument("results", type=Path)
    three.add_argument("plot", type=Path)
    three.set_defaults(run=run_draw)
    args = parser.parse_args(arguments)
    try:
        args.run(args, Console(highlight=False))
    except MienError as error:
        print(f"benchmarks.experiments.higher_definition: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
