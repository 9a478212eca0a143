"""Finds weight files and reads them only where they are the very files that are known."""

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from mien.errors import BundleError
from mien.files.pickles import refuse_pickle


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed top-level package without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def read_known(path: Path, known: Mapping[str, str]) -> tuple[bytes, str]:
    """Read a file whose sha256 is known.

    Args:
        path: The file.
        known: sha256 in hexadecimal → name of the file.

    Returns:
        The contents, and the name that its hash has in `known`.

    Raises:
        BundleError: The file cannot be read or is not one of the known files.
    """
    accepted = ", ".join(f"{name} ({sha256[:12]}…)" for sha256, name in known.items())
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest not in known:
        refuse_pickle(path, BundleError, f"give one of: {accepted}")
        raise BundleError(
            f"{path}: sha256 is {digest[:12]}…, which is no known file; give one of: {accepted}"
        )
    return data, known[digest]
