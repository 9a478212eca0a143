"""The clip as plain pixels in a folder: what every environment can read with numpy alone."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.errors import SourceError
from mien.types import Frame

PIXELS, ABOUT = "frames.bin", "about.json"


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was written.

    Attributes:
        folder: Where.
        name: What it is called.
        size: Width and height of a frame in pixels.
        times: Seconds of each frame.
    """

    folder: Path
    name: str
    size: tuple[int, int]
    times: tuple[float, ...]


def write(frames: Iterable[Frame], folder: Path, name: str) -> Clip:
    """Write all frames, uncompressed, one after another.

    Raises:
        SourceError: There are fewer than two, or they differ in size.
    """
    times: list[float] = []
    size = (0, 0)
    with (folder / PIXELS).open("wb") as file:
        for frame in frames:
            size = size if times else frame.size
            if frame.size != size:
                raise SourceError(f"{name}: frames of {frame.size} and of {size}; cut the clip")
            file.write(np.ascontiguousarray(frame.image).data)
            times.append(frame.timestamp)
    if len(times) < 2:
        raise SourceError(f"{name}: needs two frames or more, has {len(times)}")
    about = {"shape": [len(times), size[1], size[0], 3], "times": times}
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
    return Clip(folder, name, size, tuple(times))
