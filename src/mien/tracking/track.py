"""One face over time, and how well a face of the next frame fits it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.tracking.appearance import similarity
from mien.types import Box, FloatArray
from mien.vision.boxes import iou_matrix, to_array

# The number of a face that is not tracked long enough yet to be believed.
UNCONFIRMED = 0
# How far, in sides of the face, a face may land from where it was expected.
REACH = 1.0
# Who was out of sight may have gone further, by so many sides in a second: one who looks alike...
SPREAD = 4.0
# ...by at least this much, 1 being the same picture.
ALIKE = 0.6
# A descriptor is averaged over this many seconds, because expressions and light change.
APPEARANCE_SECONDS = 0.5
# A face does not grow or shrink faster than this from one sight to the next.
MAX_GROWTH = 2.0
# A velocity is averaged over this many seconds, because boxes shake by a few pixels...
VELOCITY_SECONDS = 0.15
# ...measured over no less than this, because a shake over no time is no speed...
SHORTEST_STEP = 0.001
# ...and trusted for about as long: people stop, and an unseen face must not drift off.
MOMENTUM_SECONDS = 0.3


@dataclass(slots=True)
class Track:
    """A face that was seen; times in seconds of stream time, speed in pixels a second.

    Attributes:
        box: Where it was last.
        number: Whose it is.
        velocity: To the right and down.
        age: How long it has been seen.
        unseen: How long it has not been.
        missed: Whether it is not in this frame; until faces are joined, no track is.
        missed_before: Whether it was not in the one before.
        appearance: Its descriptor, averaged over the last moments.
        latest: Its descriptor in the last frame in which it was.
        portrayed: When its last portrait was kept.
        doubted: Since when no portrait has said who it is, after it changed at once; None where
            there is no doubt.
    """

    box: Box
    number: int = UNCONFIRMED
    velocity: tuple[float, float] = (0.0, 0.0)
    age: float = 0.0
    unseen: float = 0.0
    missed: bool = False
    missed_before: bool = False
    appearance: FloatArray | None = None
    latest: FloatArray | None = None
    portrayed: float = -math.inf
    doubted: float | None = None

    def expected(self, later: float = 0.0) -> Box:
        """Return where the face should be in so many seconds, at a velocity that dies away."""
        reach = MOMENTUM_SECONDS * -math.expm1(-(self.unseen + later) / MOMENTUM_SECONDS)
        dx, dy = (speed * reach for speed in self.velocity)
        return Box(self.box.x1 + dx, self.box.y1 + dy, self.box.x2 + dx, self.box.y2 + dy)

    def see(self, box: Box, appearance: FloatArray | None) -> None:
        """Take in a new sight."""
        self.latest = appearance
        if self.appearance is None or appearance is None:
            self.appearance = appearance
        else:
            share = np.float32(self._share(APPEARANCE_SECONDS))
            self.appearance = self.appearance + share * (appearance - self.appearance)
        if self.unseen >= SHORTEST_STEP:
            weight = self._share(VELOCITY_SECONDS)
            moves = zip(self.velocity, self.box.center, box.center, strict=True)
            vx, vy = (v + weight * ((now - old) / self.unseen - v) for v, old, now in moves)
            self.velocity = vx, vy
        self.age += self.unseen
        self.box, self.unseen, self.missed = box, 0.0, False

    def _share(self, seconds: float) -> float:
        """Weight of a new sight in an average over so many seconds."""
        return -math.expm1(-self.unseen / seconds)


def affinity(
    tracks: Sequence[Track], faces: Sequence[Box], descriptors: FloatArray | None
) -> npt.NDArray[np.float64]:
    """Return how well each track fits each face, [T,F] up to 3; 0 where they cannot be one."""
    if not tracks or not faces:
        return np.zeros((len(tracks), len(faces)))
    places = [track.expected() for track in tracks]
    sides_a, sides_b = (np.array([box.side for box in boxes]) for boxes in (places, faces))
    centers_a, centers_b = (np.array([box.center for box in boxes]) for boxes in (places, faces))
    distance = np.linalg.norm(centers_a[:, None] - centers_b[None], axis=2)
    distance /= (sides_a[:, None] + sides_b[None]) / 2
    alike = similarities(tracks, len(faces), descriptors)
    gone = np.array([track.unseen if track.missed_before else 0.0 for track in tracks])
    reach = REACH + np.where(alike >= ALIKE, SPREAD * gone[:, None], 0.0)
    nearness = np.clip(1 - distance / reach, 0, None)
    growth = np.abs(np.log(sides_a[:, None] / sides_b[None]))
    possible = (nearness > 0) & (growth <= math.log(MAX_GROWTH))
    overlap = iou_matrix(to_array(places), to_array(faces))
    return np.where(possible, overlap + nearness + np.clip(alike, 0, None), 0.0)


def is_cut(box: Box, size: tuple[int, int]) -> bool:
    """Return whether a box reaches the edge of a frame, so that part of its face may be outside."""
    return box.x1 <= 1 or box.y1 <= 1 or box.x2 >= size[0] - 1 or box.y2 >= size[1] - 1


def similarities(
    tracks: Sequence[Track], count: int, descriptors: FloatArray | None
) -> npt.NDArray[np.float64]:
    """Return how alike the looks of tracks and faces are, [T,count]; 0 where one is not known."""
    result = np.zeros((len(tracks), count))
    if descriptors is not None:
        for row, track in zip(result, tracks, strict=True):
            if track.appearance is not None:
                row[:] = similarity(track.appearance[None], descriptors)[0]
    return result
