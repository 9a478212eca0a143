"""Networks in a browser: 8 bits, as the bundles have them, against floats from the same weights.

    python -m benchmarks.experiments.browser_graphs DATASET [--split validation] [--model fer4]

Of each face of a prepared data set: is its most probable label the same from both graphs? And
onnxruntime-web, by node, runs both graphs of both networks, in turn, on one thread: the processor's
time for a run, the one in ten that is quickest, since other programs make it longer.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from mien.datasets.dataset import load_dataset
from mien.models.bundle import Bundle, load_bundle, load_detector_bundle
from mien.models.classifier import PROBABILITIES
from mien.models.decision import is_sure, split
from mien.registry import DETECTOR_BUNDLE, find_bundle
from mien.types import ProbabilityArray
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture
from mien.web.page import runtime

ROUND, WIDEN = "QuantizeLinear", "DequantizeLinear"
# With this setting onnxruntime widens weights once, and does not look for arithmetic in 8 bits.
SETTINGS = {"session.disable_quant_qdq": "1"}
SIZES = ((64, 96), (256, 320), (352, 480))  # of pictures for the detector: height and width
RUNS = 60
NODE = """
import { readFileSync } from "node:fs";
const { runtime, code, cases, runs } = JSON.parse(readFileSync(process.argv[2]));
const ort = await import(runtime);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = readFileSync(code);
const all = [];
for (const { name, graph, input, shape, floats } of cases) {
  const extra = { session: { disable_quant_qdq: floats ? "1" : "0" } };
  const session = await ort.InferenceSession.create(readFileSync(graph), { extra });
  const data = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => 99 + (i % 57));
  all.push({ name, session, given: { [input]: new ort.Tensor("uint8", data, shape) }, times: [] });
}
for (let run = 0; run < runs; run++) {
  for (const { session, given, times } of all) {
    const before = process.cpuUsage();
    await session.run(given);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
}
for (const { name, times } of all) {
  times.sort((a, b) => a - b);
  console.log(`${name}: ${times[Math.floor(runs / 10)].toFixed(1)} ms`);
}
"""


def main() -> None:
    """Compare, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    bundle = load_bundle(find_bundle(given.model))
    print(compare(bundle, given.dataset, given.split))
    print(times(bundle))


def compare(bundle: Bundle, dataset: Path, part: str) -> str:
    """Say how often both graphs mean the same look."""
    sessions = (ort.InferenceSession(bundle.graph), _in_floats(without_rounding(bundle.graph)))
    answers: list[list[ProbabilityArray]] = [[], []]
    for rows in load_dataset(dataset).rows(part, batch_size=256):
        pictures = (decode_picture(*one) for one in zip(rows.images, rows.origins, strict=True))
        faces = np.stack([whole_face(picture, bundle.info.spec()) for picture in pictures])
        for session, found in zip(sessions, answers, strict=True):
            found.append(session.run([PROBABILITIES], {"faces": faces})[0])
    rounded, floats = (np.concatenate(found) for found in answers)
    labels, words = [], []
    for outcomes in (rounded, floats):
        probabilities, other = split(outcomes, other=bundle.info.other)
        labels.append(probabilities.argmax(axis=1))
        sure = is_sure(probabilities, other, np.float32(bundle.info.not_sure_below))
        words.append(np.where(sure, labels[-1], -1))
    both = (words[0] >= 0) & (words[1] >= 0)
    return (
        f"{len(rounded)} faces: the same look is the most probable for "
        f"{(labels[0] == labels[1]).mean():.2%}; the same word, or none, for "
        f"{(words[0] == words[1]).mean():.2%}; where both give a word ({both.sum()}), the same for "
        f"{(words[0] == words[1])[both].mean():.2%}. Probabilities differ by "
        f"{np.abs(rounded - floats).mean():.4f} in the mean"
    )


def times(bundle: Bundle) -> str:
    """Say what a run of each graph takes in onnxruntime-web."""
    runtime.check()
    detector = load_detector_bundle(DETECTOR_BUNDLE)
    size, channels = bundle.info.input.size, bundle.info.input.channels
    shapes = {"faces": [(1, size, size, channels), (4, size, size, channels)]}
    shapes["picture"] = [(1, height, width, detector.info.channels) for height, width in SIZES]
    with tempfile.TemporaryDirectory() as folder:
        cases: list[dict[str, Any]] = []
        for one, name in ((bundle.graph, "faces"), (detector.graph, "picture")):
            for kind, graph in (("8 bits", one), ("floats", without_rounding(one))):
                path = Path(folder) / f"{name} {kind}.onnx"
                path.write_bytes(graph)
                case = {"graph": str(path), "input": name, "floats": kind == "floats"}
                cases += [
                    {**case, "shape": shape, "name": f"{name} {shape} in {kind}"}
                    for shape in shapes[name]
                ]
        return _node(Path(folder), cases)


def without_rounding(graph: bytes) -> bytes:
    """Return a graph that computes in floats, from the same weights.

    What lies between two of its operations is rounded no more; a `Relu` that rounding made
    needless in a session is still in the file, so that none is lost.

    Args:
        graph: The bytes of an ONNX graph, as `mien.training.quantise` writes it.
    """
    model = onnx.load_model_from_string(graph)
    nodes = list(model.graph.node)
    rounded = {node.output[0]: node.input[0] for node in nodes if node.op_type == ROUND}
    taken = {
        node.output[0]: rounded[node.input[0]]
        for node in nodes
        if node.op_type == WIDEN and node.input[0] in rounded
    }
    results = {output.name for output in model.graph.output}
    if results & taken.keys():  # what is answered keeps its name, and so its rounding
        taken = {name: source for name, source in taken.items() if name not in results}
    kept = [node for node in nodes if node.output[0] not in taken]
    for node in kept:
        node.input[:] = [taken.get(name, name) for name in node.input]
    used = {name for node in kept for name in node.input} | results
    kept = [node for node in kept if node.op_type != ROUND or node.output[0] in used]
    used = {name for node in kept for name in node.input}
    weights = [weight for weight in model.graph.initializer if weight.name in used]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(weights)
    return bytes(model.SerializeToString())


def _node(folder: Path, cases: list[dict[str, Any]]) -> str:
    code, runtime_file = runtime.FOLDER / runtime.FILES[1], runtime.FOLDER / runtime.FILES[0]
    given = {"runtime": runtime_file.as_uri(), "code": str(code), "cases": cases, "runs": RUNS}
    (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
    (folder / "run.mjs").write_text(NODE, encoding="utf-8")
    command = ["node", str(folder / "run.mjs"), str(folder / "given.json")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _in_floats(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    for name, value in SETTINGS.items():
        options.add_session_config_entry(name, value)
    return ort.InferenceSession(graph, options)


if __name__ == "__main__":
    main()
