"""What models cost: size of the graph, work and time per face. Run on its own, beside `make bench`.

    python -m benchmarks.experiments.front src/mien/models/shipped/fer4 runs/teacher/bundle …

Their accuracy is `mien evaluate`'s matter. Times are of onnxruntime on one thread; the first bundle
is the reference of the ratios, and all take turns, so that a busy moment hits each of them.
"""

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import OnnxClassifier

ROUNDS, BATCHES = 40, (1, 8)


@dataclass(frozen=True)
class Cost:
    """What one face costs.

    Attributes:
        name: The bundle's name.
        kilobytes: Size of the graph.
        mega_macs: Multiplications with additions of one face, in millions; a FLOP count is twice
            that.
        milliseconds: Per face, for each of `BATCHES`.
    """

    name: str
    kilobytes: float
    mega_macs: float
    milliseconds: tuple[float, ...]


def main() -> None:
    """Print one row per bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=Path)
    bundles = [load_bundle(path) for path in parser.parse_args().bundles]
    print("| model | KB | million MACs | MFLOPs | ms, 1 face | ms per face, 8 | time, first = 1 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    found = costs(bundles)
    for cost in found:
        one, eight = cost.milliseconds
        print(
            f"| {cost.name} | {cost.kilobytes:,.0f} | {cost.mega_macs:.1f} | "
            f"{2 * cost.mega_macs:.0f} | {one:.2f} | {eight:.2f} | "
            f"{one / found[0].milliseconds[0]:.2f} |"
        )


def costs(bundles: list[Bundle]) -> list[Cost]:
    """Measure all bundles, in turns."""
    classifiers = [OnnxClassifier(bundle) for bundle in bundles]
    times = {(i, n): math.inf for i in range(len(bundles)) for n in BATCHES}
    rng = np.random.default_rng(0)
    for _ in range(ROUNDS):
        for (i, n), best in times.items():
            spec = classifiers[i].spec
            shape = (n, spec.size, spec.size, spec.channels)
            faces = rng.integers(0, 256, shape, dtype=np.uint8)
            begun = time.perf_counter()
            classifiers[i](faces)
            times[i, n] = min(best, (time.perf_counter() - begun) / n)
    return [
        Cost(
            bundle.info.name,
            len(bundle.graph) / 1024,
            macs(bundle) / 1e6,
            tuple(1000 * times[i, n] for n in BATCHES),
        )
        for i, bundle in enumerate(bundles)
    ]


def macs(bundle: Bundle) -> float:
    """Count multiplications with additions of convolutions and matrix products for one face."""
    model = onnx.load_from_string(bundle.graph)
    spec = bundle.info.spec()
    for dimension, value in zip(
        model.graph.input[0].type.tensor_type.shape.dim,
        (1, spec.size, spec.size, spec.channels),
        strict=True,
    ):
        dimension.dim_value = value
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*inferred.value_info, *inferred.input, *inferred.output)
    }
    shapes |= {weight.name: list(weight.dims) for weight in inferred.initializer}
    return float(sum(_work(node, shapes) for node in inferred.node))


def _work(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> float:
    if node.op_type not in ("Conv", "Gemm", "MatMul"):
        return 0
    outputs, weight = shapes[node.output[0]], shapes[node.input[1]]
    # Of a convolution's kernel [outputs,inputs,height,width], all but the first are summed over;
    # of a matrix product, the side that both factors share.
    inner = math.prod(weight[1:]) if node.op_type == "Conv" else shapes[node.input[0]][-1]
    return math.prod(outputs) * inner


if __name__ == "__main__":
    main()
