"""Finding the files that a user names: single files, folders and patterns.

Folders are read to the bottom, in an order that does not depend on the file system. Nothing outside
a named folder is ever read by way of a link inside it.
"""

import glob
import itertools
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from mien.errors import SourceError
from mien.files.writes import walk
from mien.sources.saying import Says
from mien.types import Skipped
from mien.vision.images.formats import REFUSED, SUFFIXES

VIDEO_SUFFIXES = frozenset(
    {
        *(".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov"),
        *(".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"),
    }
)


class NothingFoundError(SourceError):
    """A name that leads to no file that is read here."""


OnSkip = Callable[[Skipped], None]


def ignore(_: Skipped) -> None:
    """Take note of nothing."""


def find_pictures(
    specs: str | Path | Sequence[str | Path], *, on_skip: OnSkip = ignore
) -> list[Path]:
    """Find all pictures of files, folders and patterns; see `find_files`."""
    return find_files(specs, SUFFIXES, on_skip=on_skip)


def find_files(
    specs: str | Path | Sequence[str | Path],
    suffixes: Collection[str],
    *,
    on_skip: OnSkip = ignore,
) -> list[Path]:
    """Find the files that are meant, each once, in the order given and sorted inside folders.

    Hidden files in folders are ignored. Links to folders are not followed: what lies inside the
    named folder is read where it lies, and what lies outside was not asked for.

    Args:
        specs: Files (taken whatever their suffix), folders, or patterns such as `faces/**/*.jpg`.
        suffixes: Lower-case suffixes that are wanted from folders and patterns.
        on_skip: Called with every file in a folder that is left out, and why.

    Raises:
        SourceError: A file or folder does not exist or cannot be read, or nothing was found.
    """
    specs = [specs] if isinstance(specs, str | Path) else list(specs)
    found: dict[Path, None] = {}
    for spec in specs:
        for path in _expand(spec):
            if path.is_dir():
                found |= dict.fromkeys(_files_in(path, path.resolve(), suffixes, on_skip))
            elif _waits(path):
                on_skip(Skipped(str(path), "not a regular file"))
            else:
                found[path] = None
    if not found:
        names = ", ".join(str(spec) for spec in specs) or "no name given"
        raise NothingFoundError(Says.NOTHING_INSIDE(name=names, kinds=_listing(suffixes)))
    return list(found)


def _expand(spec: str | Path) -> list[Path]:
    if spec == "":
        # Path("") is the current folder, which someone with an unset variable did not mean.
        raise NothingFoundError("an empty name; for this folder write .")
    path = at_home(Path(spec))
    # A file whose name holds brackets or stars is itself, not a pattern.
    if _exists(path):
        return [path]
    try:
        # Path.glob takes no absolute pattern.
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
    except RecursionError as error:
        raise SourceError(Says.TOO_DEEP(name=str(spec))) from error
    if not matches:
        raise NothingFoundError(Says.NOT_FOUND(name=str(spec)))
    return [Path(match) for match in matches]


def at_home(path: Path) -> Path:
    """Return a path whose ~ at the front is the home folder."""
    try:
        return path.expanduser()
    except RuntimeError:
        # There is no such user: then it is a name that begins with ~.
        return path


def root_of(spec: str | Path) -> tuple[Path, str]:
    """Return from where on the names of files tell them apart, and what to put before them.

    Args:
        spec: A file, a folder or a pattern.

    Returns:
        Of a folder itself and its name; of a file the folder in which it lies; of a pattern the
        last folder before its stars.
    """
    path = at_home(Path(spec))
    if path.is_dir():
        return path, path.resolve().name
    if path.exists() or not glob.has_magic(str(path)):
        return path.parent, ""
    plain = itertools.takewhile(lambda part: not glob.has_magic(part), path.parts)
    return Path(*plain), ""


def _exists(path: Path) -> bool:
    """Whether there is a file or folder; raise `SourceError` where it is nothing to read."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise SourceError(Says.UNREADABLE(name=str(path), reason=str(error.strerror))) from error
    if _waits(path):
        raise SourceError(Says.NO_FILE(name=str(path)))
    return True


def _waits(path: Path) -> bool:
    """Whether it is a pipe or device, whose opening or reading may never end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _files_in(
    folder: Path, root: Path, suffixes: Collection[str], on_skip: OnSkip
) -> Iterator[Path]:
    def inside(path: Path) -> list[Path] | None:
        if path != folder:
            reason = _objection(path, root, suffixes)
            if reason is not None:
                on_skip(Skipped(str(path), reason))
                return []
            if not path.is_dir():
                return None
        return _listed(path, root, on_skip)

    yield from walk(folder, inside)


def _listed(folder: Path, root: Path, on_skip: OnSkip) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        if folder.resolve() == root:
            raise SourceError(
                Says.UNLISTED(name=str(folder), reason=str(error.strerror))
            ) from error
        on_skip(Skipped(str(folder), f"cannot be listed: {error.strerror}"))
        return []
    return [folder / name for name in names]


def _objection(path: Path, root: Path, suffixes: Collection[str]) -> str | None:
    """Say what stands against reading a file or folder that was found inside `root`."""
    try:
        if path.is_symlink():
            reason = _link_objection(path, root)
            if reason is not None:
                return reason
        if path.is_dir():
            return None
        suffix = path.suffix.lower()
        if suffix not in suffixes:
            unknown = f"no format that is read here ({path.suffix or 'no suffix'})"
            return REFUSED.get(suffix, unknown)
        return "not a regular file" if _waits(path) else None
    except OSError as error:
        # The folder may be listed, but not entered.
        return f"cannot be read: {error.strerror}"


def _link_objection(path: Path, root: Path) -> str | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        # A loop is a RuntimeError up to Python 3.12.
        return "a link that leads nowhere"
    if not target.is_relative_to(root):
        return "a link that leaves the folder; name its target to read it"
    return "a link to a folder that is read where it lies" if target.is_dir() else None


def _listing(suffixes: Collection[str]) -> str:
    return ", ".join(sorted(suffixes))
