"""HEIC pictures are read whole: made here as phones make them, of HEVC tiles in a grid."""

import io
import struct

import av
import numpy as np
import pytest

from mien.types import PixelArray
from mien.vision.images.reading import decode_picture

pytest.importorskip("pi_heif", reason="reads HEIC")
if "libx265" not in av.codecs_available:
    pytest.skip("PyAV has no encoder of HEVC", allow_module_level=True)

SIDE = 64


def box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def encode_tile(pixels: PixelArray) -> tuple[bytes, bytes]:
    """Return the decoder's settings (hvcC) and the coded picture."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        options = {"x265-params": "log-level=none:keyint=1"}
        stream = container.add_stream("libx265", 1, options=options)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    data = file.getvalue()
    at = data.index(b"hvcC") - 4
    settings = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    with av.open(io.BytesIO(data)) as container:
        return settings, b"".join(bytes(packet) for packet in container.demux(video=0))


def grid(colors: list[tuple[int, int, int]]) -> bytes:
    """A HEIC file of two by two tiles, each of one colour."""
    tiles = [encode_tile(np.full((SIDE, SIDE, 3), color, np.uint8)) for color in colors]
    layout = struct.pack(">BBBBHH", 0, 0, 1, 1, 2 * SIDE, 2 * SIDE)
    items = [layout, *(coded for _, coded in tiles)]
    entries = [
        full(b"infe", struct.pack(">HH", number + 1, 0), kind, b"\0", version=2)
        for number, kind in enumerate([b"grid", *[b"hvc1"] * len(tiles)])
    ]
    sizes = [full(b"ispe", struct.pack(">II", side, side)) for side in (2 * SIDE, SIDE)]
    used = [(1, (1,)), *((number, (2, 3)) for number in range(2, 6))]
    links = b"".join(struct.pack(">HB", item, len(own)) + bytes(own) for item, own in used)

    def with_places(start: int) -> bytes:
        rows, at = b"", start
        for number, item in enumerate(items):
            rows += struct.pack(">HHHII", number + 1, 0, 1, at, len(item))
            at += len(item)
        tiles_of = struct.pack(">HH4H", 1, 4, 2, 3, 4, 5)
        meta = full(
            b"meta",
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", 1)),
            full(b"iloc", b"\x44\0", struct.pack(">H", len(items)), rows),
            full(b"iinf", struct.pack(">H", len(items)), *entries),
            full(b"iref", box(b"dimg", tiles_of)),
            box(
                b"iprp",
                box(b"ipco", sizes[0], sizes[1], tiles[0][0]),
                full(b"ipma", struct.pack(">I", len(used)), links),
            ),
        )
        return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta

    start = len(with_places(0)) + 8
    return with_places(start) + box(b"mdat", *items)


def test_all_tiles_are_read_whatever_the_name() -> None:
    colors = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128)]
    image = decode_picture(grid(colors), "IMG_0001.jpg")
    assert image.shape == (2 * SIDE, 2 * SIDE, 3)
    for number, color in enumerate(colors):
        row, column = divmod(number, 2)
        middle = image[row * SIDE + SIDE // 2, column * SIDE + SIDE // 2, ::-1]
        assert np.abs(middle.astype(int) - color).max() < 12
