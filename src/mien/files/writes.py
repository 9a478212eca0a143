"""Writes that are whole or not at all, whatever ends them: a full disk, a kill, a power cut.

What is new is made in a folder `.mien-….tmp` beside its place, handed to the disk (fsync), and then
renamed. Where something is replaced, the old and the new change places in one step: a file by
rename, a folder by an exchange, which Linux and macOS offer. Where the disk cannot exchange (or on
other systems), the old folder is moved aside first; a process that is killed at that moment leaves
it in its `.mien-….tmp`, from where `sweep` puts it back. `sweep` removes all else that a killed
process left, too: a process holds a lock of the system's on its `.mien-….tmp`, and that lock dies
with it.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from filelock import lock_descriptor

from mien.files.disk import exchange, sync, sync_all

PREFIX, SUFFIX = ".mien-", ".tmp"
_STRAYS = f"{PREFIX}????????{SUFFIX}"
_NEW, _OLD = "new", "old"
# Where a disk knows no locks, what is unfinished is taken for left behind after so long.
_LEFT_BEHIND_SECONDS = 7 * 24 * 3600.0
# A folder of more other files than this is not remade to replace some of its files.
_MOST_LINKS = 1000
_STAYS = "the folder that you are in, or a disk's, is not replaced; name a new one in it"


def digest_of(*parts: object) -> str:
    """Return what names a cache by all that it came from: 24 hexadecimal digits.

    Args:
        parts: Plain values (text, numbers, lists, dicts), written as JSON.
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def walk(folder: Path, inside: Callable[[Path], Iterable[Path] | None]) -> Iterator[Path]:
    """Yield what lies below a folder, to any depth and in order, as far as it is no folder itself.

    Args:
        folder: Where to begin.
        inside: Returns what lies in a path, in order; nothing where it is not to be read, and None
            where it is to be yielded.
    """
    # Not by recursion: folders may lie thousands of levels deep.
    open_folders = [iter((folder,))]
    while open_folders:
        path = next(open_folders[-1], None)
        if path is None:
            open_folders.pop()
        elif (found := inside(path)) is None:
            yield path
        else:
            open_folders.append(iter(found))


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; a former one is replaced in one step.

    Raises:
        OSError: It cannot be written; a former one is left as it was.
    """
    with new_file(path) as new, new.open("wb") as file:
        file.write(data)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a name to write to; what is there at the end of the block becomes the file.

    A device or a pipe is written to as it is. Of a link, the file that it leads to is replaced.

    Args:
        path: The file, in a folder that exists.

    Raises:
        OSError: It cannot be written; a former one is left as it was.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    with _aside(path.parent) as place:
        new = place / path.name
        yield new
        if path.exists():
            _take_after(path, new)
        sync(new)
        new.replace(path)
        sync(path.parent)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill; at the end of the block it takes its place, whole.

    Args:
        path: The folder. Those above it are made; a former one is replaced with all that it holds.

    Raises:
        OSError: It cannot be written; a former one is left as it was.
    """
    path = path.resolve()
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if path.exists() and _stays(path):
        raise OSError(errno.EBUSY, _STAYS, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    with _aside(path.parent) as place:
        new = place / _NEW
        new.mkdir()
        yield new
        sync_all(new)
        if path.exists():
            _take_after(path, new)
            _swap(new, path, place)
        else:
            new.rename(path)
        sync(path.parent)


def replace_files(
    folder: Path, contents: Mapping[str, bytes], *, without: Collection[str] = ()
) -> None:
    """Replace several files of a folder at once: a reader finds all of them old, or all new.

    The folder is remade with its other files and exchanged for the old one. Where that cannot be
    (other folders in it, a program working in it, a disk that exchanges nothing), all files are
    written in full first and then renamed one after the other; a kill between two of these renames
    leaves some of them old, and the same call again makes all new.

    Args:
        folder: The folder; made if it is not there.
        contents: File name → bytes; renamed in this order.
        without: Names of files that are removed.

    Raises:
        OSError: A file cannot be written; where that is for want of space, none was replaced.
    """
    folder = folder.resolve()
    if not folder.exists():
        with new_folder(folder) as new:
            _write_all(new, contents)
        return
    sweep(folder)
    if _replace_as_folder(folder, contents, without):
        return
    with _aside(folder) as place:
        _write_all(place, contents)
        for name in contents:
            sync(place / name)
        for name in contents:
            (place / name).replace(folder / name)
        for name in without:
            (folder / name).unlink(missing_ok=True)
        sync(folder)


def discard(folder: Path) -> None:
    """Remove a folder with all that it holds: in one step for who looks at its name.

    Raises:
        OSError: It cannot be moved.
    """
    with _aside(folder.parent) as place:
        folder.rename(place / _NEW)


def sweep(folder: Path) -> None:
    """Put right what a killed process left in a folder.

    What it had moved aside is put back, and what it had not finished is removed. What a living
    process holds is left alone, and so is what cannot be touched.
    """
    with contextlib.suppress(OSError):
        for place in sorted(folder.glob(_STRAYS)):
            if _is_left_behind(place):
                _put_back(place)
                shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _aside(parent: Path) -> Iterator[Path]:
    """Make a folder for what is unfinished, which this process holds; it is removed at the end."""
    with contextlib.ExitStack() as stack:
        place, held = _make_held(parent)
        if held is not None:
            stack.callback(os.close, held)
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        stack.callback(_put_back, place)
        yield place


def _make_held(parent: Path) -> tuple[Path, int | None]:
    while True:
        place = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
        held: int | None = None
        with contextlib.suppress(OSError):  # Windows opens no folders
            held = os.open(place, os.O_RDONLY)
        # Another process may have swept it away before it was held.
        if (held is None or _lock(held)) and place.is_dir():
            return place, held
        if held is not None:
            os.close(held)


def _lock(descriptor: int) -> bool:
    """Whether nobody else holds it; from now on this process does. True where locks are unknown."""
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:
        return True


def _is_left_behind(place: Path) -> bool:
    """Whether it is this user's, and no living process holds it."""
    known = place.lstat()
    mine = not hasattr(os, "geteuid") or known.st_uid == os.geteuid()
    if not (mine and stat.S_ISDIR(known.st_mode)):
        return False
    try:
        descriptor = os.open(place, os.O_RDONLY)
        try:
            return lock_descriptor(descriptor, blocking=False)
        finally:
            os.close(descriptor)
    except OSError:
        return time.time() - known.st_mtime > _LEFT_BEHIND_SECONDS


def _put_back(place: Path) -> None:
    """Give a folder that was moved aside its place again, unless the new one has taken it."""
    for old in (place / _OLD).glob("*"):
        if not os.path.lexists(place.parent / old.name):
            old.rename(place.parent / old.name)


def _stays(folder: Path) -> bool:
    """Whether it keeps its place: who works in it would be left in one that is gone."""
    return Path.cwd().is_relative_to(folder) or folder.is_mount()


def _swap(new: Path, path: Path, place: Path) -> None:
    """Put a folder into the place of another; the other one ends below `place`."""
    if exchange(new, path):
        return
    (place / _OLD).mkdir()
    path.rename(place / _OLD / path.name)
    new.rename(path)


def _replace_as_folder(
    folder: Path, contents: Mapping[str, bytes], without: Collection[str]
) -> bool:
    """Remake a folder with some of its files new; False where that cannot be."""
    if _stays(folder) or not os.access(folder.parent, os.W_OK):
        return False
    others = [one for one in folder.iterdir() if one.name not in {*contents, *without}]
    if len(others) > _MOST_LINKS or any(one.is_dir() and not one.is_symlink() for one in others):
        return False
    sweep(folder.parent)
    with _aside(folder.parent) as place:
        new = place / _NEW
        new.mkdir()
        _write_all(new, contents)
        try:
            for one in others:
                os.link(one, new / one.name, follow_symlinks=False)
        except (OSError, NotImplementedError):
            return False
        _take_after(folder, new)
        sync_all(new)
        done = exchange(new, folder)
        sync(folder.parent)
    return done


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def _take_after(old: Path, new: Path) -> None:
    """Give what is new the mode and the owner of what it replaces, as far as that is allowed."""
    with contextlib.suppress(OSError):
        known = old.stat()
        new.chmod(known.st_mode & 0o7777)
        if hasattr(os, "chown"):
            os.chown(new, known.st_uid, known.st_gid)
