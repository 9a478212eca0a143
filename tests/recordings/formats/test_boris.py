"""BORIS's tabular events: no library reads them, so the columns are those of its source."""

import csv
import io

from mien.recordings.formats.boris import COLUMNS, to_boris
from mien.recordings.values import Interval, Lane, Timeline


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter="\t"))


def test_the_columns_are_those_of_boris(timeline: Timeline) -> None:
    assert to_boris([timeline]).decode().splitlines()[0].split("\t") == list(COLUMNS)
    # Of its version 9, with what it writes of a video that has no modifiers.
    assert COLUMNS[:4] == (
        "Observation id",
        "Observation date",
        "Description",
        "Observation duration",
    )
    assert {"Subject", "Behavior", "Behavior type", "Time", "Media file name"} < set(COLUMNS)


def test_each_look_starts_and_stops(timeline: Timeline) -> None:
    found = read(to_boris([timeline]))
    anna = [row for row in found if row["Subject"] != "Ben"]
    assert [(row["Behavior"], row["Behavior type"], row["Time"]) for row in anna][:4] == [
        ("not seen", "START", "0.000"),
        ("not seen", "STOP", "0.500"),
        ("happy", "START", "0.500"),
        ("happy", "STOP", "1.250"),
    ]
    first = found[0]
    assert first["Source"] == "player #1:clip.mp4"
    assert first["Media file name"] == "clip.mp4"
    assert first["FPS"] == "25.000"
    times = [float(row["Time"]) for row in found]
    assert times == sorted(times)
    assert all(None not in row and None not in row.values() for row in found)


def test_many_recordings_are_one_table() -> None:
    told = [
        Timeline(
            f"{name}.mp4", name, 0, 1, 0.04, (Lane("Ann", (Interval(0, 1, "sad"),)),), ("sad",)
        )
        for name in ("a", "b")
    ]
    assert [row["Observation id"] for row in read(to_boris(told))] == ["a", "a", "b", "b"]
