"""Replaces several files of a folder without ever losing a former one half-way."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path


def replace_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write all files in full, then rename them one after the other; other files are left alone.

    Args:
        folder: An existing folder.
        contents: File name → bytes; renamed in this order.

    Raises:
        OSError: A file cannot be written; where that is for want of space, none was replaced.
    """
    # Inside the folder, so that the renames stay on one file system and need no space.
    temporary = Path(tempfile.mkdtemp(prefix=".mien-", dir=folder))
    try:
        for name, data in contents.items():
            (temporary / name).write_bytes(data)
        for name in contents:
            (temporary / name).replace(folder / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
