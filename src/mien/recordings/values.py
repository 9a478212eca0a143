"""The values: a recording, the tracks in it, and who they are in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.errors import printable
from mien.types import FloatArray, IntArray, RealArray

# Codes of what is no look; those of looks are their places in `Recording.labels`.
NOT_SURE: Final = -1
NOT_SEEN: Final = -2
NOT_SURE_WORD: Final = "not sure"
NOT_SEEN_WORD: Final = "not seen"
# Line breaks and the like, which no format of the trade has a place for in a name. Joiners stay:
# some scripts are written with them.
UNWRITABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
WORDS = {NOT_SURE: NOT_SURE_WORD, NOT_SEEN: NOT_SEEN_WORD}
CodeArray = npt.NDArray[np.int16]


def written(name: str) -> str:
    """Return a person's name or a look on one line, with what has no place there as escapes."""
    return printable(name, UNWRITABLE)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What a table says of one track_id of one source: arrays of a row for each row of the table.

    Attributes:
        track_id: The number in the table.
        time: float64 [N], seconds of stream, never falling.
        label: int16 [N], codes of looks; see `Recording.word`.
        frame: int64 [N], numbers of frames; -1 where the table has none.
        probabilities: float32 [N,K] in the order of `Recording.labels` as far as the table has
            them, NaN where a row has none; [N,0] where they were not asked for.
        box: float32 [N,4] in pixels, NaN where a row has none; [N,0] where it was not asked for.
        words: Of each further column that was asked for and is there, int16 [N], codes of its
            words; see `Recording.words`.
    """

    track_id: int
    time: RealArray
    label: CodeArray
    frame: IntArray
    probabilities: FloatArray
    box: FloatArray
    words: Mapping[str, CodeArray] = field(default_factory=dict)

    def mean_box(self) -> tuple[float, float, float, float] | None:
        """Return the mean of its boxes in pixels; None where there is none."""
        known = self.box[np.isfinite(self.box).all(axis=1)] if self.box.size else self.box
        if not known.size:
            return None
        x1, y1, x2, y2 = known.mean(axis=0, dtype=np.float64).tolist()
        return x1, y1, x2, y2


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One source of a table.

    Attributes:
        source: Its name in the table.
        labels: The looks that the table speaks of, in the order of their codes. Those with a column
            of probabilities come first.
        tracks: Who was seen, by track_id.
        moments: float64 [M], the times of all rows, each once, rising: when somebody was seen, and
            when it was looked and nobody was, as far as the table says so.
        begin: Where it began to be read, in seconds of stream.
        end: Where it ended, the duration of the last frame with it.
        step: Usual seconds from one frame that was read to the next; 0 where there is one moment
            only, as of a picture.
        longest_step: Seconds between frames that the way it was read explains.
        size: Width and height of the picture in pixels, where the table says it.
        words: Of each further column that was asked for and is there, what it says, in the order of
            its codes. An empty cell is "not seen".
    """

    source: str
    labels: tuple[str, ...]
    tracks: tuple[Track, ...]
    moments: RealArray
    begin: float
    end: float
    step: float
    longest_step: float
    size: tuple[int, int] | None = None
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def word(self, code: int) -> str:
        """Return a look, "not sure" or "not seen"."""
        return WORDS[code] if code < 0 else self.labels[code]


@dataclass(frozen=True, slots=True)
class Interval:
    """One look that lasted.

    Attributes:
        begin: In seconds of stream.
        end: Just after it.
        look: A label, "not sure" or "not seen".
    """

    begin: float
    end: float
    look: str

    @property
    def seconds(self) -> float:
        """How long."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Lane:
    """One person's way through a recording.

    Attributes:
        name: Unique in all recordings that are read together, unless people.csv says otherwise.
        intervals: In order, without gaps or overlaps, from the recording's begin to its end.
    """

    name: str
    intervals: tuple[Interval, ...]

    def seen(self) -> Sequence[Interval]:
        """Return the intervals from the first in which the person is seen to the last."""
        places = [i for i, one in enumerate(self.intervals) if one.look != NOT_SEEN_WORD]
        return self.intervals[places[0] : places[-1] + 1] if places else ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recording as the people in it and what they looked like when.

    Attributes:
        source: Its name in the table.
        name: A short one, unique in all recordings that are read together, and fit for a file.
        begin: Where it begins, in seconds of stream.
        end: Where it ends.
        step: Seconds from one frame that was read to the next.
        lanes: One for each person, by name.
        labels: The looks that the table speaks of.
    """

    source: str
    name: str
    begin: float
    end: float
    step: float
    lanes: tuple[Lane, ...]
    labels: tuple[str, ...] = field(default=())

    @property
    def looks(self) -> tuple[str, ...]:
        """All that an interval can say."""
        return (*self.labels, NOT_SURE_WORD, NOT_SEEN_WORD)
