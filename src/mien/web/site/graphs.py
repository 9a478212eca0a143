"""Graphs for browsers: weights in 8 bits, numbers in floats.

In WebAssembly a convolution of floats is faster than one of bytes, and its weights are widened
once, when the graph is loaded. So a graph in 8 bits keeps its weights as they are, a quarter of the
bytes of floats, and loses only the rounding of what flows between them. A graph in floats stays as
it is.
"""

import onnx

ROUND, WIDEN = "QuantizeLinear", "DequantizeLinear"
# With this setting onnxruntime widens weights once, and does not look for arithmetic in 8 bits.
SETTINGS = {"session.disable_quant_qdq": "1"}


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
