"""Reads what a Keras file says of itself: its architecture, and in which form its weights lie.

Three forms are known: `.keras` (a zip of Keras 3), a whole model as `.h5`, and an architecture as
JSON with the weights as `.h5`. The form is told by the bytes, not by the name, because older
versions of Keras wrote HDF5 into files called `.keras`. Nothing here runs anything of the file.
"""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py

from mien.errors import BundleError, one_line

HDF5, ZIP = b"\x89HDF", b"PK\x03\x04"
CONFIG = "config.json"
# Far above what any network for small faces needs; a zip may unpack to far more than its size.
MAX_MEMBER = 1 << 30

# Keras decides by these endings how it reads weights.
WeightsForm = Literal[".keras", ".h5", ".weights.h5"]


@dataclass(frozen=True, slots=True)
class KerasSource:
    """What a file says.

    Attributes:
        path: The file with the weights.
        architecture: The file with the architecture, where that is another.
        sha256: Hash of the file with the weights.
        config: The architecture, as the file holds it: unchecked.
        form: How the weights lie in the file.
    """

    path: Path
    architecture: Path | None
    sha256: str
    config: Any
    form: WeightsForm


def read_source(path: Path, architecture: Path | None = None) -> KerasSource:
    """Read a model file.

    Args:
        path: A `.keras` or `.h5` file; weights alone where `architecture` is given.
        architecture: A JSON file, as `model.to_json()` gives it.

    Raises:
        BundleError: A file cannot be read, is of another kind, or lacks the architecture.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    if start not in (HDF5, ZIP):
        raise BundleError(f"{path}: no Keras model; name a .keras or .h5 file that Keras saved")
    text, form = _read_zip(path) if start == ZIP else _read_hdf5(path)
    if architecture is not None:
        text = _read_text(architecture)
    if text is None:
        raise BundleError(
            f"{path}: holds weights only; name the file with the model's JSON by --architecture"
        )
    return KerasSource(path, architecture, digest, _decoded(text, architecture or path), form)


def _read_zip(path: Path) -> tuple[bytes | None, WeightsForm]:
    try:
        with zipfile.ZipFile(path) as archive:
            largest = max(member.file_size for member in archive.infolist())
            if largest > MAX_MEMBER:
                raise BundleError(f"{path}: unpacks to {largest:,} bytes, which is no such model")
            return archive.read(CONFIG), ".keras"
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise BundleError(
            f"{path}: not a whole .keras file ({one_line(error)}); save the model again"
        ) from error


def _read_hdf5(path: Path) -> tuple[bytes | None, WeightsForm]:
    try:
        with h5py.File(path, "r") as file:
            backend = file.attrs.get("backend", "")
            config = file.attrs.get("model_config")
            legacy = "layer_names" in file.attrs or "model_weights" in file
            known = legacy or "layers" in file or "_layer_checkpoint_dependencies" in file
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise BundleError(
            f"{path}: damaged or incomplete ({one_line(error)}); save the model again"
        ) from error
    if not known:
        raise BundleError(f"{path}: an HDF5 file, but it holds no weights of Keras")
    if backend in ("theano", b"theano"):
        raise BundleError(
            f"{path}: saved with Theano, whose kernels are mirrored; load and save it with "
            "Keras 2 on TensorFlow first"
        )
    text = config.encode() if isinstance(config, str) else config
    return text, ".h5" if legacy else ".weights.h5"


def _read_text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error


def _decoded(text: bytes, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise BundleError(
            f"{path}: the architecture is no JSON ({one_line(error)}); write it with to_json()"
        ) from error
