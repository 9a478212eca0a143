"""Graphs for browsers: the same weights, without the rounding in between."""

import numpy as np
import onnxruntime as ort
import pytest

from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DEFAULT_BUNDLE, DETECTOR_BUNDLE

onnx = pytest.importorskip("onnx", reason="needs onnx")

from mien.web.site.graphs import SETTINGS, without_rounding  # noqa: E402


def session(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    for name, value in SETTINGS.items():
        options.add_session_config_entry(name, value)
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def kinds(graph: bytes) -> dict[str, int]:
    nodes = onnx.load_model_from_string(graph).graph.node
    found = [node.op_type for node in nodes]
    return {kind: found.count(kind) for kind in set(found)}


@pytest.fixture(scope="module", params=[DEFAULT_BUNDLE, DETECTOR_BUNDLE], ids=lambda one: one.name)
def graphs(request) -> tuple[bytes, bytes]:
    load = load_detector_bundle if request.param == DETECTOR_BUNDLE else load_bundle
    graph = load(request.param).graph
    return graph, without_rounding(graph)


def test_nothing_but_the_rounding_is_left_out(graphs):
    given, made = map(kinds, graphs)
    onnx.checker.check_model(onnx.load_model_from_string(graphs[1]))
    assert given.pop("QuantizeLinear") > 10
    assert given.pop("DequantizeLinear") > made.pop("DequantizeLinear")
    assert "QuantizeLinear" not in made
    assert made == given
    assert len(graphs[1]) < len(graphs[0])


def test_a_graph_in_floats_stays_as_it_is(graphs):
    once = graphs[1]
    assert without_rounding(once) == once


def test_faces_are_read_nearly_as_in_8_bits():
    """What is left is the rounding: a reading of a face with a plain look differs little."""
    from mien.sources.sample import SampleSource
    from mien.types import Box, Face
    from mien.vision.crop import crop_faces

    bundle = load_bundle(DEFAULT_BUNDLE)
    frame = next(iter(SampleSource()))
    face = Face(Box(240.0, 150.0, 400.0, 340.0), 1.0, None)
    crops = crop_faces(frame.image, [face], bundle.info.spec())
    rounded = ort.InferenceSession(bundle.graph, providers=["CPUExecutionProvider"])
    made = session(without_rounding(bundle.graph))
    answers = [one.run(["probabilities"], {"faces": crops})[0] for one in (rounded, made)]
    assert np.abs(answers[0] - answers[1]).max() < 0.05
