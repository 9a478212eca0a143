"""What is seen: frames, the faces in them, and how a network wants these."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.types.alike import ByValue
from mien.types.general import FloatArray, PixelArray

Alignment = Literal["none", "eyes"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame(ByValue):
    """One picture of a source.

    Attributes:
        image: BGR uint8 [H,W,3]; made read-only.
        index: Number of the frame in its source, from 0. Dropped frames are counted.
        timestamp: Seconds from the start of the stream, by the stream's own clock.
        source: Where it came from: a path, an address, "camera 0", "sample".
        moving: Whether it is one frame of an animation in a picture file, such as a GIF: its name
            looks like that of a picture, and it is a video.
        captured: When it was captured, in seconds since 1970 (UTC) by this machine's clock; None
            where it comes from a file.
        stamp: Of a video file, what the file itself says when the frame is shown, in seconds of a
            clock that it shares with its sound; None where it says nothing, and elsewhere.
        alone: Whether it is all of its stream, as a still picture is, so that nobody in it has to
            be known again.
    """

    image: PixelArray
    index: int
    timestamp: float
    source: str
    moving: bool = False
    captured: float | None = None
    stamp: float | None = None
    alone: bool = False

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError(
                f"Frame.image must be uint8 [H,W,3], got {self.image.dtype} {self.image.shape}"
            )
        if not math.isfinite(self.timestamp):
            raise ValueError(f"Frame.timestamp must be finite, got {self.timestamp}")
        image = self.image.view()
        image.flags.writeable = False
        object.__setattr__(self, "image", image)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; x2 and y2 are just outside, so that width is x2 - x1."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x1, self.y1, self.x2, self.y2))):
            raise ValueError(f"Box must be finite, got {self}")
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError(f"Box must have x1 < x2 and y1 < y2, got {self}")

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1

    @property
    def side(self) -> float:
        """Side of the square of the same area: detectors differ more in shape than in area."""
        return math.sqrt(self.width * self.height)

    @property
    def center(self) -> tuple[float, float]:
        """Centre (x, y)."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def to_tuple(self) -> tuple[float, float, float, float]:
        """Return (x1, y1, x2, y2)."""
        return self.x1, self.y1, self.x2, self.y2


@dataclass(frozen=True, slots=True, eq=False)
class Face(ByValue):
    """A face that a detector found.

    Attributes:
        box: Where it is.
        score: The detector's confidence, 0 to 1.
        landmarks: float32 [5,2] in pixels: the eye on the picture's left, the eye on its right,
            nose tip, mouth corner on the left, mouth corner on the right; None where the detector
            gives none. Made read-only. Left and right are those of the picture once it is turned.
        turns: By how many quarter turns against the clock the picture must be turned for the head
            to be upright, 0 to 3; detectors that look for upright heads only leave it at 0.
    """

    box: Box
    score: float
    landmarks: FloatArray | None = None
    turns: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"Face.score must be in 0..1, got {self.score}")
        if self.turns not in range(4):
            raise ValueError(f"Face.turns must be in 0..3, got {self.turns}")
        if self.landmarks is None:
            return
        points = np.array(self.landmarks, dtype=np.float32)
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise ValueError(f"Face.landmarks must be finite [5,2], got {points.shape}")
        points.flags.writeable = False
        object.__setattr__(self, "landmarks", points)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network wants to see; `mien.vision.crop` makes it.

    Attributes:
        size: Side of the square crop in pixels.
        channels: 1 for gray, 3 for RGB.
        crop_scale: Side of the crop over `Box.side`.
        alignment: "eyes" turns the crop so that the eyes are level; "none" leaves it.
    """

    size: int
    channels: int
    crop_scale: float
    alignment: Alignment = "none"

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 1024:
            raise ValueError(f"InputSpec.size must be in 8..1024, got {self.size}")
        if self.channels not in (1, 3):
            raise ValueError(f"InputSpec.channels must be 1 or 3, got {self.channels}")
        if not 0.1 <= self.crop_scale <= 10:
            raise ValueError(f"InputSpec.crop_scale must be in 0.1..10, got {self.crop_scale}")
        if self.alignment not in ("none", "eyes"):
            raise ValueError(f"InputSpec.alignment must be none or eyes, got {self.alignment}")
