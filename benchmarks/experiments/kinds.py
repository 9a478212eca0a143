"""The shipped networks in a browser, by how they keep and compute numbers, and on how many threads.

    python -m benchmarks.experiments.kinds --web node_modules/onnxruntime-web/dist

- int8: as the bundle and the site have it; computes in bytes.
- 8-bit weights, widened: the same weights, widened when it is loaded; computes in floats.
- fp16 weights, widened: the same weights as halves.
- fp32: the same weights as floats.

Weights are the same in all, so that they differ in time and weight only. All of a column take turns
in one page. WebGPU is measured where the browser has an adapter, two threads where it may share
memory, for which a host must send two headers.
"""

import argparse
import gzip
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from rich.console import Console

from benchmarks.experiments.browser_graphs import SETTINGS, without_rounding
from benchmarks.experiments.web_sessions import Graph, time_graphs
from benchmarks.report import Column, Environment, Result, print_result
from mien.errors import MienError
from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DETECTOR_BUNDLE, find_bundle

NAME = "kinds"
# The browser compiles code in haste first, and well only once it has run for some time.
ROUNDS, WARM = 30, 60
# A region of interest, half a frame of 640x480, and all of it, as the network is shown them.
SHOWN = {"a region": (128, 128), "320x256": (256, 320), "480x384": (384, 480)}
KINDS: Mapping[str, Callable[[bytes], bytes]] = {
    "int8": lambda graph: graph,
    "8-bit weights, widened": without_rounding,
    "fp16 weights, widened": lambda graph: with_floats(without_rounding(graph), half=True),
    "fp32": lambda graph: with_floats(without_rounding(graph)),
}
WIDENED = "8-bit weights, widened"
RUNS = (("wasm", 1), ("wasm", 2), ("webgpu", 1))
COLUMNS = (
    Column("case", "network, what it is shown, numbers"),
    Column("size", "KB", ",.0f"),
    Column("small", "KB, compressed", ",.0f"),
    Column("wasm 1", "ms", ".1f"),
    Column("wasm 1 least", "least", ".1f"),
    Column("wasm 2", "ms, 2 threads", ".1f"),
    Column("wasm 2 least", "least", ".1f"),
    Column("webgpu 1", "ms, WebGPU", ".1f"),
)


def with_floats(graph: bytes, *, half: bool = False) -> bytes:
    """Return a graph whose weights are floats, or halves that are widened when it is loaded.

    Args:
        graph: The bytes of an ONNX graph that keeps weights in 8 bits.
        half: Whether to keep halves.
    """
    model = onnx.load_model_from_string(graph)
    weights = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    nodes, used = [], set[str]()
    for node in model.graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in weights:
            nodes.append(node)
            used.update(node.input)
            continue
        values, name = _widened(node, weights), node.output[0]
        if half:
            stored = numpy_helper.from_array(values.astype(np.float16), f"{name}_half")
            nodes.append(onnx.helper.make_node("Cast", [stored.name], [name], to=1))
            used.add(stored.name)
        else:
            stored = numpy_helper.from_array(values, name)
        model.graph.initializer.append(stored)
    kept = [weight for weight in model.graph.initializer if weight.name in used]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(kept)
    return bytes(model.SerializeToString())


def _widened(node: Any, weights: Mapping[str, Any]) -> Any:
    values, scale, *zero = (weights[name] for name in node.input if name)
    axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
    along = [1] * values.ndim
    if scale.ndim and values.ndim:
        along[axis] = -1
    values = values.astype(np.float32)
    if zero:
        values = values - zero[0].astype(np.float32).reshape(along)
    return (values * scale.reshape(along)).astype(np.float32)


def measure(web: Path, rounds: int = ROUNDS) -> Result:
    """Measure all kinds of both networks.

    Args:
        web: Folder `dist` of onnxruntime-web.
        rounds: How often each is run.

    Raises:
        SettingsError: There is no browser, or onnxruntime-web is not in the folder.
    """
    graphs = _graphs()
    rows: list[dict[str, str | float]] = [
        {
            "case": case,
            "size": len(graph.data) / 1024,
            "small": len(gzip.compress(graph.data, 9)) / 1024,
        }
        for case, graph in graphs.items()
    ]
    findings = []
    for provider, threads in RUNS:
        found = time_graphs(
            list(graphs.values()), web, threads=threads, provider=provider, rounds=rounds, warm=WARM
        )
        if found is None:
            findings.append("This browser has no adapter for WebGPU.")
            continue
        for row, (median, least) in zip(rows, found, strict=True):
            row[f"{provider} {threads}"], row[f"{provider} {threads} least"] = median, least
    title = "the shipped networks in onnxruntime-web"
    return Result(NAME, title, COLUMNS, tuple(rows), tuple(findings))


def _graphs() -> dict[str, Graph]:
    reader, finder = load_bundle(find_bundle(None)), load_detector_bundle(DETECTOR_BUNDLE)
    side, channels = reader.info.input.size, reader.info.input.channels
    found = {}
    for kind, make in KINDS.items():
        extra = _nested(SETTINGS) if kind == WIDENED else {}
        shape = (1, side, side, channels)
        found[f"classifier, one face, {kind}"] = Graph(
            make(reader.graph), "faces", shape, ("probabilities",), extra
        )
    for what, (height, width) in SHOWN.items():
        for kind, make in KINDS.items():
            extra = _nested(SETTINGS) if kind == WIDENED else {}
            shape = (1, height, width, finder.info.channels)
            found[f"detector, {what}, {kind}"] = Graph(
                make(finder.graph), "picture", shape, ("scores", "boxes", "landmarks"), extra
            )
    return found


def _nested(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return settings such as "session.x" as onnxruntime-web takes them: an object of objects."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        *keys, last = name.split(".")
        place = found
        for key in keys:
            place = place.setdefault(key, {})
        place[last] = value
    return found


def main() -> int:
    """Measure and print; 1 where something is missing for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    web = Path("node_modules/onnxruntime-web/dist")
    parser.add_argument(
        "--web", type=Path, default=web, help="dist of the npm package (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each (%(default)d)")
    args = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    try:
        environment = Environment.look()
        result = measure(args.web, args.rounds)
    except MienError as error:
        print(f"benchmarks.experiments.kinds: {error}", file=sys.stderr)
        return 1
    console.print(environment.describe(), markup=False)
    print_result(result, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
