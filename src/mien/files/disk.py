"""What systems offer for safe writes: folders that change places, and word that a disk has them."""

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_WORKING_FOLDER, _RENAME_EXCHANGE = -100, 2  # of Linux; macOS calls the second RENAME_SWAP
_NOT_OFFERED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where system or disk cannot, or they differ.

    Nothing has happened then.
    """
    if sys.platform == "win32":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, _RENAME_EXCHANGE) == 0)
        here = _AT_WORKING_FOLDER
        return bool(library.renameat2(here, names[0], here, names[1], _RENAME_EXCHANGE) == 0)
    except AttributeError:  # an older C library
        return False


def sync_all(folder: Path) -> None:
    """Have the disk keep a folder with all that is below it; raise `OSError` where it cannot."""
    for root, _, names in os.walk(folder):
        for name in names:
            sync(Path(root) / name)
        sync(Path(root))


def sync(path: Path) -> None:
    """Have the disk keep what a file holds, or a folder's names.

    Raises:
        OSError: The disk says that it could not: it is full, or broken.
    """
    try:
        # Windows hands over only what may be written, and opens no folders.
        descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
    finally:
        os.close(descriptor)
