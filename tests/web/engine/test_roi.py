"""The engine looks into the same regions of interest as Python, and finds the same there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.web.engine.twins import Answer, face_at, picture, scenery

from mien.tracking.roi import INTERVAL, RoiDetector
from mien.types import Box, Face, PixelArray

# Many cases of one part; `test_analyzer` has some of all parts together.
pytestmark = pytest.mark.heavy

Random = np.random.Generator
STREAMS, FRAMES = 36, 14


def test_streams(answer: Answer) -> None:
    rng = np.random.default_rng(18)
    assert answer("roi", {"streams": [stream(rng) for _ in range(STREAMS)]}) == ""


class _Detector:
    """Finds faces where there may be some, by chance, and notes what it was shown."""

    name = "chance"

    def __init__(self, rng: Random, frame: PixelArray, face_side: float) -> None:
        self._rng, self._frame, self.face_side = rng, frame, face_side
        self.around: list[Box] = []
        self.calls: list[dict[str, Any]] = []

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        whole = image is self._frame
        faces = self._anywhere() if whole else self._in_tiles(image)
        call: dict[str, Any] = {"size": image.shape[1::-1], "faces": faces}
        self.calls.append(call if whole else {**call, "picture": picture(image)})
        return tuple(faces)

    def _anywhere(self) -> list[Face]:
        """Return some of those that are there, and somebody new now and then."""
        rng, (height, width) = self._rng, self._frame.shape[:2]
        found = [box for box in self.around if rng.random() < 0.8]
        faces = [face_at(rng, *box.center, box.side) for box in found]
        if rng.random() < 0.3:
            x, y, side = rng.uniform((0, 0, 4), (width, height, 44))
            faces.append(face_at(rng, x, y, side, landmarks=bool(rng.integers(2))))
        return faces

    def _in_tiles(self, image: PixelArray) -> list[Face]:
        """Return a face in most tiles, in some two, one on the edge of tiles, and one twice."""
        rng, tile = self._rng, 2 * round(self.face_side)
        middles = [
            (x + tile / 2, y + tile / 2)
            for y in range(0, image.shape[0], tile)
            for x in range(0, image.shape[1], tile)
        ]
        spread = tile * rng.choice([0.05, 0.4])
        places = [
            np.add(middle, rng.uniform(-spread, spread, 2))
            for middle in middles
            for _ in range(int(rng.choice(3, p=[0.1, 0.75, 0.15])))
        ]
        if rng.random() < 0.1:
            places.append(np.array((float(tile), tile / 2)))
        side = tile * rng.uniform(0.35, 0.65)
        faces = [face_at(rng, x, y, side, landmarks=rng.random() < 0.9) for x, y in places]
        return [*faces, *(replace(face, score=0.1) for face in faces[:1] if rng.random() < 0.2)]


def stream(rng: Random) -> dict[str, Any]:
    """Return a stream of one picture, in which faces are expected near where they were."""
    side = float(rng.choice([4.0, 6.0, 6.3, 6.5, 8.0, 25.0]))
    # Some are as large as so many tiles.
    sizes = (
        rng.integers(24, 120, 2) if rng.random() < 0.6 else 2 * round(side) * rng.integers(1, 4, 2)
    )
    image = scenery(rng, *map(int, sizes))
    detector, now, frames = _Detector(rng, image, side), float(rng.uniform(0, 5)), []
    interval = None if rng.random() < 0.5 else float(rng.choice([0.0, 0.2, 10.0]))
    rois = RoiDetector(detector, interval=INTERVAL if interval is None else interval)
    step = float(rng.choice([1 / 30, 0.05, 0.15, 0.5]))
    found: Sequence[Face] = ()
    for _ in range(FRAMES):
        now += float(rng.choice([-3.0, 0.0, 2.0])) if rng.random() < 0.05 else step
        places = [_near(rng, face.box) for face in found]
        split = len(places) if rng.random() < 0.6 else int(rng.integers(len(places) + 1))
        detector.around, detector.calls = places, []
        reset = bool(rng.random() < 0.03)
        if reset:
            rois.reset()
        found = rois(image, now, places[:split], places[split:])
        frames.append(
            {
                "time": now,
                "reset": reset,
                "expected": [box.to_tuple() for box in places[:split]],
                "missing": [box.to_tuple() for box in places[split:]],
                "calls": detector.calls,
                "found": found,
            }
        )
    return {"side": side, "interval": interval, "picture": picture(image), "frames": frames}


def _near(rng: Random, box: Box) -> Box:
    """Return a box beside a face, sometimes at whole pixels, where halves have to be rounded."""
    x, y = np.add(box.center, rng.normal(scale=0.1 * box.side, size=2))
    half = min(box.side * rng.uniform(0.8, 1.1), 60.0) / 2
    if rng.random() < 0.5:
        x, y, half = (float(max(1, round(value))) for value in (x, y, half))
    if rng.random() < 0.03:
        half = 0.3
    return Box(*map(float, (x - half, y - half, x + half, y + half)))
