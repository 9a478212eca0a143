"""The files of an archive: of this machine's folders, and of remote ones that fsspec reaches.

A remote file is fetched into a temporary one when its turn comes, and removed after it: a worker
holds one at a time.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mien.archive.places import is_remote, reach
from mien.errors import SourceError, told_as
from mien.files.writes import digest_of
from mien.sinks.files import as_written
from mien.sources.files import VIDEO_SUFFIXES, NothingFoundError
from mien.sources.open import FoundFile, list_files
from mien.types import Skipped
from mien.vision.images.formats import SUFFIXES

# What else fills the disk meanwhile is not known.
SPARE_BYTES = 100_000_000
# By which file systems tell one version of a file from another.
_STAMPS = ("ETag", "etag", "md5Hash", "checksum", "LastModified", "updated", "mtime", "created")


@dataclass(frozen=True, slots=True)
class Item:
    """One file.

    Attributes:
        name: Its path or address.
        below: Where a mirror of what was named has it, with slashes.
        is_picture: Whether it is read as a picture.
        named: Whether it was asked for, and not only found in a folder.
        size: Bytes.
        stamp: What a remote folder says of its version; "" of a file of this machine.
    """

    name: str
    below: str
    is_picture: bool
    named: bool
    size: int
    stamp: str = ""

    @property
    def file(self) -> str:
        """Its name as tables have it."""
        return as_written(self.name)

    @property
    def folder(self) -> str:
        """The folder that it lies in."""
        return self.name.rpartition("/" if self.stamp else os.sep)[0]


class ChangedError(SourceError):
    """A file that changed, or vanished, while it was read."""


def list_items(specs: Sequence[str], skipped: list[Skipped]) -> list[Item]:
    """List the files that are meant, each once.

    Args:
        specs: Files, folders and patterns, and addresses of such.
        skipped: Takes what is left out, and why.

    Raises:
        SettingsError: One is a camera, a stream or the sample, or cannot be reached.
        SourceError: There is nothing like one of them, or nothing in any.
    """
    here = [spec for spec in specs if not is_remote(spec)]
    found = [_item(file) for file in list_files(here, skipped)] if here or not specs else []
    for spec in specs:
        if is_remote(spec):
            found += _remote_items(spec, skipped)
    items: dict[str, Item] = {}
    for item in found:
        other = items.setdefault(item.file, item)
        if other.name != item.name:
            reason = "is written like the name of another file, which is read; rename one"
            skipped.append(Skipped(item.name, reason, item.named))
    return list(items.values())


def _item(file: FoundFile) -> Item:
    try:
        size = file.path.stat().st_size
    except OSError:  # it has vanished already; its turn will say so
        size = 0
    below = file.below.as_posix()
    return Item(str(file.path), below, file.is_picture, file.named, size)


def _remote_items(url: str, skipped: list[Skipped]) -> Iterator[Item]:
    """Yield the files of an address, by the same endings as those of a folder, in order."""
    system, path = reach(url)
    with told_as(SourceError, url, "cannot be listed"):
        # What was listed before may have changed.
        system.invalidate_cache()
        listed = system.expand_path(path) if "*" in path else [path]
        files = {
            name: info
            for one in listed
            for name, info in system.find(one, detail=True).items()
            if info["type"] == "file"
        }
    count = 0
    for name, info in sorted(files.items()):
        named = name == path.rstrip("/")
        below = _remote_below(name, path)
        suffix = PurePath(name).suffix.lower()
        if any(part.startswith(".") for part in PurePath(below).parts):
            continue
        if suffix not in SUFFIXES | VIDEO_SUFFIXES:
            skipped.append(Skipped(system.unstrip_protocol(name), "no format that is read here"))
            continue
        count += 1
        size = int(info["size"] or 0)
        stamp = digest_of(size, {key: str(info[key]) for key in _STAMPS if key in info})
        address = str(system.unstrip_protocol(name))
        yield Item(address, below, suffix in SUFFIXES, named, size, stamp)
    if not count:
        raise NothingFoundError(f"{url}: no picture or video that is read here")


def _remote_below(name: str, path: str) -> str:
    """Return where a mirror has a remote file; `path` is what was named."""
    if "*" in path:
        return name.removeprefix(path.split("*")[0].rpartition("/")[0]).lstrip("/")
    root = path.rstrip("/")
    way = name.removeprefix(root).lstrip("/")
    return f"{PurePath(root).name}/{way}" if way else PurePath(name).name


@contextlib.contextmanager
def at_hand(item: Item) -> Iterator[Path]:
    """Give a file of this machine that holds what an item does; a remote one is fetched.

    Raises:
        SourceError: It cannot be fetched, or is larger than the room for temporary files.
    """
    if not item.stamp:
        yield Path(item.name)
        return
    with tempfile.TemporaryDirectory(prefix="mien-fetch-") as folder:
        free = shutil.disk_usage(folder).free
        if item.size > free - SPARE_BYTES:
            raise SourceError(
                f"{item.name}: its {item.size:,} bytes do not fit into {tempfile.gettempdir()}; "
                "name a larger disk with TMPDIR"
            )
        path = Path(folder, "file").with_suffix(PurePath(item.name).suffix)
        system, remote = reach(item.name)
        with told_as(SourceError, item.name, "cannot be fetched"):
            system.get_file(remote, str(path))
        yield path


def digest_of_file(path: Path, name: str) -> str:
    """Return the sha256 of a file, in hexadecimal.

    Args:
        path: The file.
        name: What to call it.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror}") from error


@contextlib.contextmanager
def unchanged(path: Path, name: str) -> Iterator[None]:
    """Make sure that a file is at the end of the block what it was at its beginning.

    What a block raises of a file that changed meanwhile is not the news, and is not raised.

    Raises:
        ChangedError: It is not.
    """
    before = _state(path)
    told = f"{name}: changed or vanished while it was read; the next start looks at it again"
    try:
        yield
    except Exception as error:
        if before is not None and _state(path) != before:
            raise ChangedError(told) from error
        raise
    if before is not None and _state(path) != before:
        raise ChangedError(told)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
