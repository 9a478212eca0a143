"""The graph answers as PyTorch does, for pictures of any size."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnxruntime.quantization.shape_inference import quant_pre_process

from mien.errors import TrainingError
from mien.training.detector import export
from mien.training.detector.export import OUTPUTS, Deployed, export_detector
from mien.training.detector.network import DetectorNetwork

pytestmark = pytest.mark.usefixtures("shallow")


def small_network(seed: int) -> DetectorNetwork:
    """Return a network whose batch normalisation is as after some training."""
    torch.manual_seed(seed)
    network = DetectorNetwork(1, (8, 8, 16, 16, 16), 16)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)
    return network.eval()


@pytest.fixture(scope="module")
def graph(shallow: None, one_export: None) -> bytes:
    return export_detector(small_network(0))


@pytest.mark.parametrize("size", [(32, 64), (480, 640), (736, 1280)])
def test_any_multiple_of_32(graph: bytes, size: tuple[int, int]) -> None:
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).integers(0, 256, (1, *size, 1), dtype=np.uint8)
    scores, boxes, landmarks = session.run(list(OUTPUTS), {"picture": picture})
    count = sum(size[0] * size[1] // stride**2 for stride in (8, 16, 32))
    assert scores.shape == (count,)
    assert boxes.shape == (count, 4)
    assert landmarks.shape == (count, 5, 2)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_another_answer_than_pytorch_is_refused(
    graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Deployed(small_network(1)).eval()
    with pytest.raises(TrainingError, match="differ from PyTorch's by"):
        export._compare(graph, other, 1)


def test_eight_bits_are_smaller_and_close(graph: bytes) -> None:
    network = small_network(0)
    rng = np.random.default_rng(0)
    scenes = [rng.integers(0, 256, (1, 64, 64, 1), dtype=np.uint8) for _ in range(8)]
    small = export_detector(network, scenes)
    assert len(small) < len(graph)
    one, other = (
        ort.InferenceSession(each, providers=["CPUExecutionProvider"]).run(
            list(OUTPUTS), {"picture": scenes[0]}
        )
        for each in (graph, small)
    )
    assert np.abs(one[0] - other[0]).max() < 0.02
    assert np.abs(one[1] - other[1]).mean() < 1.0


def test_the_first_and_last_layers_stay_in_floats(graph: bytes, tmp_path: Path) -> None:
    (tmp_path / "graph.onnx").write_bytes(graph)
    # As `quantise` does it: before, the weights are no constants but cast from 16 bits.
    ready = str(tmp_path / "ready.onnx")
    quant_pre_process(str(tmp_path / "graph.onnx"), ready, skip_symbolic_shape=True)
    model = onnx.load(ready)
    kept = export._kept(model)
    layers = [node for node in model.graph.node if node.op_type == "Conv"]
    assert layers[0].name in kept
    assert len(kept) == 4
    assert len({node.name for node in layers}) == len(layers)
