"""From files to parts: which share a table, and what that is called."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mien.archive.inputs import Item
from mien.archive.readings.manifest import Row, is_manifest
from mien.sinks.files import as_written

PICTURES = "pictures"
# A folder of more is read in several tables, so that several workers share it.
SLICE = 5000
# Bytes of a name that every disk takes, with room for what is put before it meanwhile.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Part:
    """What appears whole: the files of one table.

    Attributes:
        table: Its name, from the folder of the manifest on, with slashes.
        items: The files, in order: one video, or pictures of one folder.
    """

    table: str
    items: tuple[Item, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items)


def parts_of(items: Sequence[Item], suffix: str, known: Mapping[str, Row]) -> list[Part]:
    """Share out files to tables.

    Args:
        items: The files.
        suffix: Of a table: ".csv".
        known: Rows of former runs by file: a table that they name stays that of its file.

    Returns:
        The largest first, so that the last ones to be worked on are small. A table's name mirrors
        where its files lie; where that name is another's already, with a digest.
    """
    names = _Names(known, items)
    parts = []
    for below, group in _groups(items):
        table = names.take(below, suffix, group)
        parts.append(Part(table, group))
    return sorted(parts, key=lambda part: (-part.size, part.table))


def _groups(items: Sequence[Item]) -> Iterable[tuple[str, tuple[Item, ...]]]:
    """Yield the files of each table, with the name that mirrors where they lie."""
    folders: dict[str, list[Item]] = {}
    for item in items:
        if item.is_picture:
            folders.setdefault("" if item.named else item.folder, []).append(item)
        else:
            yield item.below, (item,)
    for group in folders.values():
        folder = PurePosixPath(group[0].below).parent
        for number, start in enumerate(range(0, len(group), SLICE), start=1):
            name = PICTURES if number == 1 else f"{PICTURES}-{number}"
            yield str(folder / name), tuple(group[start : start + SLICE])


class _Names:
    """Gives each part a name of its own, also on disks that take "A" and "a" for one."""

    def __init__(self, known: Mapping[str, Row], items: Sequence[Item]) -> None:
        self._owners: dict[str, set[str]] = {}
        for row in known.values():
            if row.table:
                self._owners.setdefault(_key(row.table), set()).add(row.file)
        # A folder may be called like a table.
        self._taken = {
            _key(str(folder))
            for below in {item.below.rpartition("/")[0] for item in items}
            for folder in (PurePosixPath(below), *PurePosixPath(below).parents)
        }

    def take(self, below: str, suffix: str, items: tuple[Item, ...]) -> str:
        table = _short(below, suffix)
        if not self._is_free(table, items):
            digest = hashlib.sha256(os.fsencode(_origin(items[0]))).hexdigest()[:8]
            table = _short(below, f"-{digest}{suffix}")
        self._taken.add(_key(table))
        return table

    def _is_free(self, table: str, items: tuple[Item, ...]) -> bool:
        key = _key(table)
        owners = self._owners.get(key, set())
        own = {item.file for item in items}
        return (
            key not in self._taken
            and not is_manifest(key)
            and (not owners or not owners.isdisjoint(own))
        )


def _origin(item: Item) -> str:
    """Return what a table is named after: of a folder's pictures the first may be another one."""
    return item.folder if item.is_picture and not item.named else item.name


def _short(below: str, ending: str) -> str:
    """Return a name with its ending; where it is too long for a disk, cut, and with a digest."""
    path = PurePosixPath(below)
    raw = os.fsencode(path.name)
    if len(raw) + len(ending) > LONGEST:
        digest = hashlib.sha256(raw).hexdigest()[:8]
        kept = raw[: LONGEST - len(ending) - len(digest) - 1].decode("utf-8", "ignore")
        return str(path.with_name(f"{kept}-{digest}{ending}"))
    return str(path.with_name(path.name + ending))


def _key(table: str) -> str:
    return unicodedata.normalize("NFC", as_written(table)).casefold()
