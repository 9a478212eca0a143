"""What has to be covered in each frame, known once all of them were seen.

A detector misses a face now and then, and finds one some frames after it came in. Who hides faces
can look ahead: each face is covered from a moment before its first sight to one after its last, and
between two sights where it should be.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mien.tracking.tracker import Tracker
from mien.types import Box, Face

# Seconds for which a face is covered before it was first seen and after it was last seen; one
# frame at least.
AROUND_SECONDS = 1.0
# A face that is missing for longer begins anew; the time around both sights is covered.
GAP_SECONDS = 3.0
# A speed is measured over so many seconds at the ends, and trusted for so many sides of the face.
SPEED_SECONDS, FARTHEST = 0.3, 1.5
# Between two sights a face is covered more widely by so much of its side: people nod and turn.
UNSURE = 0.25
# Who is seen for less may well be no face: nobody has to look whether it was there longer.
BRIEF_SECONDS = 0.3
# Who is so near to the edge, in sides of the face, comes in or goes out there.
NEAR_EDGE = 0.25


@dataclass(frozen=True, slots=True)
class Doubt:
    """Where somebody has to look whether a face can be seen.

    Attributes:
        first: The first frame, as numbered in its source.
        last: The last one.
        start: When the first one is shown, in seconds of stream time.
        end: When the last one is.
        box: The place, uncovered.
        reason: What is to be looked for.
    """

    first: int
    last: int
    start: float
    end: float
    box: Box
    reason: str


@dataclass(frozen=True, slots=True)
class _Sight:
    frame: int
    box: Box
    open: bool


@dataclass(slots=True)
class Covers:
    """The covers of one video or picture. Frames come first in order, then all can be asked for."""

    size: tuple[int, int] = (0, 0)
    _tracker: Tracker = field(default_factory=lambda: Tracker(max_gap=GAP_SECONDS, remember=0.0))
    _indices: list[int] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _people: dict[int, list[_Sight]] = field(default_factory=dict)
    _boxes: dict[int, list[Box]] | None = None

    def add(
        self,
        index: int,
        timestamp: float,
        size: tuple[int, int],
        faces: Sequence[Face],
        shown: Sequence[bool],
    ) -> None:
        """Take the faces of the next frame.

        Args:
            index: The frame's number in its source.
            timestamp: Seconds of stream time.
            size: Its width and height in pixels.
            faces: All that were found in it.
            shown: Of each, whether it is to be left as it is.
        """
        frame, self.size = len(self._indices), size
        self._indices.append(index)
        self._times.append(timestamp)
        numbers = self._tracker.update(faces, timestamp)
        for number, face, stays in zip(numbers, faces, shown, strict=True):
            self._people.setdefault(number, []).append(_Sight(frame, face.box, stays))

    def of(self, index: int) -> list[Box] | None:
        """Return what has to be covered in a frame; None of one that was not there."""
        if self._boxes is None:
            self._boxes = {known: [] for known in self._indices}
            for sights in self._people.values():
                self._cover(sights, self._boxes)
        return self._boxes.get(index)

    def doubts(self) -> list[Doubt]:
        """Return where a face may be seen uncovered, or was covered by a guess, in order."""
        found: list[Doubt] = []
        for sights in self._people.values():
            hidden = [sight for sight in sights if not sight.open]
            if hidden and self._lasts(sights):
                found += self._gaps(sights)
                found += self._ends(sights)
        return sorted(found, key=lambda doubt: (doubt.first, doubt.last))

    def _cover(self, sights: Sequence[_Sight], boxes: dict[int, list[Box]]) -> None:
        for sight in sights:
            if not sight.open:
                boxes[self._indices[sight.frame]].append(sight.box)
        for one, other in pairwise(sights):
            if not (one.open and other.open):
                for frame in range(one.frame + 1, other.frame):
                    boxes[self._indices[frame]].append(self._between(one, other, frame))
        for end, frames in (
            (sights[0], self._before(sights[0])),
            (sights[-1], self._after(sights[-1])),
        ):
            if not end.open:
                speed = self._speed(sights, end)
                for frame in frames:
                    boxes[self._indices[frame]].append(self._beyond(end, frame, speed))

    def _before(self, sight: _Sight) -> range:
        first = bisect_left(self._times, self._times[sight.frame] - AROUND_SECONDS)
        return range(max(0, min(first, sight.frame - 1)), sight.frame)

    def _after(self, sight: _Sight) -> range:
        last = bisect_right(self._times, self._times[sight.frame] + AROUND_SECONDS)
        return range(sight.frame + 1, min(len(self._times), max(last, sight.frame + 2)))

    def _between(self, one: _Sight, other: _Sight, frame: int) -> Box:
        start, end = self._times[one.frame], self._times[other.frame]
        share = (self._times[frame] - start) / (end - start) if end > start else 0.5
        corners = zip(one.box.to_tuple(), other.box.to_tuple(), strict=True)
        return _grown(Box(*(a + share * (b - a) for a, b in corners)), UNSURE)

    def _speed(self, sights: Sequence[_Sight], end: _Sight) -> tuple[float, float]:
        """Return how fast a face moves at one end of its sights, in pixels a second."""
        near = [
            sight
            for sight in sights
            if abs(self._times[sight.frame] - self._times[end.frame]) <= SPEED_SECONDS
        ]
        first, last = near[0], near[-1]
        passed = self._times[last.frame] - self._times[first.frame]
        if passed <= 0:
            return 0.0, 0.0
        (x1, y1), (x2, y2) = first.box.center, last.box.center
        return (x2 - x1) / passed, (y2 - y1) / passed

    def _beyond(self, end: _Sight, frame: int, speed: tuple[float, float]) -> Box:
        """Return where a face may be that is not seen any more, or not yet: here, or further on."""
        later, most = self._times[frame] - self._times[end.frame], FARTHEST * end.box.side
        dx, dy = (max(-most, min(most, part * later)) for part in speed)
        box = end.box
        return _grown(
            Box(
                min(box.x1, box.x1 + dx),
                min(box.y1, box.y1 + dy),
                max(box.x2, box.x2 + dx),
                max(box.y2, box.y2 + dy),
            ),
            UNSURE,
        )

    def _lasts(self, sights: Sequence[_Sight]) -> bool:
        return self._times[sights[-1].frame] - self._times[sights[0].frame] >= BRIEF_SECONDS

    def _gaps(self, sights: Sequence[_Sight]) -> list[Doubt]:
        return [
            self._doubt(one.frame + 1, other.frame - 1, one.box, "covered between two sights")
            for one, other in pairwise(sights)
            if other.frame - one.frame > 1 and not (one.open and other.open)
        ]

    def _ends(self, sights: Sequence[_Sight]) -> list[Doubt]:
        first, last = sights[0], sights[-1]
        found = []
        before, after = self._before(first), self._after(last)
        if before and not first.open and not self._is_at_edge(first.box):
            reason = "first seen after it; was it there before?"
            found.append(self._doubt(before[0], before[-1], first.box, reason))
        if after and not last.open and not self._is_at_edge(last.box):
            reason = "last seen before it; is it still there?"
            found.append(self._doubt(after[0], after[-1], last.box, reason))
        return found

    def _doubt(self, first: int, last: int, box: Box, reason: str) -> Doubt:
        indices, times = self._indices, self._times
        return Doubt(indices[first], indices[last], times[first], times[last], box, reason)

    def _is_at_edge(self, box: Box) -> bool:
        near, (width, height) = NEAR_EDGE * box.side, self.size
        return min(box.x1, box.y1, width - box.x2, height - box.y2) < near


def _grown(box: Box, share: float) -> Box:
    across, down = share * box.width / 2, share * box.height / 2
    return Box(box.x1 - across, box.y1 - down, box.x2 + across, box.y2 + down)
