"""The exported graph is PyTorch's network, for any number of faces; a wrong one is refused."""

import numpy as np
import onnxruntime as ort
import pytest
import torch

from mien.errors import TrainingError
from mien.training.export import check_parity, export_graph, run_graph, shrink
from mien.training.network import ARCHITECTURES, Deployed
from mien.types import InputSpec


@pytest.mark.parametrize(("arch", "channels", "size"), [("residual", 1, 32), ("baseline", 3, 48)])
def test_graph_equals_pytorch(arch: str, channels: int, size: int) -> None:
    network = ARCHITECTURES[arch](4, channels, size).eval()
    graph = export_graph(network, 1.7, InputSpec(size, channels, 1.0))
    session = ort.InferenceSession(graph)
    for count in (1, 5):
        faces = np.random.default_rng(0).integers(0, 256, (count, size, size, channels), np.uint8)
        (given,) = session.run(["probabilities"], {"faces": faces})
        with torch.no_grad():
            wanted = Deployed(network, 1.7)(torch.from_numpy(faces)).numpy()
        np.testing.assert_allclose(given, wanted, atol=1e-5)


def test_graph_gives_what_is_not_read_as_one() -> None:
    network = ARCHITECTURES["residual"](4, 1, 16).eval()
    faces = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), np.uint8)
    whole = run_graph(export_graph(network, 1.7, InputSpec(16, 1, 1.0)), faces)
    given = run_graph(export_graph(network, 1.7, InputSpec(16, 1, 1.0), reads=[2, 0]), faces)
    wanted = np.column_stack([whole[:, [2, 0]], whole[:, [1, 3]].sum(axis=1)])
    np.testing.assert_allclose(given, wanted, atol=1e-5)


def test_shrunk_network_reads_the_same_from_half_the_bytes() -> None:
    torch.manual_seed(0)
    network = ARCHITECTURES["residual"](4, 1, 16)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # as after some training
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    network.eval()
    small = shrink(network)
    pictures = torch.rand(8, 1, 16, 16)
    with torch.no_grad():
        wanted, given = (torch.softmax(n(pictures), 1) for n in (network, small))
    torch.testing.assert_close(given, wanted, atol=2e-3, rtol=0)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in small.modules())
    weights = sum(p.numel() for p in small.parameters())
    assert len(export_graph(small, 1.0, InputSpec(16, 1, 1.0))) < 2.2 * weights


def test_other_network_is_noticed() -> None:
    spec = InputSpec(16, 1, 1.0)
    torch.manual_seed(0)
    graph = export_graph(ARCHITECTURES["residual"](4, 1, 16).eval(), 1.0, spec)
    other = Deployed(ARCHITECTURES["residual"](4, 1, 16), 1.0).eval()
    with pytest.raises(TrainingError, match="differs from PyTorch"):
        check_parity(graph, other, spec)
