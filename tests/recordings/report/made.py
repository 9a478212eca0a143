"""A made study: three videos, two people, events and codes by hand, of which all is known.

Each video lasts 12 s, a row each 0.1 s. Everybody is neutral, and from LATENCY[person] seconds
after each event on happy for 2 s. By hand the same is coded, but that the happy time begins LATE
seconds later: so many moments differ, and no others.
"""

import csv
from pathlib import Path
from typing import Any

from tests.recordings.making import Row, row

VIDEOS = ("monday.mp4", "tuesday.mp4", "wednesday.mp4")
PEOPLE = {1: "Anna", 2: "Ben"}
LATENCY = {"Anna": 0.5, "Ben": 1.3}
EVENTS = {"joke": 2.0, "noise": 7.0}
HAPPY, LATE = 2.0, 0.4
SECONDS, STEP = 12.0, 0.1


def is_happy(person: str, time: float, late: float = 0.0) -> bool:
    """Whether somebody was made to look happy at a time."""
    begins = [at + LATENCY[person] for at in EVENTS.values()]
    return any(begin + late - 1e-9 <= time < begin + HAPPY - 1e-9 for begin in begins)


def table() -> list[Row]:
    """Return the rows of all videos, with a column `coder` of codes by hand."""
    found = []
    for video in VIDEOS:
        for frame in range(round(SECONDS / STEP)):
            time = frame * STEP
            for track, person in PEOPLE.items():
                look = "happy" if is_happy(person, time) else "neutral"
                coded = "happy" if is_happy(person, time, LATE) else "neutral"
                more: dict[str, Any] = {"time": round(time, 6), "coder": coded}
                found.append(row(frame, look, track, f"videos/{video}", **more))
    return found


def people(folder: Path) -> Path:
    """Write a people.csv."""
    lines = [("*.mp4", track, name) for track, name in PEOPLE.items()]
    return _csv(folder / "people.csv", ("source", "track_id", "name"), lines)


def events(folder: Path) -> Path:
    """Write an events.csv; without a source they are in every video."""
    lines = [(time, word) for word, time in EVENTS.items()]
    return _csv(folder / "events.csv", ("time", "word"), lines)


def hand(folder: Path) -> Path:
    """Write the same codes as the column has, as a list of intervals."""
    lines: list[tuple[object, ...]] = []
    for person in PEOPLE.values():
        begin = 0.0
        for at in EVENTS.values():
            first = at + LATENCY[person] + LATE
            lines.append((person, round(begin, 3), round(first, 3), "neutral"))
            begin = at + LATENCY[person] + HAPPY
            lines.append((person, round(first, 3), round(begin, 3), "Joy"))
        lines.append((person, round(begin, 3), SECONDS, "neutral"))
    return _csv(folder / "hand.csv", ("person", "begin", "end", "label"), lines)


def _csv(path: Path, heads: tuple[str, ...], lines: list[Any]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *lines])
    return path
