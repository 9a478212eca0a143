"""BORIS: its "tabular events" as tab-separated values, a START and a STOP for each look.

The columns are those that BORIS writes itself (Observations > Export events > Tabular events; its
source, `export_observation.py`, `export_tabular_events`), which its users' scripts read.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from mien.recordings.values import Timeline, written

COLUMNS = (
    *("Observation id", "Observation date", "Description", "Observation duration"),
    *("Observation type", "Source", "Time offset (s)", "Media duration (s)", "FPS"),
    *("Subject", "Behavior", "Behavioral category", "Behavior type", "Time"),
    *("Media file name", "Image index", "Image file path", "Comment"),
)
UNKNOWN = "NA"
_CATEGORY = "look"


@dataclass(frozen=True, slots=True)
class _Event:
    """One row; in their order a look ends before the next one begins."""

    time: float
    starts: bool
    who: str
    look: str


def to_boris(timelines: Sequence[Timeline]) -> bytes:
    """Return timelines as one table of events, of each recording by time."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for timeline in timelines:
        before, after = _of_recording(timeline)
        for event in _events(timeline):
            kind = "START" if event.starts else "STOP"
            said = (event.who, event.look, _CATEGORY, kind, f"{event.time:.3f}")
            writer.writerow((*before, *said, *after))
    return text.getvalue().encode()


def _of_recording(timeline: Timeline) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what every row of a recording has, before and after what it says."""
    media = written(PurePath(timeline.source).name or timeline.source)
    fps = f"{1 / timeline.step:.3f}" if timeline.step else UNKNOWN
    lasts = f"{timeline.end - timeline.begin:.3f}"
    read = (timeline.name, "", "", lasts, "Media file(s)", f"player #1:{media}", "0")
    return (*read, f"{timeline.end:.3f}", fps), (media, UNKNOWN, UNKNOWN, "")


def _events(timeline: Timeline) -> list[_Event]:
    events = [
        event
        for lane in timeline.lanes
        for one in lane.intervals
        for event in (
            _Event(one.begin, True, lane.name, one.look),
            _Event(one.end, False, lane.name, one.look),
        )
    ]
    return sorted(events, key=lambda event: (event.time, event.starts, event.who))
