"""What the markers of a JPEG say before anything is decoded (ITU-T T.81, annex B); opening it."""

import re
from dataclasses import dataclass
from typing import IO

from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

# In coded data, 0xFF is followed by 0 or by the number of a restart: all else is a marker.
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_IN_SCAN = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_END, _SCAN = 0xD9, 0xDA
# Baseline, extended and progressive, all by Huffman codes.
_PROGRESSIVE = 0xC2
# How many samples of brightness, and of the two colours, a block of the picture has each way.
_HALF_COLOURS = b"\x22\x11\x11"
_COMMON_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
# Of what programs add, these two say how colours are coded.
_JFIF, _ADOBE = 0xE0, 0xEE
_COMMENT = 0xFE
_NOTES = frozenset({*range(0xE0, 0xF0), _COMMENT})
_HARMLESS = frozenset({_JFIF, _ADOBE, _COMMENT})


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """What the markers tell of the first picture.

    Attributes:
        scans: How many times the decoder goes over the picture.
        plain: Gray or three colours, 8 bits each, coded in a common way.
        held: Progressive, its colours at half the size, as most are: a decoder holds all of its
            coefficients, which take as much memory as the picture.
        whole: The mark of the end is there.
        noted: Something is noted beside it (EXIF, a profile, further pictures …), which may change
            how it is meant to be seen.
        size: Width and height in pixels; nothing where no common frame is there.
    """

    scans: int
    plain: bool
    whole: bool
    held: bool = False
    noted: bool = False
    size: tuple[int, int] = (0, 0)


def look(data: bytes) -> JpegFacts:
    """Walk over the markers.

    Args:
        data: A JPEG; what comes after its first picture is not looked at.
    """
    scans, plain, held, noted, size, at, pattern = 0, False, False, False, (0, 0), 2, _MARKER
    while (found := pattern.search(data, at)) is not None:
        kind, at, pattern = found.group(1)[0], found.end(), _MARKER
        if kind == _END:
            return JpegFacts(scans, plain, True, held, noted, size)
        if kind in _ALONE:
            continue
        noted = noted or (kind in _NOTES and kind not in _HARMLESS)
        body = data[at + 2 : at + 17]
        if kind in _COMMON_FRAMES and len(body) >= 6:
            plain = body[0] == 8 and body[5] in (1, 3)
            held = kind == _PROGRESSIVE and body[5] == 3 and body[7::3] == _HALF_COLOURS
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        if kind == _SCAN:
            scans += 1
            pattern = _IN_SCAN
    return JpegFacts(scans, plain, False, held, noted, size)


def bare(data: bytes) -> bytes | None:
    """Leave out of a JPEG all that its pixels do not need.

    That is what cameras and programs note of the place, the owner and the device, thumbnails,
    colour profiles, comments, and what comes after the picture. The coded picture stays as it is.

    Args:
        data: A JPEG.

    Returns:
        Its first picture; None where the marks of it are not in order.
    """
    parts, at, pattern = [data[:2]], 2, _MARKER
    while (found := pattern.search(data, at)) is not None:
        if pattern is _IN_SCAN:
            parts.append(data[at : found.start()])
        kind, at, pattern = found.group(1)[0], found.end(), _MARKER
        if kind == _END:
            return b"".join((*parts, b"\xff", found.group(1)))
        if kind in _ALONE:
            return None
        length = int.from_bytes(data[at : at + 2], "big")
        parts.append(_needed(kind, data[at + 2 : at + length]))
        at += max(2, length)
        pattern = _IN_SCAN if kind == _SCAN else _MARKER
    return None


def _needed(kind: int, body: bytes) -> bytes:
    """Return a marker with what it says, as far as a decoder needs it; nothing for notes."""
    if kind == _JFIF and body.startswith(b"JFIF\0"):
        body = body[:12] + b"\0\0"  # without a thumbnail
    elif kind == _ADOBE and body.startswith(b"Adobe"):
        body = body[:12]
    elif kind in _NOTES:
        return b""
    return bytes((0xFF, kind)) + (len(body) + 2).to_bytes(2, "big") + body


def open_jpeg(file: IO[bytes]) -> Image.Image:
    """Open a JPEG, with the further pictures of an MPO where it has some.

    Args:
        file: From its beginning, wherever it stands.

    Raises:
        SyntaxError: Its head is damaged; Pillow raises other errors, too.
    """
    file.seek(0)
    try:
        return Image.open(file, formats=("JPEG",))
    except UnidentifiedImageError:
        # Perhaps only what it says of further pictures is damaged.
        file.seek(0)
        return JpegImageFile(file)
