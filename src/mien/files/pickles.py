"""Pickles, none of which mien reads: to open one runs whatever its maker put into it.

People have them all the same: data sets, models of PyTorch and scikit-learn, arrays of objects.
They are told here by their content and name, so that each place can say what to name instead. No
more than the beginnings of files are looked at, and nothing is unpickled.
"""

import bz2
import lzma
import pickletools
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import IO

from mien.errors import MienError

NAMES = frozenset({".pkl", ".pickle", ".pck", ".pcl", ".dill", ".joblib", ".pt", ".pth"})
PACKED = frozenset({".gz", ".z", ".bz2", ".xz", ".lzma", ".lz4", ".zst", ".zip"})
# Bytes that tell: bzip2 gives nothing out before a whole block of it, of 900 kB at most, is there.
HEAD, BLOCK = 512, 1_000_000
MOST_MEMORY = 1 << 27  # of what unpacks xz, whose header may ask for 4 GB
MOST_ARRAYS = 64  # of an .npz that are looked at
_CODES = frozenset(ord(code.code) for code in pickletools.opcodes)
_OLD_JOBLIB = b"ZF0x"
# Protocols 0 and 1 have no mark of their own; so begin what Python 2 wrote of lists, dicts, tuples
# and numpy's arrays.
_FORMER = re.compile(
    rb"\((?:[ldt]p?\d+\r?\n)|[\]})]q\x00|"
    rb"c(?:__builtin__|builtins|__main__|collections|copy_?reg|numpy|pandas|sklearn)[\w.]*\r?\n\w+\r?\n"
)
_ARRAY = b"\x93NUMPY"
_OBJECTS = re.compile(rb"""['"][|<>=]?O\d?['"]""")  # their type, in the header of an array
_ZIP = b"PK\x03\x04"
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError)
_UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError)
_UNPACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": lambda data: zlib.decompressobj(47).decompress(data, HEAD),
    **dict.fromkeys(
        (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"),
        lambda data: zlib.decompressobj().decompress(data, HEAD),
    ),
    b"BZh": lambda data: bz2.BZ2Decompressor().decompress(data, HEAD),
    **dict.fromkeys(
        (b"\xfd7zXZ", b"]\0\0"),
        lambda data: lzma.LZMADecompressor(memlimit=MOST_MEMORY).decompress(data, HEAD),
    ),
}


def refuse_pickle(path: Path, kind: type[MienError], instead: str, *, by_name: bool = True) -> None:
    """Raise where a file that was named is a pickle.

    Args:
        path: What was named.
        kind: The error of the place.
        instead: What to name in its place, or to do.
        by_name: As for `is_pickle`.

    Raises:
        MienError: It is one; of the given kind, in one line.
    """
    if is_pickle(path, by_name=by_name):
        raise kind(
            f"{path}: mien reads no pickles, because to open one runs whatever is written in it: "
            f"{instead}"
        )


def is_pickle(path: Path, *, by_name: bool = True) -> bool:
    """Whether a file holds a pickle: plain, packed, in an array of numpy or a file of PyTorch.

    Args:
        path: The file, which may be missing.
        by_name: Whether its name counts where its content does not tell. Not so where files are
            known by their content, whatever they are called; a missing one's name counts even then.
    """
    try:
        if path.is_file():
            with path.open("rb") as file:
                return _holds_pickle(file) or (by_name and _is_called_so(path))
        # A folder may have any name, and who opens a pipe may wait for ever.
        return not path.exists() and _is_called_so(path)
    except (OSError, ValueError):  # not to be read, or a name that no system could have
        return _is_called_so(path)


def _is_called_so(path: PurePath) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if len(suffixes) > 1 and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1:] != [] and suffixes[-1] in NAMES


def _holds_pickle(file: IO[bytes]) -> bool:
    head = file.read(HEAD)
    if head.startswith(_ZIP):
        return _in_zip(file)
    if head.startswith(_ARRAY):
        return _OBJECTS.search(head) is not None
    for start, unpack in _UNPACKERS.items():
        if head.startswith(start):
            try:
                return _begins_pickle(unpack(head + file.read(BLOCK)))
            except _UNREADABLE:
                return False
    return _begins_pickle(head)


def _begins_pickle(head: bytes) -> bool:
    # From protocol 2 on a mark and the protocol come first, then an instruction.
    marked = head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5")
    if marked and len(head) > 2:
        return head[2] in _CODES
    return head.startswith(_OLD_JOBLIB) or _FORMER.match(head) is not None


def _in_zip(file: IO[bytes]) -> bool:
    """Whether a zip is a file of PyTorch, an .npz with objects, or a packed pickle.

    One in which a pickle lies beside other things is an archive of whatever it is.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if _is_torch(names) or (len(names) == 1 and _is_called_so(PurePath(names[0]))):
                return True
            arrays = [name for name in names if name.endswith(".npy")]
            if len(arrays) != len(names):
                return False
            return any(_has_objects(archive, name) for name in arrays[:MOST_ARRAYS])
    except _BROKEN:
        return False


def _is_torch(names: Sequence[str]) -> bool:
    roots = {name.removesuffix("/data.pkl") for name in names if name.endswith("/data.pkl")}
    return any(f"{root}/version" in names for root in roots)


def _has_objects(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as member:
        head = member.read(HEAD)
    return head.startswith(_ARRAY) and _OBJECTS.search(head) is not None
