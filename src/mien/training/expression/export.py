"""From a trained network to one ONNX graph: faces in, calibrated probabilities out.

The graph is checked against PyTorch before anything is written.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
import torch

from mien.datasets.arrays import Pictures
from mien.errors import TrainingError
from mien.models.classifier import FEATURES, PROBABILITIES
from mien.models.onnx import ALL_CORES, make_session
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.network import Deployed
from mien.training.onnx_export import to_graph
from mien.training.quantise import quantise_faces
from mien.types import FloatArray, InputSpec, PixelArray

BATCH = 256
OUTPUTS = (PROBABILITIES, FEATURES)
COMPARED = 256
# Both compute in fp32, but in another order; a probability that differs by more is another model.
TOLERANCE = 1e-4
FEATURES_TOLERANCE = 1e-3  # of a feature, relative to the largest one
FLAT_TOLERANCE = 1e-2


class ParityError(TrainingError):
    """A graph that answers otherwise than PyTorch; it is kept here, for whoever looks into it."""

    def __init__(self, message: str, graph: bytes) -> None:
        super().__init__(message)
        self.graph = graph


def export_graph(
    network: FaceNetwork,
    temperature: float,
    spec: InputSpec,
    sample: Pictures | None = None,
    faces: Pictures | None = None,
    reads: Sequence[int] | None = None,
) -> bytes:
    """Export uint8 faces → calibrated probabilities and features, and compare with PyTorch.

    Args:
        network: Gives logits for float pictures in 0..1; best one that `shrink` made.
        temperature: What the logits are divided by.
        spec: Size and channels of the faces.
        sample: Training faces, uint8 [M,S,S,C], for convolutions in 8 bits; None for weights in 16
            bits.
        faces: Real faces to compare on, uint8 [M,S,S,C]: at most `COMPARED` of them are used.
        reads: Which of the network's classes the bundle reads; all unless given.

    Returns:
        The bytes of an ONNX graph with the input `faces` and the output `probabilities`; and
        `features`, where the network gives any. In 8 bits it gives slightly other values than
        PyTorch; the graph it was made from does not.

    Raises:
        ParityError: The graph gives other values than PyTorch.
    """
    deployed = Deployed(network.cpu(), temperature, reads).eval()
    shape = (2, spec.size, spec.size, spec.channels)
    # Two unlike faces: a graph that folds the batch size into a constant would show.
    example = torch.randint(0, 256, shape, dtype=torch.uint8)
    with torch.no_grad():
        outputs = OUTPUTS[: len(deployed(example))]
    batch = {"faces": {0: torch.export.Dim("n", min=1, max=4096)}}
    graph = to_graph(deployed, example, outputs, batch)
    final = graph if sample is None else quantise_faces(graph, sample)
    try:
        check_parity(graph, deployed, spec, faces)
    except TrainingError as error:
        raise ParityError(str(error), final) from error
    return final


def run_graph(graph: bytes, faces: Pictures, output: str = PROBABILITIES) -> FloatArray:
    """Return what a graph says of faces, uint8 [N,S,S,C]: float32 [N,K], [N,K+1] or [N,D]."""
    session = make_session(graph, "the exported graph", ALL_CORES)
    parts = [
        session.run([output], {"faces": np.array(faces[start : start + BATCH])})[0]
        for start in range(0, len(faces), BATCH)
    ]
    return np.concatenate(parts)


def check_parity(
    graph: bytes, deployed: Deployed, spec: InputSpec, faces: Pictures | None = None
) -> float:
    """Compare the graph with PyTorch on noise and real faces, in several batch sizes.

    Flat pictures are judged by themselves: `Standardise` divides what rounding leaves of them by a
    hundredth, so that two right networks differ there by more than anywhere else. They only warn.

    Returns:
        The largest difference of a probability.

    Raises:
        TrainingError: The difference is above `TOLERANCE`, or that of a feature is above
            `FEATURES_TOLERANCE`.
    """
    session = make_session(graph, "the exported graph", ALL_CORES)
    shape = (spec.size, spec.size, spec.channels)
    noise = np.random.default_rng(0).integers(0, 256, (8, *shape), dtype=np.uint8)
    shown = [noise, noise[:1]]
    if faces is not None and len(faces):
        chosen = np.linspace(0, len(faces) - 1, min(COMPARED, len(faces))).astype(int)
        shown += np.array_split(np.array(faces[chosen]), -(-len(chosen) // BATCH))
    differences = [_differences(session, deployed, some) for some in shown]
    worst, features = max(one for one, _ in differences), max(one for _, one in differences)
    for name, value, most in (
        (PROBABILITIES, worst, TOLERANCE),
        (FEATURES, features, FEATURES_TOLERANCE),
    ):
        if not value <= most:
            raise TrainingError(
                f"the exported graph differs from PyTorch by {value:.2g} in its {name} (at most "
                f"{most:g}); report this with `mien doctor`"
            )
    flat = np.stack([np.full(shape, value, np.uint8) for value in (0, 127, 255)])
    amiss, _ = _differences(session, deployed, flat)
    if not amiss <= FLAT_TOLERANCE:
        warnings.warn(
            f"on pictures of one gray the exported graph differs from PyTorch by {amiss:.2g}; on "
            f"faces it differs by {worst:.2g}",
            RuntimeWarning,
            stacklevel=2,
        )
    return worst


@torch.no_grad()
def _differences(
    session: ort.InferenceSession, deployed: Deployed, faces: PixelArray
) -> tuple[float, float]:
    """Return the largest difference of a probability, and of a feature over the largest one."""
    wanted = [value.numpy() for value in deployed(torch.from_numpy(faces))]
    given = session.run(list(OUTPUTS[: len(wanted)]), {"faces": faces})
    worst = [float(np.abs(one - other).max()) for one, other in zip(given, wanted, strict=True)]
    scale = max(1.0, float(np.abs(wanted[-1]).max()))
    # A number that is none is no small difference, though `max` may take it for one.
    worst = [value if np.isfinite(value) else np.inf for value in worst]
    return worst[0], worst[1] / scale if len(worst) > 1 else 0.0
