"""Reads the weights that a network can start from: files of TensorFlow.js graph models.

Such a model is a JSON file, whose manifest names and shapes the arrays, beside binary files that
hold nothing but their values one after the other: no code, no pickle.
"""

import glob
import hashlib
import math
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from mien.errors import TrainingError
from mien.files.pickles import refuse_pickle
from mien.parsing import decode_json
from mien.types import FloatArray

Side = Annotated[int, msgspec.Meta(ge=0)]
DTYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4"}


class _Quantization(msgspec.Struct):
    dtype: str


class _Array(msgspec.Struct):
    name: str
    shape: tuple[Side, ...]
    dtype: str
    quantization: _Quantization | None = None


class _Group(msgspec.Struct):
    paths: tuple[str, ...]
    weights: tuple[_Array, ...]


class _Model(msgspec.Struct):
    groups: tuple[_Group, ...] = msgspec.field(name="weightsManifest")


def read_graph_model(path: Path) -> dict[str, FloatArray]:
    """Read the weights of a TensorFlow.js graph model.

    Args:
        path: Its JSON file; the binary files lie beside it.

    Returns:
        Arrays by name, float32.

    Raises:
        TrainingError: A file is missing, damaged or of another kind.
    """
    refuse_pickle(path, TrainingError, "name the .json file of a TensorFlow.js graph model")
    try:
        model = decode_json(path.read_bytes(), _Model)
        result: dict[str, FloatArray] = {}
        for group in model.groups:
            # The names come from a file: none may lead out of its folder.
            parts = [(path.parent / Path(name).name).read_bytes() for name in group.paths]
            result |= _arrays(group, b"".join(parts))
    except OSError as error:
        raise TrainingError(f"{error.filename}: cannot be read: {error.strerror}") from error
    except (ValueError, OverflowError) as error:
        raise TrainingError(
            f"{path}: not the weights of a TensorFlow.js graph model ({error})"
        ) from error
    return result


def fingerprint(path: Path) -> str:
    """Return the sha256 of the binary files beside a model's JSON file.

    Raises:
        TrainingError: There is none, or one cannot be read.
    """
    files = sorted(path.parent.glob(f"{glob.escape(path.stem)}*.bin"))
    if not files:
        raise TrainingError(f"{path}: no file {path.stem}.bin beside it, which holds the weights")
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.read_bytes())
    except OSError as error:
        raise TrainingError(f"{error.filename}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _arrays(group: _Group, data: bytes) -> dict[str, FloatArray]:
    result, start = {}, 0
    for array in group.weights:
        kind = array.dtype if array.quantization is None else array.quantization.dtype
        if kind not in DTYPES:
            raise ValueError(f"{array.name} is {kind}, which is not supported")
        dtype = np.dtype(DTYPES[kind])
        count = math.prod(array.shape)
        values = np.frombuffer(data, dtype, count, start)
        result[array.name] = values.astype(np.float32).reshape(array.shape)
        start += count * dtype.itemsize
    if start != len(data):
        raise ValueError(f"{len(data)} bytes instead of {start}")
    return result
