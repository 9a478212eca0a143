"""From a trained network to one ONNX graph: a picture in, scores, boxes and landmarks out."""

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from mien.errors import TrainingError
from mien.models.onnx import ALL_CORES, make_session
from mien.training.detector.network import OUTPUTS as ANSWERS
from mien.training.detector.network import STRIDES, DetectorNetwork, cells, decode
from mien.training.onnx_export import shrink, to_graph
from mien.training.quantise import quantise
from mien.types import PixelArray

OUTPUTS = ("scores", "boxes", "landmarks")
INPUT = "picture"
EXAMPLE = (96, 160)
CHECKED = ((32, 32), (96, 64), (256, 320))
TOLERANCE = 1e-3  # of a score, or of a pixel relative to the largest grid's unit


class Deployed(nn.Module):
    """What goes into the graph: uint8 pictures in, faces in pixels out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map uint8 [1,H,W,C] to scores [A], boxes [A,4] and landmarks [A,5,2]."""
        rows = self.network(picture.permute(0, 3, 1, 2).float())[0]
        boxes, landmarks = decode(rows, cells(picture.shape[1], picture.shape[2]))
        return torch.sigmoid(rows[:, 0]), boxes, landmarks


def export_detector(network: DetectorNetwork, sample: Sequence[PixelArray] = ()) -> bytes:
    """Export a network for pictures of any size that is a multiple of 32, and compare with PyTorch.

    Args:
        network: Any; weights are rounded to 16 bits.
        sample: Training scenes, uint8 [1,H,W,C], for convolutions in 8 bits; none for floats.

    Returns:
        The bytes of an ONNX graph with the input `picture`, uint8 [1,H,W,C], and the outputs
        `scores` [A], `boxes` [A,4] and `landmarks` [A,5,2], in pixels. In 8 bits it gives slightly
        other answers than PyTorch; the graph it was made from does not.

    Raises:
        TrainingError: The graph answers otherwise than PyTorch.
    """
    deployed = Deployed(shrink(network)).eval()
    channels = network.channels
    example = torch.randint(0, 256, (1, *EXAMPLE, channels), dtype=torch.uint8)
    coarsest = STRIDES[-1]
    rows, columns = (torch.export.Dim(name, min=1, max=128) for name in ("rows", "columns"))
    sides = {INPUT: {1: coarsest * rows, 2: coarsest * columns}}
    graph = to_graph(deployed, example, OUTPUTS, sides)
    _compare(graph, deployed, channels)
    return quantise(graph, INPUT, sample, keep=_kept) if len(sample) else graph


def _kept(model: onnx.ModelProto) -> list[str]:
    """Return the convolutions that stay in floats: the first and the last.

    Over few channels, 8 bits are slower than floats; and landmarks in steps of a 256th of the range
    of all landmarks would be off by a pixel.
    """
    shapes = {weight.name: weight.dims for weight in model.graph.initializer}
    layers = [node for node in model.graph.node if node.op_type == "Conv"]
    last = [node.name for node in layers if shapes[node.input[1]][0] == ANSWERS]
    return [layers[0].name, *last]


@torch.no_grad()
def _compare(graph: bytes, deployed: nn.Module, channels: int) -> None:
    session = make_session(graph, "the exported graph", ALL_CORES)
    rng = np.random.default_rng(0)
    for size in CHECKED:
        picture = rng.integers(0, 256, (1, *size, channels), dtype=np.uint8)
        given = session.run(list(OUTPUTS), {INPUT: picture})
        wanted = [array.numpy() for array in deployed(torch.from_numpy(picture))]
        for name, one, other in zip(OUTPUTS, given, wanted, strict=True):
            worst = float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))
            if not worst <= TOLERANCE:
                raise TrainingError(
                    f"the exported detector's {name} differ from PyTorch's by {worst:.2g} on a "
                    f"picture of {size} (at most {TOLERANCE:g}); report this with `mien doctor`"
                )
