"""Hides faces before something is shared, in two passes over what is read.

The first pass finds them: by the analyzer, and in every frame by a detector that looks at all of
it. The second writes, once it is known where each face was before and after it was seen; in what is
written the detector looks again, and what it finds is covered, too.
"""

import csv
import dataclasses
import io
from collections.abc import Iterator
from dataclasses import dataclass

from mien.protocols import Detector, Sink
from mien.tracking.covers import Covers, Doubt
from mien.types import Analysis, Box, Face, Frame, PixelArray
from mien.vision.boxes import iou_matrix, to_array
from mien.vision.cover import Style, cover, covered

# Boxes that overlap by more are of one face.
SAME = 0.3
# So often what is still found is covered again, by less light each time; the last is a block.
TRIES = 3
COLUMNS = ("source", "first_frame", "last_frame", "start", "end", "x1", "y1", "x2", "y2", "reason")


@dataclass(frozen=True, slots=True)
class ToCheck:
    """Where somebody has to look; see `Doubt`."""

    source: str
    doubt: Doubt

    def __str__(self) -> str:
        """Return it in a line."""
        doubt = self.doubt
        return f"{self.source}: {doubt.start:.2f} to {doubt.end:.2f} s: {doubt.reason}"


class FaceSearch:
    """A `Sink` for the first pass: takes note of all faces.

    Attributes:
        detector: Looks at every frame.
        shown: The number of the one who is not hidden; None where everybody is.
        met: Whether that one was seen.
    """

    def __init__(self, detector: Detector, *, shown: int | None = None) -> None:
        """Begin with nothing seen; see the class."""
        self.detector, self.shown = detector, shown
        self._covers: dict[str, Covers] = {}
        self.met = False

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Find the faces of a frame."""
        read = [reading.face for reading in analysis.readings]
        more = [face for face in self.detector(frame.image) if not _is_among(face.box, read)]
        stays = _shown(analysis, self.shown)
        self.met = self.met or bool(stays)
        open_ = [any(face is one for one in stays) for face in read]
        open_ += [_is_among(face.box, stays) for face in more]
        covers = self._covers.setdefault(frame.source, Covers())
        covers.add(frame.index, frame.timestamp, frame.size, [*read, *more], open_)

    def close(self) -> None:
        """Nothing is open."""

    def boxes(self, frame: Frame) -> list[Box] | None:
        """Return what to cover in a frame; None of one that was not seen."""
        covers = self._covers.get(frame.source)
        return None if covers is None else covers.of(frame.index)

    def doubts(self) -> Iterator[ToCheck]:
        """Yield where somebody has to look."""
        for source, covers in self._covers.items():
            yield from (ToCheck(source, doubt) for doubt in covers.doubts())


class HidingSink:
    """A `Sink` for the second pass: gives frames on to another one with their faces covered."""

    def __init__(self, sink: Sink, search: FaceSearch, style: Style, *, words: bool) -> None:
        """Take what was found.

        Args:
            sink: Draws and writes.
            search: What the first pass saw.
            style: How faces are covered.
            words: Whether what was read is drawn over them.
        """
        self._sink, self._search, self._style, self._words = sink, search, style, words
        # Frames in which faces were found only when all known ones were covered.
        self._found: list[ToCheck] = []

    def write(self, frame: Frame, analysis: Analysis) -> None:
        """Cover the faces of a frame and give it on."""
        image = self._hidden(frame, analysis)
        drawn = analysis if self._words else dataclasses.replace(analysis, readings=())
        self._sink.write(dataclasses.replace(frame, image=image), drawn)

    def close(self) -> None:
        """Close the other one."""
        self._sink.close()

    def doubts(self) -> list[ToCheck]:
        """Return where somebody has to look, by source and time."""
        found = [*self._search.doubts(), *self._found]
        return sorted(found, key=lambda one: (one.source, one.doubt.first, one.doubt.last))

    def _hidden(self, frame: Frame, analysis: Analysis) -> PixelArray:
        whole = Box(0, 0, *map(float, frame.size))
        known = self._search.boxes(frame)
        if known is None:
            # It was not there when faces were looked for: the file has changed since.
            self._note(frame, whole, "was not there at first; all of it is covered")
            return cover(frame.image, [whole], "block")
        stays = _shown(analysis, self._search.shown)
        boxes = known + [r.face.box for r in analysis.readings if not _is_among(r.face.box, stays)]
        image = cover(frame.image, boxes, self._style)
        for again in range(TRIES):
            left = [
                face.box for face in self._search.detector(image) if not _is_among(face.box, stays)
            ]
            if not left:
                return image
            for box in left:
                if not _is_covered(box, boxes, frame.size):
                    self._note(frame, box, "found only when all others were covered")
            boxes += left
            image = cover(image, left, self._style, again=again + 1)
        for face in self._search.detector(image):
            if not _is_among(face.box, stays):
                self._note(frame, face.box, "a detector still finds a face")
        return image

    def _note(self, frame: Frame, box: Box, reason: str) -> None:
        time = frame.timestamp
        doubt = Doubt(frame.index, frame.index, time, time, box, reason)
        self._found.append(ToCheck(frame.source, doubt))


def to_csv(doubts: list[ToCheck]) -> bytes:
    """Return a table of where somebody has to look, as UTF-8."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in doubts:
        doubt = one.doubt
        times = (f"{doubt.start:.3f}", f"{doubt.end:.3f}")
        box = (f"{side:.1f}" for side in doubt.box.to_tuple())
        table.writerow((one.source, doubt.first, doubt.last, *times, *box, doubt.reason))
    return text.getvalue().encode("utf-8", "surrogateescape")


def _shown(analysis: Analysis, number: int | None) -> list[Face]:
    return [reading.face for reading in analysis.readings if reading.track_id == number]


def _is_among(box: Box, faces: list[Face]) -> bool:
    known = to_array([face.box for face in faces])
    return bool((iou_matrix(to_array([box]), known) > SAME).any())


def _is_covered(box: Box, boxes: list[Box], size: tuple[int, int]) -> bool:
    """Whether the middle of a box lies under a cover."""
    x, y = box.center
    places = [place for one in boxes if (place := covered(one, size))]
    return any(left <= x < right and top <= y < bottom for left, top, right, bottom in places)
