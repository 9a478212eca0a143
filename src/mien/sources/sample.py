"""The sample: a short moving scene, made from one portrait, to try mien without a camera.

Played for somebody to see, drawn faces come between, whose looks change.

Every run gives the same frames: the noise is seeded.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from math import pi, sin

import cv2
import numpy as np
import numpy.typing as npt

from mien.protocols import Source
from mien.sources import drawn
from mien.sources.drawn import DrawnFaces
from mien.types import Frame, PixelArray
from mien.vision.images.reading import decode_picture

CALLED = "the sample"
PORTRAIT, PORTRAIT_SIDE = "collins.jpg", 320
WIDTH, HEIGHT, FPS, SECONDS = 640, 480, 30, 8
FRAMES = FPS * SECONDS
DRAWN_FRAMES = round(FPS * drawn.SECONDS)
NOISE_SIGMA = 2.5
# The noise is one field, larger than the frame by this, seen through a window that jumps.
NOISE_MARGIN = 64
# Close to the portrait's own background, so that its edges vanish.
TOP_BGR, BOTTOM_BGR = (192, 196, 203), (170, 173, 181)
# Short at the top, where the hair begins.
FEATHER_TOP, FEATHER_SIDES = 20, 64


@dataclass(frozen=True, slots=True)
class _Pose:
    """Where a portrait stands: its centre in pixels, size over the original, degrees."""

    x: float
    y: float
    scale: float
    tilt: float
    mirrored: bool = False


class SampleSource(Source):
    """A `Source` of 640x480 pictures at 30 per second: one face for 4 seconds, then two for 4.

    In real time there are three drawn faces for 12 seconds in between.
    """

    name = "sample"

    def __init__(
        self,
        *,
        loop: bool = False,
        realtime: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the sample.

        Args:
            loop: Start again at the end; time stamps and indices go on.
            realtime: Behave like a camera: frames come when they are due, and those that come
                while the consumer is busy are left out.
            clock: Seconds; for tests.
        """
        self.live = realtime
        self._loop = loop
        self._clock = clock
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames until the end, or until `close` where it loops."""
        scene = _Scene()
        start = self._clock()
        index = 0
        while not self._closed.is_set() and (self._loop or index < FRAMES):
            yield Frame(self._draw(scene, index), index, index / FPS, self.name)
            index += 1
            if self.live:
                index = max(index, int((self._clock() - start) * FPS))
                self._closed.wait(max(0.0, start + index / FPS - self._clock()))

    def _draw(self, scene: "_Scene", index: int) -> PixelArray:
        if not self.live:
            return scene.draw(index % FRAMES)
        begin, place = FRAMES // 2, index % (FRAMES + DRAWN_FRAMES)
        if begin <= place < begin + DRAWN_FRAMES:
            return scene.draw_drawn(place - begin)
        return scene.draw(place if place < begin else place - DRAWN_FRAMES)

    def close(self) -> None:
        """End the iteration at once."""
        self._closed.set()

    @property
    def frames(self) -> int | None:
        """How many there are; None where it loops."""
        return None if self._loop else FRAMES


class _Scene:
    """Draws frame after frame."""

    def __init__(self) -> None:
        data = files("mien").joinpath("assets", PORTRAIT).read_bytes()
        self._portrait = decode_picture(data, PORTRAIT)
        self._mask = _feathered(PORTRAIT_SIDE)
        self._background = _background()
        self._drawn: DrawnFaces | None = None
        shape = (HEIGHT + NOISE_MARGIN, WIDTH + NOISE_MARGIN, 3)
        noise = np.random.default_rng(0).normal(0, NOISE_SIGMA, shape)
        self._noise: npt.NDArray[np.int16] = noise.round().astype(np.int16)

    def draw(self, index: int) -> PixelArray:
        """Return frame `index` of the scene, BGR uint8 [480,640,3]."""
        image = self._background
        for pose in _poses(index):
            image = self._place(image, pose)
        return self._with_noise(image, index)

    def draw_drawn(self, index: int) -> PixelArray:
        """Return frame `index` of the drawn faces, BGR uint8 [480,640,3]."""
        self._drawn = self._drawn or DrawnFaces()
        return self._with_noise(self._drawn.draw(self._background, index / FPS), index)

    def _with_noise(self, image: PixelArray, index: int) -> PixelArray:
        # Seeded by the frame, so that a frame that was left out changes none after it.
        left, top = np.random.default_rng(index).integers(0, NOISE_MARGIN, 2)
        noise = self._noise[top : top + HEIGHT, left : left + WIDTH]
        return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), dtype=np.uint8)

    def _place(self, image: PixelArray, pose: _Pose) -> PixelArray:
        portrait = self._portrait[:, ::-1] if pose.mirrored else self._portrait
        middle = (portrait.shape[1] / 2, portrait.shape[0] / 2)
        warp = cv2.getRotationMatrix2D(middle, pose.tilt, pose.scale)
        warp[:, 2] += (pose.x - middle[0], pose.y - middle[1])
        size = (WIDTH, HEIGHT)
        person = cv2.warpAffine(portrait, warp, size, flags=cv2.INTER_LINEAR)
        weight = cv2.warpAffine(self._mask, warp, size, flags=cv2.INTER_LINEAR)
        return np.asarray(cv2.blendLinear(person, image, weight, 1 - weight), dtype=np.uint8)


def _poses(index: int) -> tuple[_Pose, ...]:
    """Say where the portraits stand: slow waves, so that nothing jumps but the second's coming."""
    turn = 2 * pi * index / FRAMES
    drift, sway = sin(2 * turn), sin(4 * turn)
    if index < FRAMES // 2:
        return (_standing(320 + 70 * drift, 1.42 + 0.12 * drift, 4 * sway),)
    left = _standing(166 + 10 * drift, 1.16 + 0.04 * sway, 3 * drift)
    right = _standing(474 + 10 * sway, 1.14 - 0.04 * drift, -3 * sway, mirrored=True)
    return left, right


def _standing(x: float, scale: float, tilt: float, *, mirrored: bool = False) -> _Pose:
    # The shoulders reach below the frame at every tilt, so that no one floats.
    return _Pose(x, HEIGHT + 20 - PORTRAIT_SIDE / 2 * scale, scale, tilt, mirrored)


def _feathered(side: int) -> npt.NDArray[np.float32]:
    """Return float32 [side,side]: 1 inside, falling softly to 0 at the top and the sides."""
    top = np.clip(np.arange(side) / FEATHER_TOP, 0, 1)
    left = np.clip(np.arange(side) / FEATHER_SIDES, 0, 1)
    mask = _smooth(np.minimum(left, left[::-1]))[None, :] * _smooth(top)[:, None]
    return np.asarray(mask, dtype=np.float32)


def _smooth(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return x * x * (3 - 2 * x)


def _background() -> PixelArray:
    blend = np.linspace(0, 1, HEIGHT)[:, None, None]
    rows = (1 - blend) * np.array(TOP_BGR) + blend * np.array(BOTTOM_BGR)
    return np.ascontiguousarray(np.broadcast_to(rows, (HEIGHT, WIDTH, 3)).round(), dtype=np.uint8)
