"""What a browser's fake camera shows: 640x480, one face or four."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks import SHARED
from benchmarks.moving import Actor, Scene, Still, portrait
from benchmarks.realtime import calm_scene
from mien.sources.open import open_source
from mien.types import PixelArray

CLIP = SHARED / "data" / "clips" / "WolfgangLanger_Pexels.mp4"
SIZE = (640, 480)
CAMERA_FPS = 30
# Where four faces stand, as far from each other as they can.
FOUR = ((160.0, 130.0), (480.0, 130.0), (160.0, 360.0), (480.0, 360.0))


def write_film(pictures: Iterable[PixelArray], path: Path) -> None:
    """Write what a fake camera shows over and over, 30 pictures per second, uncompressed.

    A camera's own work is no part of a measure, and to read a JPEG would be.

    Args:
        pictures: BGR uint8 [H,W,3], all of one size, its sides even.
        path: A file whose name ends in .y4m.
    """
    with path.open("wb") as file:
        for number, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            if number == 0:
                file.write(f"YUV4MPEG2 W{width} H{height} F{CAMERA_FPS}:1 Ip A1:1\n".encode())
            file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes())


def pictures(faces: int, seconds: float) -> Iterator[PixelArray]:
    """Yield what the camera shows, BGR uint8 [480,640,3]: a real clip's face where there is one."""
    count = round(seconds * CAMERA_FPS)
    if faces == 1 and CLIP.is_file():
        yield from islice(_film(CLIP), count)
        return
    scene = calm_scene(2.0, 0.0, 0.05, seconds)
    if faces > 1:
        cast = [portrait(hue=45 * n, mirrored=n % 2 == 1) for n in range(faces)]
        actors = [
            Actor([(0.0, cutout)], Still(place)) for cutout, place in zip(cast, FOUR, strict=True)
        ]
        scene = Scene(tuple(actors), seconds, noise=2.0)
    for index in range(count):
        yield scene.frame(index)[0].image


def _film(path: Path) -> Iterator[PixelArray]:
    """Yield the middle of a clip at the camera's rate, as large as the camera's pictures."""
    width, height = SIZE
    due = 0.0
    with closing(open_source(path)) as source:
        for frame in source:
            scale = max(width / frame.size[0], height / frame.size[1])
            large = cv2.resize(frame.image, None, fx=scale, fy=scale)
            top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
            while due <= frame.timestamp:
                yield np.ascontiguousarray(large[top : top + height, left : left + width])
                due += 1 / CAMERA_FPS
