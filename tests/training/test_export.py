"""The exported graph is PyTorch's network, for any number of faces; a wrong one is refused."""

import numpy as np
import onnxruntime as ort
import pytest
import torch

from mien.errors import TrainingError
from mien.training.export import check_parity, export_graph
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


def test_other_network_is_noticed() -> None:
    spec = InputSpec(16, 1, 1.0)
    torch.manual_seed(0)
    graph = export_graph(ARCHITECTURES["residual"](4, 1, 16).eval(), 1.0, spec)
    other = Deployed(ARCHITECTURES["residual"](4, 1, 16), 1.0).eval()
    with pytest.raises(TrainingError, match="differs from PyTorch"):
        check_parity(graph, other, spec)
