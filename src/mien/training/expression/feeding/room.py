"""Where decoded faces are kept: in memory, on the disk, or nowhere."""

import os
import shutil
from pathlib import Path
from typing import Literal

from mien.errors import TrainingError

Cache = Literal["off", "disk", "memory"]
Asked = Literal["auto", "off", "disk", "memory"]
# What decoded faces may take of what is free, where nobody says where they are kept: others need
# memory, too, and the network; a disk that is full ends more than this run.
OF_MEMORY, OF_DISK = 0.25, 0.8
GIGABYTE = 1e9
_MEMORY = Path("/proc/meminfo")
# Of a container: what it may have, and what it has (version 2 of Linux's control groups).
_MOST, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def choose_cache(asked: Asked, needed: int, folder: Path, ranks: int = 1) -> Cache:
    """Settle where decoded faces are kept.

    Args:
        asked: What a person wants; "auto": in memory where they fit well, else on the disk where
            that has room, else nowhere.
        needed: Bytes that they take.
        folder: Where they would be on the disk.
        ranks: Processes that train on this machine; each would have its own in memory.

    Raises:
        TrainingError: They do not fit where they are wanted.
    """
    memory, disk = free_memory(), free_disk(folder)
    if asked == "auto":
        if memory is not None and needed * ranks <= OF_MEMORY * memory:
            return "memory"
        return "disk" if needed <= OF_DISK * disk else "off"
    there = {"memory": memory, "disk": disk}.get(asked)
    taken = needed * ranks if asked == "memory" else needed
    # A cache that an earlier run filled takes no more room.
    if there is not None and taken > there and not (asked == "disk" and folder.is_dir()):
        place = "memory" if asked == "memory" else f"{_there(folder)}"
        other = "disk or off" if asked == "memory" else "off"
        raise TrainingError(
            f"--cache {asked}: the decoded faces take {taken / GIGABYTE:.2f} GB, but of {place} "
            f"{there / GIGABYTE:.2f} GB are free; take --cache {other}"
        )
    return asked


def free_memory() -> int | None:
    """Return how many bytes of memory this process can still have; None where nobody knows."""
    try:
        lines = dict(line.split(":") for line in _MEMORY.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return _free_pages()
    try:
        return min(free, int(_MOST.read_text()) - int(_USED.read_text()))
    except (OSError, ValueError):  # no container, or one without a bound
        return free


def free_disk(folder: Path) -> int:
    """Return how many bytes are free where a folder is, or will be."""
    return shutil.disk_usage(_there(folder)).free


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


def _free_pages() -> int | None:
    names = getattr(os, "sysconf_names", {})
    if not {"SC_AVPHYS_PAGES", "SC_PAGE_SIZE"} <= names.keys():
        return None
    return int(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
