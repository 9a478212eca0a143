"""What lies in weights.safetensors, and how it is read and written without PyTorch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mien.errors import BundleError, one_line
from mien.models.bundle import WEIGHTS, AnyBundle, T
from mien.parsing import decode_json
from mien.training.expression.settings import Architecture
from mien.types import FloatArray

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


def encode(tensors: Mapping[str, FloatArray], shape: Shape) -> bytes:
    """Return the bytes of weights.safetensors: matrices in 16 bits, the few biases in 32."""
    header = {SHAPE: msgspec.json.encode(shape).decode()}
    return bytes(save({name: _packed(value) for name, value in tensors.items()}, metadata=header))


def read_stored(bundle: AnyBundle[T]) -> tuple[Shape, dict[str, FloatArray]]:
    """Return what network a bundle's weights belong to, and the weights, float32 by name.

    Raises:
        BundleError: The bundle has none, or the file is missing, changed or damaged.
    """
    data = bundle.load_weights()
    try:
        tensors = {name: _floats(value) for name, value in load(data).items()}
        # The file begins with 8 bytes that give the length of its header, which is JSON.
        length = int.from_bytes(data[:8], "little")
        facts = decode_json(data[8 : 8 + length], _Header).facts
        return decode_json(facts[SHAPE].encode(), Shape), tensors
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise damaged(bundle.path, error) from error


def damaged(path: Path, error: Exception) -> BundleError:
    """Return the error of a bundle whose weights are none."""
    return BundleError(f"{path / WEIGHTS}: not the weights of a network ({one_line(error)})")


def _packed(value: FloatArray) -> Any:
    return np.ascontiguousarray(value, np.float16 if value.ndim > 1 else value.dtype)


def _floats(value: Any) -> FloatArray:
    return np.array(value, dtype=np.float32)
