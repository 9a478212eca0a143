"""Which face of this frame is which person of the last ones.

By where faces are expected, and by their appearance descriptors where these are known: they tell
who is who after people have crossed, and who is back after a moment out of sight. By portraits, who
is back after minutes, and that a face at its place is still who was there. Everything is in seconds
of stream time, so a slow machine and a fast one track a face alike.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from mien.tracking.appearance import similarity
from mien.tracking.cuts import Cut
from mien.tracking.sitting import Sitting
from mien.tracking.track import ALIKE, UNCONFIRMED, Track, affinity, similarities
from mien.tracking.views import Views
from mien.types import Box, Face, FloatArray

# A face that is less alike from one sight to the next has to prove by its portrait who it is.
SUDDEN = 0.9
# A portrait is kept each so many seconds, because looks and turns of the head change.
PORTRAIT_SECONDS = 0.5
# Who is away for longer is forgotten: half an hour is a pause, more is another sitting.
REMEMBER = 1800.0
# Who comes in from the edge while someone is missing gets so many seconds to be seen whole: a part
# of a face looks like nobody. So does who may or may not be one who is away.
ENTRY_SECONDS = 0.5
# Stamps are rounded: frames stand for longer than the time to be believed only by more than this.
LONGER = 1.01


class Tracker:
    """Gives each face a number that stays while the face is tracked.

    A track and a face fit by the overlap of their boxes plus the nearness of their centres, after
    the track has been moved on at its velocity, plus the similarity of their descriptors; the best
    pair is joined first. Greedy is enough: faces seldom overlap, and where they do the best pair is
    nearly always right.
    """

    def __init__(
        self, *, max_gap: float = 2.0, confirm: float = 0.0, remember: float = REMEMBER
    ) -> None:
        """Start without tracks.

        Args:
            max_gap: Seconds of stream time for which a face that is missing keeps its number.
            confirm: Seconds for which a face that turns up in a running stream must be seen in
                every frame before it gets a number: what detectors take for a face by mistake
                seldom lasts. The faces of a first frame get theirs at once, and so do all where
                frames are further apart.
            remember: Seconds for which portraits of someone who is away are kept, so that who is
                back gets the old number.
        """
        self._max_gap = max_gap
        self._confirm = confirm
        self._sitting = Sitting(remember=remember)
        self._tracks: list[Track] = []
        self.reset()

    @property
    def ids(self) -> frozenset[int]:
        """The numbers that may still come back: faces in view, and those missing for a moment."""
        return frozenset(track.number for track in self._tracks) - {UNCONFIRMED}

    @property
    def places(self) -> list[Box]:
        """Where those who are tracked were last, also those who are missing."""
        return [track.box for track in self._tracks]

    def end(self, cut: Cut) -> None:
        """End the tracks of whom a cut took away, before the frame after it is tracked.

        Who is there then is known again by a portrait only; after a cut of the whole frame they are
        believed at once, as those of a first frame are.

        Args:
            cut: What was found of `places`.
        """
        pairs = zip(self._tracks, cut.faces, strict=True)
        self._tracks = [track for track, gone in pairs if not gone]
        self._anew = cut.whole

    def expected(self, timestamp: float) -> tuple[list[Box], list[Box]]:
        """Return where faces should be at a time: those of the last frame, and missing ones."""
        later = 0.0 if self._time is None else max(0.0, timestamp - self._time)
        seen = [track.expected(later) for track in self._tracks if track.unseen == 0.0]
        missing = [track.expected(later) for track in self._tracks if track.unseen > 0.0]
        return seen, missing

    def reset(self) -> None:
        """Forget everything and count from 1 again, for a new source."""
        self._tracks = []
        self._last_number = 0
        self._time: float | None = None
        self._passed = 0.0
        # Whether the next frame is of another scene.
        self._anew = False
        self._sitting.reset()

    def update(
        self,
        faces: Sequence[Face],
        timestamp: float,
        descriptors: FloatArray | None = None,
        size: tuple[int, int] | None = None,
        *,
        stands: float = 0.0,
        portray: Callable[[Face], FloatArray | None] | None = None,
    ) -> tuple[int, ...]:
        """Track the faces into a new frame.

        Args:
            faces: The faces of the frame.
            timestamp: Seconds of stream time. Where it stands still or jumps back, as when a
                stream starts over, no time is counted as passed.
            descriptors: Their appearance, [N,D] from `appearance.describe`; None where only boxes
                count.
            size: Width and height of the frame in pixels; None where its edges do not count.
            stands: For how many seconds each frame stands, where there are few: a face that is in
                one of them has been there for as long.
            portray: Gives the portrait of a face of the frame, None where it shows too little;
                asked for some faces only. None where nobody is to be known after `max_gap`.

        Returns:
            One number per face, from 1, in the order of `faces`; none twice. `UNCONFIRMED` for a
            face that is too new.
        """
        unknown, few = self._pass_time(timestamp), stands > LONGER * self._confirm
        again = few and stands <= LONGER * ENTRY_SECONDS
        views = Views(faces, size, portray)
        found = self._match([face.box for face in faces], descriptors, views)
        tracks = [found.get(index) or self._start(face.box) for index, face in enumerate(faces)]
        for index, track in enumerate(tracks):
            track.see(faces[index].box, None if descriptors is None else descriptors[index])
        new = {
            index: track
            for index, track in enumerate(tracks)
            if track.number == UNCONFIRMED
            and (
                unknown
                or (few and not (again and self._may_be_back(track, index, tracks, views)))
                or self._is_believed(track, index, tracks, views)
            )
        }
        self._recognise(new, tracks, views)
        for index, track in new.items():
            if track.number == UNCONFIRMED:
                own = None if descriptors is None else descriptors[index : index + 1]
                back = self._returned(track.box, own, index, views)
                track.number = back or self._new_number()
                self._doubt(track, index, views)
        self._remember(tracks, views)
        return tuple(track.number for track in tracks)

    def _is_believed(self, track: Track, index: int, tracks: Sequence[Track], views: Views) -> bool:
        if track.age < self._confirm or track.age >= ENTRY_SECONDS:
            return track.age >= self._confirm
        if views.is_cut(index) and self._missing():
            return False
        portrait = views(index)
        if portrait is None:
            away = self._sitting.is_away(_numbers(tracks))
            return not (away and views.may_clear(index))
        return not self._may_be_back(track, index, tracks, views)

    def _may_be_back(self, track: Track, index: int, tracks: Sequence[Track], views: Views) -> bool:
        """Whether a second look may tell that a new face is of one who is away."""
        portrait = views(index) if track.age < ENTRY_SECONDS else None
        return portrait is not None and self._sitting.may_be_back(portrait, _numbers(tracks))

    def _recognise(self, new: dict[int, Track], tracks: Sequence[Track], views: Views) -> None:
        """Give those who are back the number that they had in this sitting."""
        portraits = {index: view for index in new if (view := views(index)) is not None}
        known = self._sitting.recognise(portraits, _numbers(tracks))
        former = set(known.values())
        self._tracks = [track for track in self._tracks if track.number not in former]
        for index, number in known.items():
            new[index].number = number

    def _remember(self, tracks: Sequence[Track], views: Views) -> None:
        """Portray who is there: newcomers at once, of the others one in a frame at most."""
        self._sitting.meet(_numbers(tracks), self._passed)
        waiting = [
            (track.portrayed, index)
            for index, track in enumerate(tracks)
            if track.number != UNCONFIRMED
            and track.doubted is None
            and self._passed - track.portrayed >= PORTRAIT_SECONDS
        ]
        for since, index in sorted(waiting):
            portrait = views(index)
            if portrait is not None:
                self._sitting.keep(tracks[index].number, portrait)
                tracks[index].portrayed = self._passed
                if since > -math.inf:
                    return

    def _missing(self) -> list[Track]:
        return [track for track in self._tracks if track.missed and track.number != UNCONFIRMED]

    def _pass_time(self, timestamp: float) -> bool:
        """Let time pass for all tracks; return whether nothing is known of the time just before."""
        before, self._time = self._time, timestamp
        step = 0.0 if before is None else max(0.0, timestamp - before)
        self._passed += step
        for track in self._tracks:
            track.unseen += step
        self._tracks = [track for track in self._tracks if self._may_return(track)]
        for track in self._tracks:
            track.missed_before, track.missed = track.missed, True
        anew, self._anew = self._anew, False
        return anew or before is None or step > self._max_gap

    def _may_return(self, track: Track) -> bool:
        # A face of the very last frame is kept however long ago that was: where frames are seconds
        # apart, it has not been missing in any of them.
        if not track.missed:
            return True
        return track.number != UNCONFIRMED and track.unseen <= self._max_gap

    def _match(
        self, boxes: Sequence[Box], descriptors: FloatArray | None, views: Views
    ) -> dict[int, Track]:
        """Join faces and tracks, best pair first; faces without a track are left out."""
        scores = affinity(self._tracks, boxes, descriptors)
        found: dict[int, Track] = {}
        while scores.size and scores.max() > 0:
            row, column = map(int, np.unravel_index(int(scores.argmax()), scores.shape))
            track = self._tracks[row]
            own = None if descriptors is None else descriptors[column : column + 1]
            asked = self._must_prove(track, own)
            if asked and self._is_another(track, column, views):
                scores[row, column] = 0
                continue
            if asked:
                self._doubt(track, column, views)
            found[column] = track
            scores[row, :] = scores[:, column] = 0
        return found

    def _must_prove(self, track: Track, descriptor: FloatArray | None) -> bool:
        """Whether a face where someone known is expected may be somebody else's by its looks."""
        if track.latest is None or descriptor is None or not self._sitting.is_known(track.number):
            return False
        sudden = similarity(track.latest[None], descriptor)[0, 0] < SUDDEN
        return track.doubted is not None or bool(sudden)

    def _is_another(self, track: Track, index: int, views: Views) -> bool:
        """Whether a portrait says that a face where someone is expected is somebody else.

        Another who comes near is a reason to look changed, but not for long.
        """
        portrait = views(index)
        since = self._passed if track.doubted is None else track.doubted
        beside = views.is_beside(index) and self._passed - since <= self._max_gap
        return portrait is not None and self._sitting.is_another(
            track.number, portrait, beside=beside
        )

    def _doubt(self, track: Track, index: int, views: Views) -> None:
        """Note whether a portrait says that a face is who it is taken for, where that is known."""
        portrait = views(index)
        unlike = portrait is None or not self._sitting.is_like(track.number, portrait)
        if not (unlike and self._sitting.is_known(track.number)):
            track.doubted = None
        elif track.doubted is None:
            track.doubted = self._passed

    def _new_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _returned(self, box: Box, descriptor: FloatArray | None, index: int, views: Views) -> int:
        """Return the number of the missing one whom a new face is, 0 for nobody.

        Who comes back in from the edge is seen in part at first and looks like nobody known; a
        moment later, when the face is to be believed, the descriptor tells.
        """
        missing = [track for track in self._missing() if self._may_be(track, index, views)]
        alike = similarities(missing, 1, descriptor) >= ALIKE
        fits = np.where(alike, affinity(missing, [box], descriptor), 0.0)
        if not fits.size or fits.max() == 0:
            return UNCONFIRMED
        former = missing[int(fits.argmax())]
        self._tracks.remove(former)
        return former.number

    def _may_be(self, track: Track, index: int, views: Views) -> bool:
        known = self._sitting.is_known(track.number)
        return not (known and self._is_another(track, index, views))

    def _start(self, box: Box) -> Track:
        track = Track(box)
        self._tracks.append(track)
        return track


def _numbers(tracks: Sequence[Track]) -> frozenset[int]:
    return frozenset(track.number for track in tracks) - {UNCONFIRMED}
