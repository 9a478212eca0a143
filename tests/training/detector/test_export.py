"""The graph answers as PyTorch does, for pictures of any size."""

import numpy as np
import onnxruntime as ort
import pytest
import torch

from mien.errors import TrainingError
from mien.training.detector import export
from mien.training.detector.export import OUTPUTS, Deployed, export_detector
from mien.training.detector.network import DetectorNetwork


@pytest.fixture(scope="module")
def graph() -> bytes:
    torch.manual_seed(0)
    return export_detector(DetectorNetwork((8, 8, 16, 16, 16), 16).eval())


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
    torch.manual_seed(1)
    other = Deployed(DetectorNetwork((8, 8, 16, 16, 16), 16)).eval()
    with pytest.raises(TrainingError, match="differ from PyTorch's by"):
        export._compare(graph, other)
