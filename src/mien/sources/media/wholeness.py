"""Whether a file is there to its end, in the formats whose bytes tell.

Matroska and AVI say how long they are: a video that ends before the length it claims has broken
off, or its last picture is shown for long, as the still end of a recording of a screen. Where no
frame says how long it is shown, only the size of the file tells.

Others say nothing of their length, but are made of pieces (`is_torn`): where the last one is not
whole, the recording went on. A file that was cut just between two pieces is a shorter recording.
"""

import os
from pathlib import Path
from typing import BinaryIO

EBML, SEGMENT, RIFF = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"RIFF"
CLUSTER = b"\x1f\x43\xb6\x75"
# A transport stream's packets begin with this byte and have so many; some recorders put a time of
# four bytes before each, and some broadcasts sixteen to mend errors after it.
SYNC, PACKET = 0x47, 188
PERIODS = {188: 0, 192: 4, 204: 0}
# Of packets in a row, that must begin so: fewer could be chance.
ROW = 8
# ASF: what names the properties of the file, and where behind it stand its size, and that it was
# no broadcast, of which no size is known.
PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
SIZE_AT, FLAGS_AT, BROADCAST = 40, 88, 1
HEAD_BYTES = 1_000_000
JPEG_END = b"\xff\xd9"
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


def is_torn(path: Path, kind: str) -> bool:
    """Return whether a file ends within one of its pieces; False where it cannot be told.

    Args:
        path: The file.
        kind: Its format, as FFmpeg names it.
    """
    look = {
        "mpegts": _ends_in_packet,
        "matroska,webm": _ends_in_element,
        "asf": _is_less_than_stated,
        "mjpeg": _ends_in_picture,
    }.get(kind)
    try:
        with path.open("rb") as file:
            return look is not None and look(file, os.fstat(file.fileno()).st_size)
    except OSError:
        return False


def _ends_in_packet(file: BinaryIO, size: int) -> bool:
    file.seek(max(0, size - (ROW + 2) * max(PERIODS)))
    tail = file.read()
    if not any(tail):
        return True
    for period, before in PERIODS.items():
        for first in range(min(period, len(tail))):
            row = tail[first::period]
            if len(row) >= ROW and row.count(SYNC) == len(row):
                end = first + (len(row) - 1) * period
                # What comes after the last packet is nothing, or the sixteen bytes.
                return len(tail) - end not in (PACKET, period - before)
    return False


def _ends_in_element(file: BinaryIO, size: int) -> bool:
    """Walk over the elements of a file that was written in one go, whose length stands nowhere."""
    at = 0
    while at < size:
        file.seek(at)
        name = file.read(1)
        if not name[0]:
            # No element begins so; space that was kept does.
            return not any(file.read(TAIL_BYTES))
        name += file.read(8 - name[0].bit_length())
        length = _number(file)
        if length is None and name not in (SEGMENT, CLUSTER):
            # What is odd is not judged.
            return file.tell() >= size
        at = file.tell() + (0 if name == SEGMENT else length or 0)
    return at > size


def _is_less_than_stated(file: BinaryIO, size: int) -> bool:
    head = file.read(HEAD_BYTES)
    at = head.find(PROPERTIES)
    stated = int.from_bytes(head[at + SIZE_AT :][:8], "little")
    return at >= 0 and size < stated and not head[at + FLAGS_AT] & BROADCAST


def _ends_in_picture(file: BinaryIO, size: int) -> bool:
    if JPEG_END not in file.read(HEAD_BYTES):
        # Some cameras leave it out.
        return False
    file.seek(max(0, size - TAIL_BYTES))
    return not file.read().rstrip(b"\0\r\n").endswith(JPEG_END)


def _end(file: BinaryIO) -> int:
    """Return the byte at which a file says that it ends; 0 where it says nothing."""
    kind = file.read(4)
    if kind == EBML:
        # The head of the file, then one segment with all the rest.
        file.seek(_number(file) or 0, os.SEEK_CUR)
        length = _number(file) if file.read(4) == SEGMENT else None
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


def _number(file: BinaryIO) -> int | None:
    """Read one of Matroska's sizes; None where it says that it is not known, or is cut off."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    # As many zero bits come first as bytes follow.
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    bits = 7 * (more + 1)
    value = int.from_bytes(first + rest, "big") & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 or len(rest) < more else value
