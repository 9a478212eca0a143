"""Small files to open, and what is read of a source."""

from pathlib import Path

import cv2
import numpy as np

from mien.protocols import Source
from mien.types import Frame
from mien.vision.images.reading import encode_png


def picture(path: Path, gray: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(np.full((20, 30, 3), gray, dtype=np.uint8)))
    return path


def video(path: Path, frames: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    assert writer.isOpened()
    for _ in range(frames):
        writer.write(np.full((48, 64, 3), 80, dtype=np.uint8))
    writer.release()
    return path


def read(source: Source) -> list[Frame]:
    try:
        return list(source)
    finally:
        source.close()
