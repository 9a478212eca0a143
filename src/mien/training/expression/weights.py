"""The float weights beside a bundle's graph: weights.safetensors, for who trains it further.

They are those of the network that `shrink` made, before any computing in 8 bits: batch
normalisation folded, in 16 bits. Biases, which are few, keep 32 bits, so that a network made of the
file gives what the graph gives. The file's header says what network they belong to.
"""

from collections.abc import Sequence

import torch

from mien.models.bundle import AnyBundle, Bundle, T
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import TrainSettings
from mien.training.expression.stored import Shape, damaged, encode, read_stored
from mien.training.onnx_export import shrink
from mien.types import FloatArray

# A teacher has 7 MB of them, the shipped models 2; the arrays of a large network belong elsewhere.
MAX_BYTES = 16_000_000


def pack_weights(
    network: FaceNetwork, settings: TrainSettings, classes: Sequence[str]
) -> bytes | None:
    """Return the bytes of weights.safetensors.

    Args:
        network: As `shrink` made it.
        settings: Of the run that it comes from.
        classes: What it learnt, in the order of its outputs.

    Returns:
        The file, or None where it would have more than `MAX_BYTES`.
    """
    shape = Shape(settings.arch, tuple(classes), settings.channels, settings.size)
    tensors = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
    data = encode(tensors, shape)
    return data if len(data) <= MAX_BYTES else None


def read_weights(bundle: AnyBundle[T]) -> dict[str, FloatArray]:
    """Return a bundle's weights, float32 by name.

    Raises:
        BundleError: The bundle has none, or the file is missing, changed or damaged.
    """
    return read_stored(bundle)[1]


def learnt_classes(bundle: AnyBundle[T]) -> tuple[str, ...]:
    """Return what a bundle's network learnt, in the order of its outputs.

    Raises:
        BundleError: The bundle has no weights, or they are missing, changed or damaged.
    """
    return read_stored(bundle)[0].classes


def network_from_bundle(bundle: Bundle) -> FaceNetwork:
    """Rebuild a bundle's network, ready to read: it gives logits, without the temperature.

    Its batch normalisation is folded into its convolutions, which then have biases.

    Raises:
        BundleError: The bundle has no weights, or they are missing, changed or damaged.
    """
    shape, tensors = read_stored(bundle)
    try:
        network = shrink(ARCHITECTURES[shape.arch](len(shape.classes), shape.channels, shape.size))
        network.load_state_dict({name: torch.from_numpy(one) for name, one in tensors.items()})
    except (RuntimeError, ValueError, TypeError) as error:
        raise damaged(bundle.path, error) from error
    return network
