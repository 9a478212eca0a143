"""The exported graph is PyTorch's network, for any number of faces; a wrong one is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from tests.exports import SharedExports
from torch import Tensor

from mien.errors import TrainingError
from mien.training.expression.export import ParityError, check_parity, export_graph, run_graph
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.network import ARCHITECTURES, Deployed, ResidualNetwork
from mien.training.onnx_export import shrink
from mien.types import InputSpec

pytestmark = pytest.mark.usefixtures("quick_export")
SPEC = InputSpec(16, 1, 1.0)
TEMPERATURE = 1.7


def tiny(classes: int, *, width: int = 24) -> ResidualNetwork:
    """Return a network of two blocks for `SPEC`: what is true of a graph is true of its graph."""
    return ResidualNetwork(classes, 1, 16, stages=((16, 1), (width, 1)))


def as_trained(network: FaceNetwork) -> FaceNetwork:
    """Return it with batch normalisation that has seen something."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)  # type: ignore[arg-type]
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return network.eval()


@pytest.mark.parametrize(("arch", "channels", "size"), [("residual", 1, 32), ("baseline", 3, 48)])
def test_graph_equals_pytorch(arch: str, channels: int, size: int) -> None:
    network = ARCHITECTURES[arch](4, channels, size).eval()
    graph = export_graph(network, 1.7, InputSpec(size, channels, 1.0))
    session = ort.InferenceSession(graph)
    for count in (1, 5):
        faces = np.random.default_rng(0).integers(0, 256, (count, size, size, channels), np.uint8)
        (given,) = session.run(["probabilities"], {"faces": faces})
        (features,) = session.run(["features"], {"faces": faces})
        with torch.no_grad():
            wanted, seen = Deployed(network, 1.7)(torch.from_numpy(faces))
        np.testing.assert_allclose(given, wanted.numpy(), atol=1e-5)
        np.testing.assert_allclose(features, seen.numpy(), atol=1e-4)
        assert features.dtype == np.float32


def test_graph_gives_what_is_not_read_as_one(
    exported: tuple[FaceNetwork, bytes], export_shared: Callable[..., bytes]
) -> None:
    network, graph = exported
    faces = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), np.uint8)
    whole = run_graph(graph, faces)
    given = run_graph(export_shared(network, TEMPERATURE, SPEC, reads=[2, 0]), faces)
    wanted = np.column_stack([whole[:, [2, 0]], whole[:, [1, 3]].sum(axis=1)])
    np.testing.assert_allclose(given, wanted, atol=1e-5)


def test_shrunk_network_reads_the_same_from_half_the_bytes() -> None:
    torch.manual_seed(0)
    network = as_trained(tiny(4, width=160))
    small = shrink(network)
    pictures = torch.rand(8, 1, 16, 16)
    with torch.no_grad():
        wanted, given = (torch.softmax(n(pictures), 1) for n in (network, small))
    torch.testing.assert_close(given, wanted, atol=2e-3, rtol=0)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in small.modules())
    weights = sum(p.numel() for p in small.parameters())
    assert len(export_graph(small, 1.0, SPEC)) < 2.2 * weights


class Altered(Deployed):
    """Gives slightly other values than the network, for some faces."""

    def __init__(self, network: FaceNetwork, which: int, of: Callable[[Tensor], Tensor]) -> None:
        super().__init__(network, TEMPERATURE)
        self.which, self.of = which, of

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        values = list(super().forward(faces))
        off = self.of(faces).float()
        values[self.which] = values[self.which] + 0.05 * off[:, None]
        return tuple(values)


def is_flat(faces: Tensor) -> Tensor:
    return faces.flatten(1).float().std(dim=1) == 0


def is_dark(faces: Tensor) -> Tensor:
    return faces.flatten(1).float().mean(dim=1) < 20


def everywhere(faces: Tensor) -> Tensor:
    return torch.ones(len(faces))


@pytest.fixture(scope="module")
def export_shared(quick_export: None, shared_folder: Path) -> Callable[..., bytes]:
    """Export as most tests do: one of all the networks that differ in their weights only."""
    sharing = SharedExports(torch.onnx.export, shared_folder)

    def export(*given: Any, **options: Any) -> bytes:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.onnx, "export", sharing)
            return export_graph(*given, **options)

    return export


@pytest.fixture(scope="module")
def network() -> FaceNetwork:
    torch.manual_seed(0)
    return shrink(as_trained(tiny(4)))


@pytest.fixture(scope="module")
def exported(
    network: FaceNetwork, export_shared: Callable[..., bytes]
) -> tuple[FaceNetwork, bytes]:
    return network, export_shared(network, TEMPERATURE, SPEC)


def test_other_network_is_noticed(exported: tuple[FaceNetwork, bytes]) -> None:
    torch.manual_seed(1)
    other = Deployed(shrink(as_trained(tiny(4))), TEMPERATURE).eval()
    with pytest.raises(TrainingError, match="differs from PyTorch"):
        check_parity(exported[1], other, SPEC)


def test_other_features_are_noticed(exported: tuple[FaceNetwork, bytes]) -> None:
    network, graph = exported
    with pytest.raises(TrainingError, match=r"differs from PyTorch by 0.05 in its features"):
        check_parity(graph, Altered(network, 1, everywhere).eval(), SPEC)


def test_real_faces_are_compared(exported: tuple[FaceNetwork, bytes]) -> None:
    network, graph = exported
    altered = Altered(network, 0, is_dark).eval()
    dark = np.random.default_rng(0).integers(0, 9, (700, 16, 16, 1), np.uint8)
    assert check_parity(graph, Deployed(network, TEMPERATURE).eval(), SPEC, dark) < 1e-4
    with pytest.raises(TrainingError, match=r"differs from PyTorch by 0.05 in its probabilities"):
        check_parity(graph, altered, SPEC, dark)


def test_flat_pictures_only_warn(exported: tuple[FaceNetwork, bytes]) -> None:
    network, graph = exported
    with pytest.warns(RuntimeWarning, match="one gray .* by 0.05; on faces it differs by"):
        assert check_parity(graph, Altered(network, 0, is_flat).eval(), SPEC) < 1e-4


def test_graph_that_differs_is_kept_in_the_error(
    exported: tuple[FaceNetwork, bytes],
    export_shared: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, graph = exported
    monkeypatch.setattr("mien.training.expression.export.TOLERANCE", -1.0)
    with pytest.raises(ParityError, match="differs") as caught:
        export_shared(network, TEMPERATURE, SPEC)
    assert caught.value.graph == graph


def test_the_graph_that_tests_share_is_that_of_pytorch(
    exported: tuple[FaceNetwork, bytes], export_shared: Callable[..., bytes]
) -> None:
    torch.manual_seed(1)
    other = shrink(as_trained(tiny(4)))
    shared = export_shared(other, 0.3, SPEC)
    assert shared != exported[1]
    assert shared == export_graph(other, 0.3, SPEC)


def test_network_without_features_has_one_output() -> None:
    class Bare(FaceNetwork):
        def with_features(self, pictures: Tensor) -> tuple[Tensor, None]:
            return pictures.mean(dim=(2, 3)) * torch.tensor([1.0, -1.0]), None

    graph = export_graph(Bare().eval(), 1.0, SPEC)
    assert [output.name for output in ort.InferenceSession(graph).get_outputs()] == [
        "probabilities"
    ]
