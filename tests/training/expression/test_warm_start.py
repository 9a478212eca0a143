"""A network that starts from a bundle answers as the bundle does, and can learn."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from mien.errors import TrainingError
from mien.models.bundle import Bundle, load_bundle, write_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.info import InputInfo
from mien.registry import MODELS
from mien.training.expression.network import ARCHITECTURES, Deployed
from mien.training.expression.settings import TrainSettings
from mien.training.expression.warm_start import warm_start
from mien.training.expression.weights import pack_weights, read_weights
from mien.training.onnx_export import shrink
from mien.types import PixelArray


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(MODELS / "fer8")


def soft_faces(count: int, size: int) -> PixelArray:
    """Noise without sharp edges, which is nearer to faces than noise with them."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((count, 1, 8, 8), dtype=np.float32))
    fine = torch.nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(0, 1)
    return (fine * 255).round().byte().permute(0, 2, 3, 1).numpy()


def pictures(faces: PixelArray) -> torch.Tensor:
    return torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255


def test_answers_as_the_bundle_does(bundle: Bundle) -> None:
    size = bundle.info.input.size
    network = ARCHITECTURES["residual"](len(bundle.info.labels), 1, size)
    faces = soft_faces(64, size)
    warm_start(network, bundle, bundle.info.labels, pictures(faces))
    with torch.no_grad():
        deployed = Deployed(network.eval(), bundle.info.temperature)
        given = deployed(torch.from_numpy(faces))[0].numpy()
    wanted = OnnxClassifier(bundle)(faces)
    assert np.abs(given - wanted).mean() < 0.02
    assert (given.argmax(1) == wanted.argmax(1)).mean() > 0.9


def test_normalisation_undoes_itself_on_the_faces_that_it_was_shown(bundle: Bundle) -> None:
    network = ARCHITECTURES["residual"](len(bundle.info.labels), 1, 48)
    shown = pictures(soft_faces(64, 48))
    warm_start(network, bundle, bundle.info.labels, shown)
    with torch.no_grad():
        learning = network.features.train()(shown)
        answering = network.features.eval()(shown)
    torch.testing.assert_close(learning, answering, rtol=0.05, atol=0.05)


def test_classes_go_by_name_and_new_ones_start_from_nothing(bundle: Bundle) -> None:
    known = bundle.info.labels[::-1][:3]
    network = ARCHITECTURES["residual"](4, 1, 48)
    before = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)][-1]
    fresh = before.weight[1].detach().clone()
    warm_start(network, bundle, (known[0], "in pain", *known[1:]), pictures(soft_faces(8, 48)))
    torch.testing.assert_close(before.weight[1].detach(), fresh)
    assert not torch.equal(before.weight[0].detach(), fresh)


def test_another_size_of_faces_is_fine(bundle: Bundle) -> None:
    network = ARCHITECTURES["residual"](8, 1, 64)
    warm_start(network, bundle, bundle.info.labels, pictures(soft_faces(8, 64)))
    assert network.training


def test_a_network_without_normalisation_answers_exactly_as_the_bundle(tmp_path: Path) -> None:
    classes = ("down", "up")
    taught, network = (ARCHITECTURES["mobilenet-small"](2, 1, 16) for _ in range(2))
    info = msgspec.structs.replace(
        load_bundle(MODELS / "fer8").info,
        labels=classes,
        input=InputInfo(16, 1, 1.0, "none"),
        neutral_logs=None,
    )
    settings = TrainSettings(arch="mobilenet-small", size=16)
    weights = pack_weights(shrink(taught), settings, classes)
    bundle = write_bundle(tmp_path / "bundle", info, b"", "", weights=weights)
    warm_start(network, bundle, classes, torch.rand(4, 1, 16, 16))
    faces = pictures(soft_faces(9, 16))
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(faces), shrink(taught)(faces))


@pytest.mark.parametrize(("arch", "channels"), [("residual-small", 1), ("residual", 3)])
def test_another_network_is_refused(bundle: Bundle, arch: str, channels: int) -> None:
    network = ARCHITECTURES[arch](8, channels, 48)  # type: ignore[index]
    faces = torch.rand(4, channels, 48, 48)
    with pytest.raises(TrainingError, match=r"--from .*fer8.*another"):
        warm_start(network, bundle, bundle.info.labels, faces)


def test_bundle_without_named_weights_is_refused(make_bundle, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    bundle = load_bundle(make_bundle())
    network = ARCHITECTURES["residual"](2, 1, 16)
    with pytest.raises(TrainingError, match=r"--from .*no weights"):
        warm_start(network, bundle, bundle.info.labels, torch.rand(4, 1, 16, 16))


@pytest.mark.parametrize("name", ["features.1.bias", "head.bias"])
def test_a_bias_of_another_shape_is_refused(
    bundle: Bundle, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = {**read_weights(bundle), name: np.zeros((3, 3), np.float32)}
    monkeypatch.setattr("mien.training.expression.warm_start.read_weights", lambda _: weights)
    network = ARCHITECTURES["residual"](2, 1, 16)
    with pytest.raises(TrainingError, match=r"--from .*fer8.*another"):
        warm_start(network, bundle, ("a", "b"), torch.rand(4, 1, 16, 16))


@pytest.mark.parametrize("data", [b"", b"no graph", b"\x3a\x03\x2a\x01\x00"])
def test_a_graph_that_is_none_is_refused(bundle: Bundle, data: bytes) -> None:
    info = msgspec.structs.replace(bundle.info, weights_sha256=None)
    other = dataclasses.replace(bundle, info=info, graph=data)
    network = ARCHITECTURES["residual"](2, 1, 16)
    with pytest.raises(TrainingError, match=r"--from .*fer8: "):
        warm_start(network, other, ("a", "b"), torch.rand(4, 1, 16, 16))
