"""A teacher says the same by its weights, as on a GPU, as by its graph."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from mien.models.bundle import load_bundle, write_bundle
from mien.training.device import Compute
from mien.training.expression import teachers
from mien.training.expression.export import export_graph
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import TrainSettings
from mien.training.expression.teachers import Teacher, open_teachers
from mien.training.expression.weights import pack_weights
from mien.training.onnx_export import shrink

LEARNT, WANTED = ("a", "b", "c"), ("c", "a", "b")


@pytest.fixture
def bundle(one_export: None, make_bundle: Callable[..., Path]) -> Path:
    torch.manual_seed(0)
    settings = TrainSettings(arch="residual-small", size=24)
    network = ARCHITECTURES[settings.arch](len(LEARNT), 1, settings.size)
    network(torch.rand(8, 1, 24, 24))  # so that normalisation has seen something
    network = shrink(network)
    path = make_bundle(labels=LEARNT, size=settings.size)
    info = load_bundle(path).info
    graph = export_graph(network, info.temperature, info.spec())
    write_bundle(path, info, graph, "# A card", weights=pack_weights(network, settings, LEARNT))
    return path


def test_weights_say_what_the_graph_says(bundle: Path) -> None:
    cpu = Compute(torch.device("cpu"), bf16=False)
    loaded = load_bundle(bundle)
    (by_graph,) = open_teachers([loaded], WANTED, 16, 1, cpu)
    by_weights = Teacher(by_graph.size, teachers._by_weights(loaded, list(WANTED), cpu))
    levels = np.random.default_rng(0).integers(0, 256, (5, 1, 24, 24), np.uint8)
    pictures = torch.from_numpy(levels).float() / 255
    said = by_graph.ask(pictures)
    assert said.shape == (5, 3)
    assert torch.allclose(said.sum(1), torch.ones(5), atol=1e-5)
    assert torch.allclose(said, by_weights.ask(pictures), atol=1e-5)
    surer = replace(loaded, info=msgspec.structs.replace(loaded.info, temperature=0.5))
    sharpened = teachers._by_weights(surer, list(WANTED), cpu)(pictures)
    assert torch.allclose(sharpened, said.square() / said.square().sum(1, keepdim=True), atol=1e-5)
    doubled = pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.allclose(said, by_graph.ask(doubled), atol=1e-5)
