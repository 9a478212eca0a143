"""Moving scenes with known truth: who is where in each frame, and when a look changes.

Made from the portrait that comes with mien, or from pictures of other people where there are some.
Seeded, so that every run measures the same frames.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks import faces
from mien.protocols import Detector
from mien.types import Box, Frame, PixelArray
from mien.vision.images.reading import read_picture

SIZE, FPS = (640, 480), 30.0
FEATHER = 0.12  # of a cut-out's side, over which it fades
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cutout:
    """A picture of one face.

    Attributes:
        image: BGR uint8 [H,W,3].
        box: The face in it.
    """

    image: PixelArray
    box: Box


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a scene.

    Attributes:
        looks: Cutouts, each with the second from which it is shown.
        where: Second → centre of the face in pixels; None where it is hidden.
        side: Of the face in pixels.
    """

    looks: Sequence[tuple[float, Cutout]]
    where: Callable[[float], Place | None]
    side: float = 110.0

    def look(self, second: float) -> Cutout:
        """Return what is shown at a second."""
        return [cutout for start, cutout in self.looks if start <= second][-1]


@dataclass(frozen=True, slots=True)
class Scene:
    """People before a background, the nearest last.

    Attributes:
        actors: The people; who they are is their index.
        seconds: Length.
        noise: Standard deviation of the sensor's noise.
        blur: Of the lens (sigma), in pixels.
        sway: How far heads move to all sides, in sides of the face.
        size: Width and height in pixels.
        seed: Of noise and sway.
    """

    actors: Sequence[Actor]
    seconds: float
    noise: float = 3.0
    blur: float = 0.0
    sway: float = 0.05
    size: tuple[int, int] = SIZE
    seed: int = 0
    name: str = "scene"

    def __len__(self) -> int:
        """Return the number of frames."""
        return round(self.seconds * FPS)

    def frame(self, index: int) -> tuple[Frame, dict[int, Box]]:
        """Draw a frame; return it with the boxes of those who can be seen."""
        second = index / FPS
        width, height = self.size
        image = np.full((height, width, 3), (150, 160, 165), dtype=np.uint8)
        truth = dict[int, Box]()
        for number, actor in enumerate(self.actors):
            place = actor.where(second)
            if place is not None:
                box, warp = self._pose(actor, place, number, second)
                _paste(image, actor.look(second).image, warp)
                # Whoever stands before another hides a face whose middle is covered.
                truth = {who: other for who, other in truth.items() if not _hides(box, other)}
                truth[number] = box
        seen = {who: box for who, box in truth.items() if _is_in(box, self.size)}
        return Frame(self._through_camera(image, index), index, second, self.name), seen

    def _pose(
        self, actor: Actor, place: Place, number: int, second: float
    ) -> tuple[Box, npt.NDArray[np.float64]]:
        rng = np.random.default_rng((self.seed, number))
        a, b, c, d = (
            math.sin(2 * math.pi * (rate * second + phase))
            for rate, phase in zip((0.31, 0.23, 0.17, 0.4), rng.random(4), strict=True)
        )
        side = actor.side * (1 + 0.6 * self.sway * c)
        x, y = place[0] + self.sway * actor.side * a, place[1] + self.sway * actor.side * b
        cutout = actor.look(second)
        middle = cutout.box.center
        warp = cv2.getRotationMatrix2D(middle, 40 * self.sway * d, side / cutout.box.side)
        warp[:, 2] += (x - middle[0], y - middle[1])
        scale = side / cutout.box.side
        half_x, half_y = cutout.box.width * scale / 2, cutout.box.height * scale / 2
        return Box(x - half_x, y - half_y, x + half_x, y + half_y), np.asarray(warp)

    def _through_camera(self, image: PixelArray, index: int) -> PixelArray:
        if self.blur:
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), self.blur), dtype=np.uint8)
        if self.noise:
            rng = np.random.default_rng((self.seed, 7, index))
            noise = rng.normal(0, self.noise, image.shape).astype(np.int16)
            image = np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), dtype=np.uint8)
        return image


@dataclass
class Still:
    """A place that does not change."""

    place: Place

    def __call__(self, _: float) -> Place:
        """Return the place."""
        return self.place


@dataclass
class Walk:
    """From place to place in straight lines, hidden in given spans.

    Attributes:
        points: Second and place, in order.
        hidden: Spans of seconds.
    """

    points: Sequence[tuple[float, Place]]
    hidden: Sequence[tuple[float, float]] = field(default_factory=tuple)

    def __call__(self, second: float) -> Place | None:
        """Return the place; None where it is hidden."""
        if any(start <= second < end for start, end in self.hidden):
            return None
        times = [time for time, _ in self.points]
        x, y = (np.interp(second, times, [p[axis] for _, p in self.points]) for axis in (0, 1))
        return float(x), float(y)


def portrait(hue: int = 0, *, mirrored: bool = False) -> Cutout:
    """Return the portrait that comes with mien, in other colours to be another person."""
    image = faces.portrait()
    if hue:
        shifted = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        shifted[..., 0] = (shifted[..., 0].astype(int) + hue) % 180
        image = np.asarray(cv2.cvtColor(shifted, cv2.COLOR_HSV2BGR), dtype=np.uint8)
    x, y = faces.FACE_CENTER
    if mirrored:
        image, x = np.ascontiguousarray(image[:, ::-1]), image.shape[1] - x
    half = faces.FACE_SIDE / 2
    return Cutout(image, Box(x - half, y - half, x + half, y + half))


def people(folder: Path) -> dict[str, dict[str, list[Path]]]:
    """Return the pictures of a folder of classes by person, then by class."""
    found: dict[str, dict[str, list[Path]]] = {}
    for path in sorted(folder.glob("*/*.jpg")):
        person = path.stem.rpartition("_")[0]
        found.setdefault(person, {}).setdefault(path.parent.name, []).append(path)
    return found


def cut_out(path: Path, detector: Detector) -> Cutout | None:
    """Return a picture with the one face that is in it; None where there are none or more."""
    image = read_picture(path)
    found = detector(image)
    return Cutout(image, found[0].box) if len(found) == 1 else None


def _paste(image: PixelArray, cutout: PixelArray, warp: npt.NDArray[np.float64]) -> None:
    """Lay a cutout over an image; only the part that changes is touched."""
    height, width = cutout.shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ warp.T
    x1, y1 = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    x2, y2 = np.minimum(np.ceil(corners.max(axis=0)).astype(int), image.shape[1::-1])
    if x2 <= x1 or y2 <= y1:
        return
    moved = warp.copy()
    moved[:, 2] -= x1, y1
    size = (int(x2 - x1), int(y2 - y1))
    person = cv2.warpAffine(cutout, moved, size, flags=cv2.INTER_LINEAR)
    weight = cv2.warpAffine(_feathered(height, width), moved, size, flags=cv2.INTER_LINEAR)
    part = np.ascontiguousarray(image[y1:y2, x1:x2])
    image[y1:y2, x1:x2] = cv2.blendLinear(person, part, weight, 1 - weight)


def _feathered(height: int, width: int) -> npt.NDArray[np.float32]:
    ramps = []
    for side in (height, width):
        ramp = np.clip(np.arange(side) / (FEATHER * side), 0, 1)
        ramps.append(np.minimum(ramp, ramp[::-1]))
    return np.outer(*ramps).astype(np.float32)


def _hides(near: Box, far: Box) -> bool:
    x, y = far.center
    margin = 0.2 * near.side
    return near.x1 - margin < x < near.x2 + margin and near.y1 - margin < y < near.y2 + margin


def _is_in(box: Box, size: tuple[int, int]) -> bool:
    x, y = box.center
    return 0 <= x < size[0] and 0 <= y < size[1]
