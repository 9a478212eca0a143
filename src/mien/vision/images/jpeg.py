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


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """What the markers tell of the first picture.

    Attributes:
        scans: How many times the decoder goes over the picture.
        plain: Gray or three colours, 8 bits each, coded in a common way.
        held: Progressive, its colours at half the size, as most are: a decoder holds all of its
            coefficients, which take as much memory as the picture.
        whole: The mark of the end is there.
    """

    scans: int
    plain: bool
    whole: bool
    held: bool = False


def look(data: bytes) -> JpegFacts:
    """Walk over the markers.

    Args:
        data: A JPEG; what comes after its first picture is not looked at.
    """
    scans, plain, held, at, pattern = 0, False, False, 2, _MARKER
    while (found := pattern.search(data, at)) is not None:
        kind, at, pattern = found.group(1)[0], found.end(), _MARKER
        if kind == _END:
            return JpegFacts(scans, plain, whole=True, held=held)
        if kind in _ALONE:
            continue
        body = data[at + 2 : at + 17]
        if kind in _COMMON_FRAMES and len(body) >= 6:
            plain = body[0] == 8 and body[5] in (1, 3)
            held = kind == _PROGRESSIVE and body[5] == 3 and body[7::3] == _HALF_COLOURS
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
        if kind == _SCAN:
            scans += 1
            pattern = _IN_SCAN
    return JpegFacts(scans, plain, whole=False, held=held)


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
