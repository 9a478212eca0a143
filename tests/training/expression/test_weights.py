"""The float weights beside a graph give the network back, and nothing else does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from mien.errors import BundleError
from mien.models.bundle import WEIGHTS, Bundle, load_bundle, write_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.expression import stored, weights
from mien.training.expression.export import export_graph
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.network import ARCHITECTURES, Deployed
from mien.training.expression.settings import Architecture, TrainSettings
from mien.training.expression.weights import (
    learnt_classes,
    network_from_bundle,
    pack_weights,
    read_weights,
)
from mien.training.onnx_export import shrink

CLASSES = ("a", "b", "c")
SETTINGS = TrainSettings(arch="residual-small", size=24, channels=1)


def trained(arch: Architecture, size: int) -> FaceNetwork:
    """Return a network whose batch normalisation has seen something, with three outputs."""
    torch.manual_seed(0)
    network = ARCHITECTURES[arch](len(CLASSES), 1, size)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return shrink(network)


@pytest.fixture
def bundle(one_export: None, make_bundle: Callable[..., Path]) -> Bundle:
    """A bundle in half precision with a graph and weights of one network."""
    network = trained(SETTINGS.arch, SETTINGS.size)
    known = load_bundle(make_bundle(labels=CLASSES, size=SETTINGS.size))
    graph = export_graph(network, known.info.temperature, known.info.spec())
    packed = pack_weights(network, SETTINGS, CLASSES)
    return write_bundle(known.path, known.info, graph, "# A card", weights=packed)


def test_network_from_bundle_gives_what_the_graph_gives(bundle: Bundle) -> None:
    network = network_from_bundle(load_bundle(bundle.path))
    faces = np.random.default_rng(0).integers(0, 256, (5, 24, 24, 1), np.uint8)
    classifier = OnnxClassifier(bundle)
    with torch.no_grad():
        probabilities, features = Deployed(network, 1.0)(torch.from_numpy(faces))
    np.testing.assert_allclose(classifier(faces), probabilities.numpy(), atol=1e-5)
    np.testing.assert_allclose(classifier.features(faces), features.numpy(), atol=1e-4)
    assert not network.training


@pytest.mark.parametrize("arch", [arch for arch in sorted(ARCHITECTURES) if arch != "mobilenet"])
def test_every_small_network_comes_back_exactly(
    arch: Architecture, make_bundle: Callable[..., Path]
) -> None:
    network, settings = trained(arch, 48), TrainSettings(arch=arch)
    known = load_bundle(make_bundle())
    packed = pack_weights(network, settings, CLASSES)
    again = network_from_bundle(write_bundle(known.path, known.info, b"", "#", weights=packed))
    wanted = network.state_dict()
    assert again.state_dict().keys() == wanted.keys()
    assert all(torch.equal(again.state_dict()[name], wanted[name]) for name in wanted)


def test_file_is_small_and_says_what_it_is(bundle: Bundle) -> None:
    data = (bundle.path / WEIGHTS).read_bytes()
    tensors = load(data)
    assert all(value.dtype == torch.float16 for value in tensors.values() if value.dim() > 1)
    assert len(data) < 2.1 * sum(value.numel() for value in tensors.values())
    header = data[: data.index(b"}}")].replace(b"\\", b"")
    for fact in (b'"arch":"residual-small"', b'"classes":["a","b","c"]', b'"channels":1,"size":24'):
        assert fact in header
    assert learnt_classes(bundle) == CLASSES
    found = read_weights(bundle)
    assert found.keys() == tensors.keys()
    assert all(value.dtype == np.float32 for value in found.values())


def test_network_that_is_too_large_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    network = trained("baseline", 48)
    assert pack_weights(network, SETTINGS, CLASSES) is not None
    monkeypatch.setattr(weights, "MAX_BYTES", 100_000)
    assert pack_weights(network, SETTINGS, CLASSES) is None


def test_bundle_without_weights_says_so(make_bundle: Callable[..., Path]) -> None:
    with pytest.raises(BundleError, match=f"holds no {WEIGHTS}"):
        network_from_bundle(load_bundle(make_bundle()))


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no weights at all",
        save({"head.bias": torch.zeros(3)}),
        save({"head.bias": torch.zeros(3)}, metadata={"arch": "residual", "classes": "3"}),
        save(
            {"head.bias": torch.zeros(3)},
            metadata={"arch": "net", "classes": "3", "channels": "1", "size": "48"},
        ),
        save(
            {"head.bias": torch.zeros(3)},
            metadata={"arch": "residual", "classes": "3", "channels": "1", "size": "48"},
        ),
        save(
            {"head.bias": torch.zeros(3)},
            metadata={"arch": "residual", "classes": "3", "channels": "1", "size": "3"},
        ),
        *(
            save({"head.bias": torch.zeros(3)}, metadata={stored.SHAPE: text})
            for text in (
                *("", "{", "[]", '{"arch": 1}', "[" * 20_000),
                '{"arch": "baseline", "classes": ["a"], "channels": 1, "size": 9999999}',
                '{"arch": "residual", "classes": ["a"], "channels": 4294967296, "size": 48}',
                '{"arch": "residual", "classes": ["a"], "channels": -1, "size": 48}',
                '{"arch": "baseline", "classes": ["a"], "channels": 1, "size": 1}',
            )
        ),
    ],
    ids=lambda data: str(len(data)),  # not what it holds, whose order may differ
)
def test_file_of_something_else_is_one_line(
    make_bundle: Callable[..., Path], packed: bytes
) -> None:
    known = load_bundle(make_bundle())
    other = write_bundle(known.path, known.info, known.graph, "#", weights=packed)
    with pytest.raises(BundleError, match=f"{WEIGHTS}: not the weights of a network") as caught:
        network_from_bundle(other)
    assert "\n" not in str(caught.value)
