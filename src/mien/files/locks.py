"""One writer at a time. The locks are the system's: they die with their process, however it ends.

The file of a lock says who holds it, since when and for which command; only the lock itself counts,
so that a file which a killed process left is in nobody's way.
"""

import contextlib
import datetime
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import lock_descriptor

from mien.errors import InUseError
from mien.files.writes import sweep

LOCK = ".mien.lock"
# Windows locks the first byte, also against reading: who holds it stands behind.
_NOTE_AT = 1
_NOTE_BYTES = 4096
_POLL_SECONDS = 0.05
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # what another user's link leads to is not written to


@contextlib.contextmanager
def alone_in(folder: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Be the only process that writes into a folder.

    The folder is made where it is missing, and one that was made for nothing is removed. What
    killed processes left in it and beside it is put right.

    Args:
        folder: The folder.
        wait: Seconds to wait for another process.

    Raises:
        InUseError: Another process writes into it.
        OSError: It cannot be made.
    """
    folder = folder.resolve()
    with _folder(folder), _held(folder / LOCK, folder, wait):
        sweep(folder.parent)
        sweep(folder)
        yield


@contextlib.contextmanager
def alone_on(path: Path) -> Iterator[None]:
    """Be the only process that writes a file, or makes a folder; the lock lies beside it.

    A device or a pipe is anybody's. The folder that it lies in is made where it is missing, and
    removed if nothing came of it. What killed processes left beside it is put right.

    Args:
        path: The file or folder.

    Raises:
        InUseError: Another process writes it.
        OSError: Its folder cannot be made.
    """
    path = path.resolve()
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield
        return
    with _folder(path.parent), _held(path.with_name(f".{path.name}{LOCK}"), path, 0.0):
        sweep(path.parent)
        yield


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[None]:
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _held(lock: Path, what: Path, wait: float) -> Iterator[None]:
    descriptor = _acquire(lock, what, time.monotonic() + wait)
    try:
        yield
    finally:
        if descriptor is not None:
            # Removed while it is held: who has opened it meanwhile finds that it is gone.
            with contextlib.suppress(OSError):
                if _is_still_there(descriptor, lock):
                    lock.unlink()
            os.close(descriptor)


def _acquire(lock: Path, what: Path, until: float) -> int | None:
    """Return what holds the lock; None where the disk cannot hold one, or only be read."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG):
                return None
            raise
        try:
            free = lock_descriptor(descriptor, blocking=False)
        except OSError:
            os.close(descriptor)
            return None
        if free and _is_still_there(descriptor, lock):
            _sign(descriptor)
            return descriptor
        holder = None if free else _holder(descriptor)
        os.close(descriptor)
        if holder is not None and time.monotonic() >= until:
            raise InUseError(
                f"{what}: {holder} is writing here; wait until it has ended, or name another place"
            )
        if holder is not None:
            time.sleep(_POLL_SECONDS)


def _is_still_there(descriptor: int, lock: Path) -> bool:
    """Whether the lock's name is still that of the file that was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), lock.stat())
    except OSError:
        return False


def _sign(descriptor: int) -> None:
    since = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    note = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "by": _command()}
    # On a full disk nobody is told who it is, but the lock holds.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b" " + json.dumps(note).encode())


def _command() -> str:
    """Return what this process is, as `mien train`; "" where mien is a part of another program."""
    words = sys.argv[1:2] if Path(sys.argv[0]).stem in ("mien", "__main__") else []
    return " ".join(["mien", *words]) if words else ""


def _holder(descriptor: int) -> str:
    """Say who holds a lock."""
    try:
        os.lseek(descriptor, _NOTE_AT, os.SEEK_SET)
        note = json.loads(os.read(descriptor, _NOTE_BYTES))
        here = note["host"] == socket.gethostname()
        place = "" if here else f" on {note['host']}"
        command = f" ({note['by']})" if note["by"] else ""
        return f"process {int(note['pid'])}{place}{command}, since {note['since']},"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
