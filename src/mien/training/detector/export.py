"""From a trained network to one ONNX graph: a gray picture in, scores, boxes and landmarks out."""

import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.training.detector.network import STRIDES, DetectorNetwork, cells, decode
from mien.training.export import shrink, to_graph

OUTPUTS = ("scores", "boxes", "landmarks")
EXAMPLE = (96, 160)
CHECKED = ((32, 32), (96, 64), (256, 320))
TOLERANCE = 1e-3  # of a score, or of a pixel relative to the largest grid's unit


class Deployed(nn.Module):
    """What goes into the graph: uint8 pictures in, faces in pixels out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map uint8 [1,H,W,1] to scores [A], boxes [A,4] and landmarks [A,5,2]."""
        rows = self.network(picture.permute(0, 3, 1, 2).float())[0]
        boxes, landmarks = decode(rows, cells(picture.shape[1], picture.shape[2]))
        return torch.sigmoid(rows[:, 0]), boxes, landmarks


def export_detector(network: DetectorNetwork) -> bytes:
    """Export a network for pictures of any size that is a multiple of 32, and compare with PyTorch.

    Returns:
        The bytes of an ONNX graph with the input `picture`, uint8 [1,H,W,1], and the outputs
        `scores` [A], `boxes` [A,4] and `landmarks` [A,5,2], in pixels; weights are kept in 16 bits.

    Raises:
        TrainingError: The graph answers otherwise than PyTorch.
    """
    deployed = Deployed(shrink(network)).eval()
    example = torch.randint(0, 256, (1, *EXAMPLE, 1), dtype=torch.uint8)
    coarsest = STRIDES[-1]
    rows, columns = (torch.export.Dim(name, min=1, max=128) for name in ("rows", "columns"))
    sides = {"picture": {1: coarsest * rows, 2: coarsest * columns}}
    graph = to_graph(deployed, example, OUTPUTS, sides)
    _compare(graph, deployed)
    return graph


@torch.no_grad()
def _compare(graph: bytes, deployed: nn.Module) -> None:
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for size in CHECKED:
        picture = rng.integers(0, 256, (1, *size, 1), dtype=np.uint8)
        given = session.run(list(OUTPUTS), {"picture": picture})
        wanted = [array.numpy() for array in deployed(torch.from_numpy(picture))]
        for name, one, other in zip(OUTPUTS, given, wanted, strict=True):
            worst = float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))
            if not worst <= TOLERANCE:
                raise TrainingError(
                    f"the exported detector's {name} differ from PyTorch's by {worst:.2g} on a "
                    f"picture of {size} (at most {TOLERANCE:g}); report this with `mien doctor`"
                )
