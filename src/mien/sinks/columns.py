"""The one source of a table's columns: what each is called, means and holds.

CSV, JSON Lines, Parquet, .xlsx, `mien.to_frame`, the notes beside a table and docs/columns.md are
all made of it. A new column is one row in `COLUMNS`.
"""

import datetime
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from mien.sinks.files import as_written
from mien.types import SOMETHING_ELSE, Analysis, Reading
from mien.vision.pose import FACING, Pose, estimate_pose

Kind = Literal["text", "whole number", "number", "true or false"]
Value = str | int | float | bool | None
NOT_SEEN: Final = "not seen"
# Stands for each class of the model in turn.
EACH = "LABEL"
POINTS = ("eye_left", "eye_right", "nose", "mouth_left", "mouth_right")


class Row:
    """One face in one frame, or a frame without a face, of which columns take their values."""

    def __init__(self, analysis: Analysis, reading: Reading | None, plain: dict[str, Any]) -> None:
        self.analysis, self.reading = analysis, reading
        # What `Analysis.to_rows` says of it; nothing of a frame without a face.
        self.plain = plain

    @functools.cached_property
    def pose(self) -> Pose | None:
        """How the head is turned, computed once, and only where a column asks for it."""
        landmarks = None if self.reading is None else self.reading.face.landmarks
        return None if landmarks is None else estimate_pose(landmarks)


Take = Callable[[Row, str], Value]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: What it is called; `EACH` in it stands for a class.
        kind: What it holds.
        meaning: In a sentence.
        take: Returns its value, given a row and the class that it is of, "" where it is of none.
        unit: Of its numbers; "" where they have none.
        group: By what it can be chosen together with others.
        default: Whether it is in a table for which nothing else was chosen.
        nest: The key under which JSON Lines has it together with those beside it; "" for its own.
        label: The class that it is of.
    """

    name: str
    kind: Kind
    meaning: str
    take: Take
    unit: str = ""
    group: str = ""
    default: bool = False
    nest: str = ""
    label: str = ""

    def value(self, row: Row) -> Value:
        """Return its value in a row; None where there is none."""
        return self.take(row, self.label)

    def of(self, label: str) -> "Column":
        """Return the column of one class."""
        return Column(
            **{one: getattr(self, one) for one in Column.__slots__}
            | {"name": self.name.replace(EACH, label), "label": label}
        )


def _plain(name: str, absent: Value = None) -> Take:
    """Take what `Analysis.to_rows` has under a name; of a frame without a face, `absent`."""

    def take(row: Row, label: str) -> Value:
        return row.plain.get(name.replace(EACH, label), absent)

    return take


def _source(row: Row, _: str) -> Value:
    return as_written(row.analysis.source)


def _read(get: Callable[[Reading], Value]) -> Take:
    return lambda row, _: None if row.reading is None else get(row.reading)


def _posed(get: Callable[[Pose], Value]) -> Take:
    return lambda row, _: None if row.pose is None else get(row.pose)


def _raw(row: Row, label: str) -> Value:
    return None if row.reading is None else row.reading.raw.to_dict()[label]


def _utc(row: Row, _: str) -> Value:
    return None if row.analysis.captured is None else iso(row.analysis.captured)


def _usual(row: Row, _: str) -> Value:
    usual = None if row.reading is None else row.reading.usual
    return None if usual is None else usual.state


def _point(place: int, axis: int) -> Take:
    def take(row: Row, _: str) -> Value:
        points = None if row.reading is None else row.reading.face.landmarks
        return None if points is None else float(points[place, axis])

    return take


def iso(seconds: float) -> str:
    """Return a time of day as ISO 8601 in UTC with milliseconds: 2026-03-01T09:30:00.250Z.

    Args:
        seconds: Since 1970-01-01T00:00:00Z, as `time.time` counts them.
    """
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_FRAME_TIME = "s"
_PIXELS = "px"
_DEGREES = "degrees"
_SHARE = "0 to 1"


def _corner(name: str, what: str) -> Column:
    meaning = f"{what} of the face's box, from the picture's {'left' if name[0] == 'x' else 'top'}"
    return Column(name, "number", meaning, _plain(name), _PIXELS, "box", True, nest="box")


def _landmarks() -> Iterator[Column]:
    words = (
        "eye on the picture's left",
        "eye on the picture's right",
        "tip of the nose",
        "corner of the mouth on the picture's left",
        "corner of the mouth on the picture's right",
    )
    for place, (name, what) in enumerate(zip(POINTS, words, strict=True)):
        for axis, letter in enumerate("xy"):
            meaning = f"{what}, {letter}; left and right are those of the upright head"
            take = _point(place, axis)
            yield Column(f"{name}_{letter}", "number", meaning, take, _PIXELS, "landmarks",
                         nest="landmarks")  # fmt: skip


# In the order in which tables have them where nothing else is chosen: new ones go to the end.
COLUMNS: tuple[Column, ...] = (
    Column("source", "text", "what was read: a file, an address, a camera", _source,
           group="place", default=True),
    Column("frame", "whole number", "number of the frame in its source, from 0; of pictures, of "
           "the picture among all that were read", _plain("frame"), group="place", default=True),
    Column("time", "number", "time of the stream, by its own clock, from its first frame; 0 of a "
           "picture", _plain("time"), _FRAME_TIME, "place", True),
    Column("track_id", "whole number", "number of the person in this source, from 1, which stays "
           "while the face is tracked", _plain("track_id"), group="place", default=True),
    _corner("x1", "left edge"),
    _corner("y1", "upper edge"),
    _corner("x2", "right edge"),
    _corner("y2", "lower edge"),
    Column(f"p_{EACH}", "number", "probability that the face shows this look, over the last "
           "moments, given that it shows one of the model's; together they are 1",
           _plain(f"p_{EACH}"), _SHARE, "smoothed", True, nest="probabilities"),
    Column("label", "text", "what the probabilities of this row say by themselves: a look, "
           f'"not sure", or "{NOT_SEEN}" of a frame without a face',
           _plain("label", NOT_SEEN), group="verdict", default=True),
    Column("confidence", "number", "probability of `label`; where that is \"not sure\", of the "
           "most probable look", _plain("confidence"), _SHARE, "verdict", True),
    Column("shown", "text", "the steady word that a screen shows at this moment, because another "
           f'one has to last first: a look, "not sure" or "{NOT_SEEN}"',
           _plain("shown", NOT_SEEN), group="verdict", default=True),
    Column("quality", "text", 'how well the face can be seen: "ok", or what stands against it (too '
           "small, blurred, dark, turned away), parted by semicolons", _plain("quality"),
           group="verdict", default=True),
    Column("reason", "text", f'why `label` is "not sure": "{SOMETHING_ELSE}", "not sure enough" or '
           "one of `quality`; empty where it is a look", _plain("reason"), group="verdict",
           default=True),
    Column("p_other", "number", "probability that the face shows none of the model's looks; only "
           "of models that tell", _plain("p_other"), _SHARE, "smoothed", True),
    Column("utc", "text", "time of day at which the frame was captured, in UTC (ISO 8601 with "
           "milliseconds), by this machine's clock; of a file that `mien live` plays, at which it "
           "was read, and of other files empty", _utc, group="clock"),
    Column("width", "whole number", "width of the frame", lambda row, _: row.analysis.size[0],
           _PIXELS, "picture"),
    Column("height", "whole number", "height of the frame", lambda row, _: row.analysis.size[1],
           _PIXELS, "picture"),
    Column("score", "number", "how sure the detector is that this is a face",
           _read(lambda one: one.face.score), _SHARE, "detail"),
    Column("face_size", "number", "side of the square of the face's area",
           _read(lambda one: one.quality.size), _PIXELS, "detail"),
    Column("sharpness", "number", "variance of the Laplacian of the face at 64x64; more is sharper",
           _read(lambda one: one.quality.sharpness), "gray levels squared", "detail"),
    Column("brightness", "number", "mean gray of the face",
           _read(lambda one: one.quality.brightness), "0 to 255", "detail"),
    Column(f"raw_{EACH}", "number", "as p_LABEL, by this frame alone", _raw, _SHARE, "raw",
           nest="raw"),
    Column("raw_other", "number", "as p_other, by this frame alone; only of models that tell",
           _read(lambda one: one.raw.other), _SHARE, "raw"),
    Column("pitch", "number", "how far the head is tilted up (above 0) or down, seen from the "
           "camera", _posed(lambda one: one.pitch), _DEGREES, "pose"),
    Column("yaw", "number", "how far the head is turned to the picture's right (above 0) or left",
           _posed(lambda one: one.yaw), _DEGREES, "pose"),
    Column("roll", "number", "how far the head leans clockwise in the picture (above 0) or against "
           "the clock", _posed(lambda one: one.roll), _DEGREES, "pose"),
    Column("faces_camera", "true or false", "whether the head points at the camera to within "
           f"{FACING:.0f} degrees; it says nothing of where the eyes look",
           _posed(lambda one: one.faces_camera), group="pose"),
    *_landmarks(),
    Column("usual", "text", 'whether p_LABEL, `label` and `shown` are given beside the usual face '
           'of this person (a baseline): "on" where they are; "learning" while it is learnt, "few" '
           'and "unsteady" where that failed; empty where the person has none and is read like '
           "anybody. raw_LABEL is never given beside it", _usual, group="detail"),
)  # fmt: skip
OTHER = "p_other"
OTHERS = (OTHER, "raw_other")
# The corners of a face's box.
BOX = ("x1", "y1", "x2", "y2")
GROUPS = tuple(dict.fromkeys(column.group for column in COLUMNS))
