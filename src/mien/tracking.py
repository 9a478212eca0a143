"""Which face of this frame is which person of the last ones.

Boxes only: two people who swap places while neither is seen also swap numbers. Everything is in
seconds of stream time, so a slow machine and a fast one follow a face alike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.geometry import iou_matrix, to_array
from mien.types import Box, Face

# The number of a face that is not followed long enough yet to be believed.
UNCONFIRMED = 0
# How far, in sides of the face, a face may land from where it was expected.
REACH = 1.0
# A face does not grow or shrink faster than this from one sight to the next.
MAX_GROWTH = 2.0
# A velocity is averaged over this many seconds, because boxes shake by a few pixels...
VELOCITY_SECONDS = 0.15
# ...measured over no less than this, because a shake over no time is no speed...
SHORTEST_STEP = 0.001
# ...and trusted for about as long: people stop, and an unseen face must not drift off.
MOMENTUM_SECONDS = 0.3


@dataclass(slots=True)
class _Track:
    box: Box
    number: int = UNCONFIRMED
    velocity: tuple[float, float] = (0.0, 0.0)
    age: float = 0.0
    unseen: float = 0.0
    missed: bool = False

    def expected(self, later: float = 0.0) -> Box:
        """Where the face should be so many seconds from now, at a velocity that dies away."""
        reach = MOMENTUM_SECONDS * -math.expm1(-(self.unseen + later) / MOMENTUM_SECONDS)
        dx, dy = (speed * reach for speed in self.velocity)
        return Box(self.box.x1 + dx, self.box.y1 + dy, self.box.x2 + dx, self.box.y2 + dy)

    def see(self, box: Box) -> None:
        if self.unseen >= SHORTEST_STEP:
            weight = -math.expm1(-self.unseen / VELOCITY_SECONDS)
            moves = zip(self.velocity, self.box.center, box.center, strict=True)
            vx, vy = (v + weight * ((now - old) / self.unseen - v) for v, old, now in moves)
            self.velocity = vx, vy
        self.age += self.unseen
        self.box, self.unseen, self.missed = box, 0.0, False


class Tracker:
    """Gives each face a number that stays while the face is followed.

    A track and a face fit by the overlap of their boxes plus the nearness of their centres, after
    the track has been moved on at its velocity; the best pair is joined first. Greedy is enough:
    faces seldom overlap, and where they do the best pair is nearly always right.
    """

    def __init__(self, *, max_gap: float = 1.0, confirm: float = 0.0) -> None:
        """Start without tracks.

        Args:
            max_gap: Seconds of stream time for which a face that is missing keeps its number.
            confirm: Seconds for which a face that turns up in a running stream must be seen in
                every frame before it gets a number: what detectors take for a face by mistake
                seldom lasts. The faces of a first frame get theirs at once.
        """
        self._max_gap = max_gap
        self._confirm = confirm
        self.reset()

    @property
    def ids(self) -> frozenset[int]:
        """The numbers that may still come back: faces in view, and those missing for a moment."""
        return frozenset(track.number for track in self._tracks) - {UNCONFIRMED}

    def expected(self, timestamp: float) -> tuple[list[Box], list[Box]]:
        """Return where faces should be at a time: those of the last frame, and missing ones."""
        later = 0.0 if self._time is None else max(0.0, timestamp - self._time)
        seen = [track.expected(later) for track in self._tracks if track.unseen == 0.0]
        missing = [track.expected(later) for track in self._tracks if track.unseen > 0.0]
        return seen, missing

    def reset(self) -> None:
        """Forget everything and count from 1 again, for a new source."""
        self._tracks: list[_Track] = []
        self._last_number = 0
        self._time: float | None = None

    def update(self, faces: Sequence[Face], timestamp: float) -> tuple[int, ...]:
        """Follow the faces into a new frame.

        Args:
            faces: The faces of the frame.
            timestamp: Seconds of stream time. Where it stands still or jumps back, as when a
                stream starts over, no time is counted as passed.

        Returns:
            One number per face, from 1, in the order of `faces`; none twice. `UNCONFIRMED` for a
            face that is too new.
        """
        is_first = self._pass_time(timestamp)
        found = self._match([face.box for face in faces])
        numbers = []
        for index, face in enumerate(faces):
            track = found.get(index) or self._start(face.box)
            track.see(face.box)
            if track.number == UNCONFIRMED and (is_first or track.age >= self._confirm):
                track.number = self._last_number = self._last_number + 1
            numbers.append(track.number)
        return tuple(numbers)

    def _pass_time(self, timestamp: float) -> bool:
        """Let time pass for all tracks; return whether nothing is known of the time just before."""
        before, self._time = self._time, timestamp
        step = 0.0 if before is None else max(0.0, timestamp - before)
        for track in self._tracks:
            track.unseen += step
        self._tracks = [track for track in self._tracks if self._may_return(track)]
        for track in self._tracks:
            track.missed = True
        return before is None or step > self._max_gap

    def _may_return(self, track: _Track) -> bool:
        # A face of the very last frame is kept however long ago that was: where frames are seconds
        # apart, it has not been missing in any of them.
        if not track.missed:
            return True
        return track.number != UNCONFIRMED and track.unseen <= self._max_gap

    def _match(self, boxes: Sequence[Box]) -> dict[int, _Track]:
        """Join faces and tracks, best pair first; faces without a track are left out."""
        scores = _affinity([track.expected() for track in self._tracks], boxes)
        found: dict[int, _Track] = {}
        while scores.size and scores.max() > 0:
            row, column = np.unravel_index(int(scores.argmax()), scores.shape)
            found[int(column)] = self._tracks[int(row)]
            scores[row, :] = scores[:, column] = 0
        return found

    def _start(self, box: Box) -> _Track:
        track = _Track(box)
        self._tracks.append(track)
        return track


def _affinity(tracks: Sequence[Box], faces: Sequence[Box]) -> npt.NDArray[np.float64]:
    """How well each track fits each face, [T,F] in 0..2; 0 where they cannot be the same."""
    if not tracks or not faces:
        return np.zeros((len(tracks), len(faces)))
    a, b = to_array(tracks), to_array(faces)
    sides_a, sides_b = (np.array([box.side for box in boxes]) for boxes in (tracks, faces))
    centers_a, centers_b = (np.array([box.center for box in boxes]) for boxes in (tracks, faces))
    distance = np.linalg.norm(centers_a[:, None] - centers_b[None], axis=2)
    mean_side = (sides_a[:, None] + sides_b[None]) / 2
    nearness = np.clip(1 - distance / (REACH * mean_side), 0, None)
    growth = np.abs(np.log(sides_a[:, None] / sides_b[None]))
    possible = (nearness > 0) & (growth <= math.log(MAX_GROWTH))
    return np.where(possible, iou_matrix(a, b) + nearness, 0.0)
