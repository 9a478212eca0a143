"""Finds the file that each row of a metadata.csv speaks of, however its path is written."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from mien.datasets.inputs.metadata import FileNote

# From the most exact way to the least; a name that fits two files by one way fits none by it.
_WAYS: tuple[Callable[[str], str], ...] = (
    # macOS writes accents otherwise than editors do, and Windows has backslashes.
    lambda name: unicodedata.normalize("NFC", name),
    lambda name: _slashes(name),
    lambda name: _slashes(name).casefold(),
    lambda name: _slashes(name).rpartition("/")[2].casefold(),
)


def match_notes(
    notes: Mapping[str, FileNote], origins: Sequence[str], folder: str
) -> tuple[dict[int, FileNote], list[str]]:
    """Find the file of every row.

    A path may begin with the folder's own name, be absolute, or be a bare file name where only
    one file has it.

    Args:
        notes: What is said of each file, by the name that the rows give it.
        origins: The files, as paths below the folder.
        folder: The folder's own name.

    Returns:
        What is said of each file, by its number among the origins; and the names that are those of
        no file.
    """
    found: dict[int, FileNote] = {}
    waiting = list(notes)
    for way in _WAYS:
        if not waiting:
            break
        files = _unique(origins, way)
        missing = []
        for name in waiting:
            row = next((files[key] for key in _keys(way(name), folder) if key in files), None)
            if row is None or row in found:
                missing.append(name)
            else:
                found[row] = notes[name]
        waiting = missing
    return found, waiting


def _slashes(name: str) -> str:
    text = unicodedata.normalize("NFC", name).replace("\\", "/")
    return re.sub(r"^(\./+)+", "", re.sub(r"//+", "/", text))


def _unique(origins: Sequence[str], way: Callable[[str], str]) -> dict[str, int]:
    """Return the number of each key's file, without those that several files have."""
    files: dict[str, int] = {}
    several = set()
    for row, origin in enumerate(origins):
        key = way(origin)
        if files.setdefault(key, row) != row:
            several.add(key)
    for key in several:
        del files[key]
    return files


def _keys(name: str, folder: str) -> list[str]:
    """Return a path, and what of it follows the folder's own name."""
    below = re.match(rf"(?:.*/)?{re.escape(folder)}/(.+)$", name, re.IGNORECASE | re.DOTALL)
    return [name, below[1]] if below else [name]
