"""The float weights beside a bundle's graph: weights.safetensors, for who trains it further.

They are those of the network that `shrink` made, before any computing in 8 bits: batch
normalisation folded, in 16 bits. Biases, which are few, keep 32 bits, so that a network made of the
file gives what the graph gives. The file's header says what network they belong to.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mien.errors import BundleError, one_line
from mien.models.bundle import WEIGHTS, AnyBundle, Bundle, T
from mien.parsing import decode_json
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import Architecture, TrainSettings
from mien.training.onnx_export import shrink
from mien.types import FloatArray

# A teacher has 7 MB of them, the shipped models 2; the arrays of a large network belong elsewhere.
MAX_BYTES = 16_000_000
MAX_SIZE = 1024  # side of pictures, far above that of any network here
SHAPE = "network"  # where the header says what network they belong to


class _Header(msgspec.Struct):
    facts: dict[str, str] = msgspec.field(name="__metadata__")


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What network weights belong to.

    Attributes:
        arch: Its name.
        classes: What it learnt, in the order of its outputs; the bundle may read some of them.
        channels: 1 for gray, 3 for RGB.
        size: Side of its pictures in pixels.
    """

    arch: Architecture
    classes: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=10_000)]
    channels: Literal[1, 3]
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIZE)]

    def build(self) -> FaceNetwork:
        """Return such a network, with folded batch normalisation and new weights."""
        return shrink(ARCHITECTURES[self.arch](len(self.classes), self.channels, self.size))


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
    header = {SHAPE: msgspec.json.encode(shape).decode()}
    tensors = {name: _packed(value) for name, value in network.state_dict().items()}
    data = bytes(save(tensors, metadata=header))
    return data if len(data) <= MAX_BYTES else None


def _packed(value: Tensor) -> Tensor:
    value = value.detach().cpu().contiguous()
    return value.half() if value.dim() > 1 else value


def read_weights(bundle: AnyBundle[T]) -> dict[str, FloatArray]:
    """Return a bundle's weights, float32 by name.

    Raises:
        BundleError: The bundle has none, or the file is missing, changed or damaged.
    """
    return {name: value.numpy() for name, value in _read(bundle)[1].items()}


def learnt_classes(bundle: AnyBundle[T]) -> tuple[str, ...]:
    """Return what a bundle's network learnt, in the order of its outputs.

    Raises:
        BundleError: The bundle has no weights, or they are missing, changed or damaged.
    """
    return _read(bundle)[0].classes


def network_from_bundle(bundle: Bundle) -> FaceNetwork:
    """Rebuild a bundle's network, ready to read: it gives logits, without the temperature.

    Its batch normalisation is folded into its convolutions, which then have biases.

    Raises:
        BundleError: The bundle has no weights, or they are missing, changed or damaged.
    """
    shape, tensors = _read(bundle)
    try:
        network = shape.build()
        network.load_state_dict(tensors)
    except (RuntimeError, ValueError, TypeError) as error:
        raise _damaged(bundle.path, error) from error
    return network


def _read(bundle: AnyBundle[T]) -> tuple[Shape, dict[str, Tensor]]:
    data = bundle.load_weights()
    try:
        tensors = {name: value.float() for name, value in load(data).items()}
        # The file begins with 8 bytes that give the length of its header, which is JSON.
        length = int.from_bytes(data[:8], "little")
        facts = decode_json(data[8 : 8 + length], _Header).facts
        return decode_json(facts[SHAPE].encode(), Shape), tensors
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(bundle.path, error) from error


def _damaged(path: Path, error: Exception) -> BundleError:
    return BundleError(f"{path / WEIGHTS}: not the weights of a network ({one_line(error)})")
