"""Small good files of every kind, made when they are needed: none lies in the repository."""

import base64
import csv
import gzip
import io
import json
import pickle
import struct
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mien.types import PixelArray

CLASSES = ("angry", "happy")
FACE = 48
BOUNDARY = "----a-browser"
PICTURES = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "TGA", "ICO", "JPEG2000", "AVIF")
PICTURES += ("PCX", "SGI", "DDS", "ICNS", "MPO", "IM", "SPIDER", "MSP", "XBM", "EPS", "PDF", "QOI")
VIDEOS = (
    *(("mp4", "libx264", "yuv420p"), ("mkv", "mpeg4", "yuv420p"), ("avi", "mjpeg", "yuvj420p")),
    *(("mov", "png", "rgb24"), ("webm", "libvpx", "yuv420p"), ("ts", "mpeg2video", "yuv420p")),
    *(("flv", "flv1", "yuv420p"), ("gif", "gif", "pal8"), ("ogv", "libtheora", "yuv420p")),
    *(("m4v", "mpeg4", "yuv420p"), ("y4m", "wrapped_avframe", "yuv420p")),
)


def noise(count: int, side: int = FACE, channels: int = 3) -> PixelArray:
    """Return pictures, uint8 [N,S,S,C], that are the same each time."""
    generator = np.random.default_rng(count * side)
    coarse = generator.integers(0, 256, (count, 6, 6, channels), dtype=np.uint8)
    return coarse.repeat(side // 6, 1).repeat(side // 6, 2)


@cache
def pictures() -> tuple[bytes, ...]:
    """Return a picture in each format that can be written here, in several modes."""
    from PIL import Image

    image = Image.fromarray(noise(1)[0])
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a portrait"
    several: dict[str, Any] = {"save_all": True, "append_images": [image.rotate(90)]}
    found = []
    for kind in PICTURES:
        for mode in ("RGB", "L", "P", "RGBA", "1", "CMYK", "I;16"):
            found += _saved(image, mode, kind, {})
        found += _saved(image, "RGB", kind, {"exif": exif}) + _saved(image, "RGB", kind, several)
    for more in ({"progressive": True}, {"quality": 10, "icc_profile": b"x" * 200}):
        found += _saved(image, "RGB", "JPEG", more)
    for compression in ("tiff_lzw", "jpeg", "packbits", "group4", "tiff_adobe_deflate"):
        mode = "1" if compression == "group4" else "RGB"
        found += _saved(image, mode, "TIFF", {"compression": compression})
    return tuple(found)


def _saved(image: Any, mode: str, kind: str, options: dict[str, Any]) -> list[bytes]:
    data = io.BytesIO()
    try:
        image.convert(mode).save(data, kind, **options)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return []  # not every format has every mode, nor every Pillow every format
    return [data.getvalue()]


@cache
def videos() -> tuple[bytes, ...]:
    """Return a short video in each container and codec that can be written here."""
    import av

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for suffix, codec, pixels in VIDEOS:
            path = Path(folder) / f"video.{suffix}"
            try:
                _encode(path, codec, pixels)
                found.append(path.read_bytes())
            except (av.FFmpegError, ValueError, OSError):  # an FFmpeg without that encoder
                continue
    return tuple(found)


def _encode(path: Path, codec: str, pixels: str) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = FACE, FACE, pixels
        stream.codec_context.thread_count = 1
        for image in noise(6):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@cache
def jpeg() -> bytes:
    """Return one small JPEG."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(noise(1)[0]).save(data, "JPEG")
    return data.getvalue()


@cache
def metadata() -> tuple[bytes, ...]:
    """Return metadata.csv with groups, with shares, and as a spreadsheet writes it."""
    rows = [("file_name", "group"), ("angry/0.png", "Ann"), ("happy/ü 1.png", "Bob, Jr.")]
    shares = [("file_name", *CLASSES), ("angry/0.png", 0.9, 0.1), ("happy/1.png", 0, 3)]
    return _csv(rows), _csv(shares), b"\xef\xbb\xbf" + _csv(rows).replace(b",", b";")


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@cache
def manifest() -> tuple[bytes, ...]:
    """Return the manifest of an archive with one row of each kind."""
    from mien.archive.readings.manifest import COLUMNS, Row

    rows = (
        Row(
            file='in/a "1".mp4', digest="0" * 64, table="in/a.csv", frames=9, faces=12, seconds=0.3
        ),
        Row(file="in/b.jpg", status="read", version="0.1.0", bundle="fer4 4", settings="f" * 24),
        Row(file="in/caf\\udce9.png", status="unreadable", error="no picture,\nand more"),
    )
    return (_csv([COLUMNS, *([getattr(row, name) for name in COLUMNS] for row in rows)]),)


@cache
def fer2013() -> tuple[bytes, ...]:
    """Return fer2013.csv of four rows."""
    faces = noise(4, channels=1).reshape(4, -1)
    uses = ("Training", "Training", "PublicTest", "PrivateTest")
    rows = [(3 * (n % 2), " ".join(map(str, faces[n])), use) for n, use in enumerate(uses)]
    return (_csv([("emotion", "pixels", "Usage"), *rows]),)


@cache
def ferplus() -> tuple[bytes, ...]:
    """Return fer2013new.csv for these rows."""
    votes = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")
    head = ("Usage", "Image name", *votes, "contempt", "unknown", "NF")
    uses = ("Training", "Training", "PublicTest", "PrivateTest")
    rows = [(use, f"fer{n}.png", 0, 8 - n, 0, 0, n, 0, 0, 0, 2, 0) for n, use in enumerate(uses)]
    return (_csv([head, *rows]),)


@cache
def boxes() -> tuple[bytes, ...]:
    """Return boxes.csv of pictures for a detector."""
    return (
        _csv(
            [("file", "x1", "y1", "x2", "y2"), ("a/0.png", 1, 2, 30.5, 40), ("b.png", 0, 0, 9, 9)]
        ),
    )


@cache
def recipes() -> tuple[bytes, ...]:
    """Return recipes as `mien train` and `mien train-detector` write them."""
    from mien.training.detector.settings import RECIPE as DETECTOR_RECIPE
    from mien.training.expression.settings import RECIPE

    options: dict[str, Any] = {"arch": "residual", "size": 48, "epochs": 3, "learning_rate": 0.002}
    options |= {"augment": True, "teacher": ["a", "b"], "classes": list(CLASSES), "seed": 1}
    options |= {"source_weight": {"lab": 2.0}, "data_terms": {"lab": "MIT"}, "name": "ünï"}
    return RECIPE.write(options).encode(), DETECTOR_RECIPE.write(options).encode()


def mix() -> tuple[bytes, ...]:
    """Return the file of a mix."""
    text = b"""classes = ["angry", "happy"]
hold_back = 0.2
[sources.ferplus]
fer2013 = "fer2013.csv"
ferplus = "fer2013new.csv"
[sources.lab]
folder = "lab"
crop = "detector"
crop_scale = 1.07
classes = { anger = "angry", joy = "happy" }
"""
    return (text,)


def tfjs_models() -> tuple[bytes, ...]:
    """Return a TensorFlow.js graph model's JSON."""
    arrays = [
        {"name": "a", "shape": [2, 3], "dtype": "float32"},
        {"name": "b", "shape": [4], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {"name": "c", "shape": [], "dtype": "int32"},
    ]
    manifest = [{"paths": ["model.bin"], "weights": arrays}]
    return (json.dumps({"format": "graph-model", "weightsManifest": manifest}).encode(),)


def tfjs_weights() -> tuple[bytes, ...]:
    """Return the binary file beside it."""
    data = struct.pack("<6f", *range(6)) + struct.pack("<4e", *range(4)) + struct.pack("<i", 7)
    return (data,)


@cache
def joblib() -> tuple[bytes, ...]:
    """Return a list of arrays as joblib writes it."""
    from mien.detectors.weights import package_folder

    folder = package_folder("mtcnn")
    import lz4.frame

    data = b"" if folder is None else (folder / "assets/weights/pnet.lz4").read_bytes()
    return (bytes(lz4.frame.decompress(data)),)


def texts() -> tuple[bytes, ...]:
    """Return text messages of the page."""
    face = {"word": "tired", "person": "1", "jpeg": base64.b64encode(jpeg()).decode()}
    return (
        b'{"type": "watch", "source": "sample"}',
        b'{"type": "next"}',
        b'{"type": "stop"}',
        json.dumps({"type": "adapt", "faces": [face, face | {"word": "sad"}]}).encode(),
        b'{"type": "choose", "adapted": true}',
    )


def forms() -> tuple[bytes, ...]:
    """Return bodies of several pictures, as browsers send them."""
    lines = b'--%b\r\nContent-Disposition: form-data; name="p"; filename="%b"\r\n\r\n%b\r\n'
    parts = [lines % (BOUNDARY.encode(), name, jpeg()) for name in (b"a.jpg", b"b c.jpg")]
    end = b"--%b--\r\n" % BOUNDARY.encode()
    return b"".join([*parts, end]), parts[0] + end


@cache
def pickles() -> tuple[bytes, ...]:
    """Return what `mien.files.pickles` tells apart: pickles of several protocols, and none."""
    kinds = [pickle.dumps({"faces": [1, 2]}, protocol) for protocol in (0, 2, 5)]
    array = io.BytesIO()
    np.save(array, np.array([{}], dtype=object))
    return (*kinds, gzip.compress(kinds[1]), array.getvalue(), jpeg())


@cache
def messages() -> tuple[bytes, ...]:
    """Return binary messages of the page."""
    headers = (b'{"type": "grab", "time": 1.25}', b'{"type": "picture", "id": 3, "parts": true}')
    return tuple(struct.pack(">I", len(one)) + one + jpeg() for one in headers)
