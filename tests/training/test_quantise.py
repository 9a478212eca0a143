"""Eight bits: smaller, close to the original, and silent."""

import logging

import numpy as np
import onnxruntime as ort
import pytest
import torch

from mien.training.expression.export import export_graph, run_graph
from mien.training.expression.network import ResidualNetwork
from mien.training.onnx_export import shrink
from mien.training.quantise import quantise_faces
from mien.types import InputSpec

SPEC = InputSpec(24, 1, 1.0, "none")


@pytest.fixture(scope="module")
def graphs(one_export: None) -> tuple[bytes, bytes]:
    """One network, with weights of 16 bits and in 8 bits."""
    torch.manual_seed(0)
    network = ResidualNetwork(3, 1, 24, stages=((32, 1), (192, 1)))
    with torch.no_grad():
        for _ in range(20):  # so that batch normalisation knows its data
            network(torch.rand(32, 1, 24, 24))
    small = shrink(network)
    sample = np.random.default_rng(0).integers(0, 256, (100, 24, 24, 1), dtype=np.uint8)
    return export_graph(small, 1.0, SPEC), export_graph(small, 1.0, SPEC, sample)


def test_is_half_the_size(graphs: tuple[bytes, bytes]) -> None:
    half, eight = graphs
    assert len(eight) < 0.65 * len(half)


@pytest.mark.parametrize("count", [1, 7, 300])
def test_answers_are_close(graphs: tuple[bytes, bytes], count: int) -> None:
    faces = np.random.default_rng(1).integers(0, 256, (count, 24, 24, 1), dtype=np.uint8)
    first, second = (run_graph(graph, faces) for graph in graphs)
    assert second.shape == (count, 3)
    assert np.allclose(second.sum(axis=1), 1, atol=1e-5)
    assert np.abs(first - second).mean() < 0.02


def test_features_are_close(graphs: tuple[bytes, bytes]) -> None:
    faces = np.random.default_rng(1).integers(0, 256, (7, 24, 24, 1), dtype=np.uint8)
    sessions = [ort.InferenceSession(graph) for graph in graphs]
    (first,), (second,) = (one.run(["features"], {"faces": faces}) for one in sessions)
    assert first.shape == second.shape == (7, 192)
    # In a network that has learnt nothing, rounded weights shift each feature by its own amount.
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.85


def test_logging_is_as_before(graphs: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])  # as in a program that has set up no logging
    quantise_faces(graphs[0], np.zeros((8, 24, 24, 1), np.uint8))
    assert not root.handlers
    assert not root.filters
