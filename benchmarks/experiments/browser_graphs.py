"""Networks in a browser: 8 bits, as the bundles have them, against floats from the same weights.

    python -m benchmarks.experiments.browser_graphs DATASET [--split validation] [--model fer4]

Of each face of a prepared data set: is its most probable label the same from both graphs? What they
take in a browser, `benchmarks.experiments.kinds` measures.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from mien.datasets.dataset import load_dataset
from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import PROBABILITIES
from mien.models.decision import is_sure, split
from mien.registry import find_bundle
from mien.types import ProbabilityArray
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture

ROUND, WIDEN = "QuantizeLinear", "DequantizeLinear"
# With this setting onnxruntime widens weights once, and does not look for arithmetic in 8 bits.
SETTINGS = {"session.disable_quant_qdq": "1"}


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--model", type=Path)
    given = parser.parse_args()
    bundle = load_bundle(find_bundle(given.model))
    print(compare(bundle, given.dataset, given.split))


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


def _in_floats(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    for name, value in SETTINGS.items():
        options.add_session_config_entry(name, value)
    return ort.InferenceSession(graph, options)


if __name__ == "__main__":
    main()
