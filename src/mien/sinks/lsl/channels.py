"""What the stream of a person holds: the one source of its channels."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mien.sinks.columns import COLUMNS, EACH, NOT_SEEN, OTHER, Column
from mien.sinks.layout import expand

NOT_SURE = "not sure"
UNSURE, UNSEEN = -1, -2
# Columns of tables that are channels, too, under the same names.
SHARED = ("time", "track_id", f"p_{EACH}", OTHER, "confidence")

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel.

    Attributes:
        name: What it is called.
        unit: Of its numbers.
        meaning: In a sentence.
        take: Returns its value, given what `Analysis.to_rows` says of a face.
        unseen: Whether it has a value in the sample that says that somebody is not seen any more.
    """

    name: str
    unit: str
    meaning: str
    take: Callable[[Values], float]
    unseen: bool = False


def make_channels(labels: Sequence[str], *, other: bool) -> tuple[Channel, ...]:
    """Return the channels of a model's streams.

    Args:
        labels: The classes, in the order of the bundle.
        other: Whether the bundle tells something else apart.
    """
    codes = {NOT_SURE: UNSURE, NOT_SEEN: UNSEEN} | {name: at for at, name in enumerate(labels)}
    columns = [one for one in COLUMNS if one.name in SHARED]
    shared = [_shared(column) for column in expand(columns, labels, other=other)]
    words = "place of the look in `looks`, from 0; -1 is not sure, -2 not seen"
    return (
        *shared,
        Channel("label", "index", f"what this row says by itself: {words}",
                lambda row: codes[row["label"]], unseen=True),
        Channel("shown", "index", f"the steady word that a screen shows: {words}",
                lambda row: codes[row["shown"]], unseen=True),
        Channel("quality_ok", "0 or 1", "1 where nothing stands against reading the face",
                lambda row: float(row["quality"] == "ok")),
    )  # fmt: skip


def looks(labels: Sequence[str]) -> dict[int, str]:
    """Return which number of `label` and `shown` stands for which word."""
    return dict(enumerate(labels)) | {UNSURE: NOT_SURE, UNSEEN: NOT_SEEN}


def sample(channels: Sequence[Channel], row: Values) -> list[float]:
    """Return one sample of a face."""
    return [float(channel.take(row)) for channel in channels]


def last_sample(channels: Sequence[Channel], time: float, track: int) -> list[float]:
    """Return the sample that says that somebody is not seen any more; what is unknown is NaN."""
    row = {"time": time, "track_id": track, "label": NOT_SEEN, "shown": NOT_SEEN}
    return [float(one.take(row)) if one.unseen else math.nan for one in channels]


def _shared(column: Column) -> Channel:
    name = column.name
    return Channel(
        name,
        column.unit or "number",
        column.meaning,
        lambda row: row[name],
        unseen=name in ("time", "track_id"),
    )
