"""The last layer of a bundle's graph: taken out of it, and put into its place anew.

Only what comes after the output `features` changes, so that a graph in 8 bits keeps its
convolutions, and the features stay those that the head was fitted on. Needs onnx, not PyTorch.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

from mien.errors import BundleError, one_line
from mien.models.bundle import GRAPH, Bundle
from mien.models.classifier import FEATURES, PROBABILITIES, OnnxClassifier
from mien.training.adapt.head import Head, softmax
from mien.types import IntArray

PROBES = 32
# Of the logarithm of a probability, computed here and by the graph.
SAME = 1e-2
# Of what 32 bits hold of a probability.
SMALLEST = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """What a bundle's graph has after its features.

    Attributes:
        head: All that the network learnt, in its own order; logits without the temperature.
        reads: int64 [K], which of its classes are the bundle's labels, in their order.
    """

    head: Head
    reads: IntArray


def read_tail(bundle: Bundle, classifier: OnnxClassifier) -> Tail:
    """Take the last layer out of a graph, and tell which of its classes are the labels.

    Args:
        bundle: The bundle.
        classifier: Made of it, with features.

    Raises:
        BundleError: What is after the features is no linear layer, temperature and softmax.
    """
    try:
        head = _linear(onnx.load_model_from_string(bundle.graph).graph)
    # What protobuf, onnx and NumPy raise of a graph that is none, or is built otherwise.
    except (DecodeError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise _strange(bundle, one_line(error)) from error
    return Tail(head, _reads(bundle, classifier, head))


def replace_tail(graph: bytes, head: Head, labels: int, temperature: float) -> bytes:
    """Return a graph with another last layer.

    Args:
        graph: Of a bundle, with the output `features`.
        head: The layer; what its classes after the labels have together is one more output, the
            last, where there are any.
        labels: How many classes are labels; they come first.
        temperature: What its logits are divided by.
    """
    model = onnx.load_model_from_string(graph)
    kept = _before_features(model.graph)
    used = {name for node in kept for name in node.input}
    constants = [one for one in model.graph.initializer if one.name in used]
    nodes, added = _new_tail(head, labels, temperature)
    _rename_taken(nodes, added, {name for node in kept for name in (*node.input, *node.output)})
    for field, values in (("node", [*kept, *nodes]), ("initializer", [*constants, *added])):
        one = getattr(model.graph, field)
        del one[:]
        one.extend(values)
    del model.graph.value_info[:]
    columns = labels + (len(head) > labels)
    for output in model.graph.output:
        if output.name == PROBABILITIES:
            output.type.tensor_type.shape.dim[1].Clear()
            output.type.tensor_type.shape.dim[1].dim_value = columns
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _linear(graph: Any) -> Head:
    """Return the layer that reads the features."""
    (node,) = (one for one in graph.node if FEATURES in one.input)
    if node.op_type == "Gemm" and node.input[0] == FEATURES:
        settings = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if (
            settings.get("transA", 0)
            or settings.get("alpha", 1) != 1
            or settings.get("beta", 1) != 1
        ):
            raise ValueError("a layer that scales what it gets")
        weight, bias = (_constant(graph, name) for name in node.input[1:3])
        return Head(weight if settings.get("transB", 0) else weight.T, bias)
    if node.op_type != "MatMul" or node.input[0] != FEATURES:
        raise ValueError(f"{node.op_type} after the features")
    (add,) = (one for one in graph.node if node.output[0] in one.input)
    if add.op_type != "Add":
        raise ValueError(f"{add.op_type} after the last layer's product")
    (name,) = (one for one in add.input if one != node.output[0])
    return Head(_constant(graph, node.input[1]).T, _constant(graph, name))


def _constant(graph: Any, name: str) -> Any:
    """Return a constant, float64; in 16 bits, it is cast before it is used."""
    stored = {one.name: one for one in graph.initializer}
    for node in graph.node:
        if name in node.output and node.op_type == "Cast":
            name = node.input[0]
    return numpy_helper.to_array(stored[name]).astype(np.float64)


def _reads(bundle: Bundle, classifier: OnnxClassifier, head: Head) -> IntArray:
    """Tell which classes are the labels, by comparing what each gives to faces of noise."""
    spec = classifier.spec
    shape = (PROBES, spec.size, spec.size, spec.channels)
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    given = classifier(noise)[:, : len(classifier.labels)]
    logits = head.logits(classifier.features(noise)) / bundle.info.temperature
    said, ours = (np.log(np.maximum(some, SMALLEST)) for some in (given, softmax(logits)))
    apart = np.abs(said[:, :, None] - ours[:, None, :]).max(axis=0)
    reads = apart.argmin(axis=1)
    rest = len(head) - len(reads)
    whole = rest > 0 if classifier.other else rest == 0
    if not whole or len(set(reads.tolist())) != len(reads) or not (apart.min(axis=1) < SAME).all():
        raise _strange(bundle, "its labels are not told from what its last layer gives")
    return np.asarray(reads, dtype=np.int64)


def _before_features(graph: Any) -> list[Any]:
    """Return the nodes that the features come of, in their order."""
    wanted, kept = {FEATURES}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def _new_tail(head: Head, labels: int, temperature: float) -> tuple[list[Any], list[Any]]:
    """Return nodes and constants from the features to the probabilities."""
    constants = {
        "head.weight": head.weight.astype(np.float32),
        "head.bias": head.bias.astype(np.float32),
        "temperature": np.array(temperature, np.float32),
    }
    whole = len(head) == labels
    nodes = [
        helper.make_node("Gemm", [FEATURES, "head.weight", "head.bias"], ["logits"], transB=1),
        helper.make_node("Div", ["logits", "temperature"], ["scaled"]),
        helper.make_node("Softmax", ["scaled"], [PROBABILITIES if whole else "learnt"], axis=1),
    ]
    if not whole:
        constants |= {"axis": np.array([1]), "start": np.array([0]), "labels": np.array([labels])}
        constants["end"] = np.array([len(head)])
        nodes += [
            helper.make_node("Slice", ["learnt", "start", "labels", "axis"], ["read"]),
            helper.make_node("Slice", ["learnt", "labels", "end", "axis"], ["rest"]),
            helper.make_node("ReduceSum", ["rest", "axis"], ["other"], keepdims=1),
            helper.make_node("Concat", ["read", "other"], [PROBABILITIES], axis=1),
        ]
    return nodes, [numpy_helper.from_array(value, name) for name, value in constants.items()]


def _rename_taken(nodes: list[Any], constants: list[Any], taken: set[str]) -> None:
    """Give what is new other names than what is kept."""
    public = {FEATURES, PROBABILITIES}

    def free(name: str) -> str:
        while name in taken and name not in public:
            name += "_"
        return name

    for constant in constants:
        constant.name = free(constant.name)
    for node in nodes:
        node.input[:] = map(free, list(node.input))
        node.output[:] = map(free, list(node.output))


def _strange(bundle: Bundle, reason: str) -> BundleError:
    return BundleError(
        f"{bundle.path / GRAPH}: the graph has no last layer that can be changed ({reason}); take "
        "a bundle that `mien train` wrote"
    )
