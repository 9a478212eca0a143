"""What a Keras file says of itself: its architecture, its weights, and how they are named.

Three forms are known: `.keras` (a zip of Keras 3), a whole model as `.h5`, and an architecture as
JSON with the weights as `.h5`. The form is told by the bytes, not by the name, because older
versions of Keras wrote HDF5 into files called `.keras`. Nothing here runs anything of the file,
and no file is opened as HDF5 or zip in this process: `reading.py` does it in another.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import LONGEST_REASON, BundleError, one_line
from mien.files.pickles import refuse_pickle
from mien.keras import reading
from mien.keras.reading import Weights
from mien.parsing import decode_json_loosely

# Seconds for the process to start, and bytes per second of the slowest disk thought of.
PATIENCE, SLOWEST = 30, 5_000_000
NAMED = "name a .keras or .h5 file that Keras saved"
NO_MODEL = f"no Keras model; {NAMED}"


@dataclass(frozen=True, slots=True)
class KerasSource:
    """What a file says.

    Attributes:
        path: The file with the weights.
        architecture: The file with the architecture, where that is another.
        sha256: Hash of the file with the weights.
        config: The architecture, as the file holds it: unchecked.
        legacy: Whether weights are listed by layer, as Keras 1 and 2 do; else by their place.
        weights: Name of a layer or a place, and its named arrays, float32, in order.
    """

    path: Path
    architecture: Path | None
    sha256: str
    config: Any
    legacy: bool
    weights: Weights


def read_source(path: Path, architecture: Path | None = None) -> KerasSource:
    """Read a model file.

    Args:
        path: A `.keras` or `.h5` file; weights alone where `architecture` is given.
        architecture: A JSON file, as `model.to_json()` gives it.

    Raises:
        BundleError: A file cannot be read, is of another kind, or lacks the architecture.
    """
    refuse_pickle(path, BundleError, NAMED)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe may never end
            raise BundleError(f"{path}: {NO_MODEL}")
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    if start not in (reading.HDF5, reading.ZIP):
        raise BundleError(f"{path}: {NO_MODEL}")
    text, legacy, weights = _read_apart(path)
    if architecture is not None:
        text = _read_text(architecture)
    if text is None:
        raise BundleError(
            f"{path}: holds weights only; name the file with the model's JSON by --architecture"
        )
    config = _decoded(text, architecture or path)
    return KerasSource(path, architecture, digest, config, legacy, weights)


def _read_apart(path: Path) -> reading.Content:
    """Let another process read the file, and wait for it only so long."""
    seconds = PATIENCE + path.stat().st_size // SLOWEST
    with tempfile.TemporaryDirectory() as folder:
        # -P: a file in the working folder must not take the place of a module.
        words = [sys.executable, "-P", "-m", reading.__name__, str(path), folder, str(seconds)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            done = subprocess.run(  # noqa: S603 - words of ours and a file's name
                words, env=environment, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BundleError(
                f"{path}: not read within {seconds} seconds, so it seems damaged; save the model "
                "again"
            ) from error
        if done.returncode == reading.REFUSED:
            raise BundleError(json.loads(done.stdout))
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            reason = said[0] if said else f"its reader ended with {done.returncode}"
            raise BundleError(f"{path}: cannot be read ({reason[:LONGEST_REASON]})")
        return _found(Path(folder))


def _found(folder: Path) -> reading.Content:
    found = json.loads((folder / reading.FOUND).read_bytes())
    with np.load(folder / reading.ARRAYS) as arrays:
        inorder = iter([arrays[name] for name in arrays.files])
    weights = [
        (group, [(name, next(inorder)) for name in names]) for group, names in found["weights"]
    ]
    config = folder / reading.CONFIG
    return config.read_bytes() if config.exists() else None, found["legacy"], weights


def _read_text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(reading.MAX_CONFIG + 1)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    if len(text) > reading.MAX_CONFIG:
        raise BundleError(f"{path}: no architecture, which is never larger than 16 MB")
    return text


def _decoded(text: bytes, path: Path) -> Any:
    try:
        return decode_json_loosely(text)
    except (ValueError, TypeError) as error:
        raise BundleError(
            f"{path}: the architecture is no JSON ({one_line(error)}); write it with to_json()"
        ) from error
