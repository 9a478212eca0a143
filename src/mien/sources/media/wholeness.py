"""Whether a file is as long as it says it is, in the formats that say so: Matroska and AVI.

A video that ends before the length it claims has broken off, or its last picture is shown for long,
as the still end of a recording of a screen. Where no frame says how long it is shown, only the size
of the file tells.
"""

import os
from pathlib import Path
from typing import BinaryIO

EBML, SEGMENT, RIFF = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"RIFF"
# Space that was kept for a file that never came whole is zeros.
TAIL_BYTES = 4096


def is_whole(path: Path) -> bool:
    """Return whether a file says how large it is, and is; False where it cannot be told."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            end = _end(file)
            if not 0 < end <= size:
                return False
            file.seek(max(0, size - TAIL_BYTES))
            return any(file.read(TAIL_BYTES))
    except OSError:
        return False


def _end(file: BinaryIO) -> int:
    """Return the byte at which a file says that it ends; 0 where it says nothing."""
    kind = file.read(4)
    if kind == EBML:
        # The head of the file, then one segment with all the rest.
        file.seek(_number(file), os.SEEK_CUR)
        length = _number(file) if file.read(4) == SEGMENT else 0
        return file.tell() + length if length else 0
    end = 0
    # Large files are several, one after the other.
    while kind == RIFF:
        length = int.from_bytes(file.read(4), "little")
        if not length:
            return 0
        end = file.tell() + length
        file.seek(end + length % 2)
        kind = file.read(4)
    return end


def _number(file: BinaryIO) -> int:
    """Read one of Matroska's sizes; 0 where it says that it is not known."""
    first = file.read(1)
    if not first or not first[0]:
        return 0
    # As many zero bits come first as bytes follow.
    more = 8 - first[0].bit_length()
    bits = 7 * (more + 1)
    value = int.from_bytes(first + file.read(more), "big") & ((1 << bits) - 1)
    return 0 if value == (1 << bits) - 1 else value
