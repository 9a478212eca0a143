"""What more pixels cost: the network at 48, 64, 96 px, gray and in colour, here and in a browser.

    python -m benchmarks.experiments.definition --web node_modules/onnxruntime-web/dist

Time does not depend on what a network has learnt, so these are untrained; their accuracy is in
docs/experiments.md. Natively by onnxruntime, in the browser by onnxruntime-web (npm), both on one
thread and one face in a call; all take turns. The first row of each is the reference of its ratios.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from benchmarks.experiments.web_sessions import Graph, time_graphs
from benchmarks.report import Column, Environment, Result, print_result
from benchmarks.timing import ratio, take_turns
from mien.errors import MienError
from mien.models.onnx import make_session
from mien.training.expression.export import export_graph
from mien.training.expression.network import ARCHITECTURES
from mien.training.onnx_export import shrink
from mien.types import InputSpec

NAME = "definition"
SIZES, CHANNELS, WEIGHTS = (48, 64, 96), (1, 3), ("int8", "half")
REPEATS, ROUNDS = 15, 15
Variant = tuple[str, int, int]
COLUMNS = (
    Column("network", "network"),
    Column("size", "KB", ",.0f"),
    Column("native", "ms, native", ".2f"),
    Column("ratio", "native, first = 1", ".2f"),
    Column("browser", "ms, browser", ".1f"),
)


def measure(web: Path | None = None) -> Result:
    """Measure all variants.

    Args:
        web: Folder `dist` of onnxruntime-web; None to leave the browser out.

    Raises:
        SettingsError: There is no browser, or Playwright is missing.
    """
    graphs = {
        (weights, size, channels): _graph(weights, size, channels)
        for weights in WEIGHTS
        for channels in CHANNELS
        for size in SIZES
    }
    calls = {variant: _call(graph, variant) for variant, graph in graphs.items()}
    samples = take_turns({_name(variant): call for variant, call in calls.items()}, REPEATS)
    browser = [None] * len(graphs) if web is None else _in_browser(graphs, web)
    first = next(iter(samples.values()))
    rows: list[dict[str, str | float]] = [
        {
            "network": _name(variant),
            "size": len(graph) / 1024,
            "native": taken.seconds * 1e3,
            "ratio": ratio(taken, first),
            **({} if there is None else {"browser": there}),
        }
        for (variant, graph), taken, there in zip(
            graphs.items(), samples.values(), browser, strict=True
        )
    ]
    return Result(NAME, "one face, one thread, by definition", COLUMNS, tuple(rows))


def _name(variant: Variant) -> str:
    weights, size, channels = variant
    return f"{size} px {'gray' if channels == 1 else 'colour'}, {weights}"


def _graph(weights: str, size: int, channels: int) -> bytes:
    torch.manual_seed(0)
    network = shrink(ARCHITECTURES["residual"](8, channels, size))
    sample = None
    if weights == "int8":
        shape = (128, size, size, channels)
        sample = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return export_graph(network, 1.0, InputSpec(size, channels, 1.0), sample)


def _call(graph: bytes, variant: Variant) -> Any:
    session = make_session(graph, "the graph")
    shape = (1, variant[1], variant[1], variant[2])
    faces = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return lambda: session.run(["probabilities"], {"faces": faces})


def _in_browser(graphs: dict[Variant, bytes], web: Path) -> Sequence[float]:
    """Return milliseconds of each graph by onnxruntime-web, in a page that touches no network."""
    asked = [
        Graph(graph, "faces", (1, size, size, channels), ("probabilities",))
        for (_, size, channels), graph in graphs.items()
    ]
    found = time_graphs(asked, web, rounds=ROUNDS) or ()
    return [milliseconds for milliseconds, _ in found]


def main() -> int:
    """Measure and print; 1 where something is missing for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--web", type=Path, help="folder dist of the npm package onnxruntime-web")
    console = Console(highlight=False)
    console.print(Environment.look().describe(), markup=False)
    try:
        print_result(measure(parser.parse_args().web), console)
    except MienError as error:
        print(f"benchmarks.experiments.definition: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
