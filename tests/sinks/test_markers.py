"""Markers are rows of a file of their own, by the clock of the table beside it."""

import csv
import dataclasses
from pathlib import Path

import pytest

from mien.errors import SinkError
from mien.recordings.tables.folders import find_tables
from mien.sinks.markers import Markers, markers_path

NOON = 1_780_000_000.25


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_marker_has_the_time_of_day_and_that_of_the_stream(tmp_path, make_pair) -> None:
    path = markers_path(tmp_path / "faces.parquet")
    assert path.name == "faces.markers.csv"
    markers = Markers(path)
    markers.add("early", "page", NOON)
    _, analysis = make_pair(time=10.0, source="camera 0")
    markers.follow(dataclasses.replace(analysis, captured=NOON))
    markers.add("start", "page", NOON + 1.5)
    markers.close()
    early, start = rows(path)
    assert (early["source"], early["time"], early["marker"]) == ("", "", "early")
    assert start == {
        "utc": "2026-05-28T20:26:41.750Z",
        "source": "camera 0",
        "time": "11.500",
        "origin": "page",
        "marker": "start",
    }


def test_only_markers_of_the_page_are_sent_on(tmp_path) -> None:
    sent: list[tuple[str, float]] = []
    markers = Markers(None, forward=lambda word, moment: sent.append((word, moment)))
    markers.add("mine", "page", NOON)
    markers.add("theirs", "stimuli", NOON)
    assert sent == [("mine", NOON)]


@pytest.mark.parametrize(
    ("word", "written"),
    [("=1+1", "'=1+1"), ("-1", "-1"), ("a\nb", "a\\nb"), ("\x1b[31m", "\\x1b[31m"), ('"', '"')],
)
def test_a_hostile_word_is_one_line_that_no_spreadsheet_runs(tmp_path, word, written) -> None:
    markers = Markers(tmp_path / "a.markers.csv")
    markers.add(word, "stimuli", NOON)
    markers.close()
    assert rows(tmp_path / "a.markers.csv")[0]["marker"] == written


def test_a_file_that_exists_is_kept_and_one_for_nothing_is_not_made(tmp_path) -> None:
    path = tmp_path / "a.markers.csv"
    Markers(path).close()
    assert not path.exists()
    path.write_text("mine")
    with pytest.raises(SinkError, match=r"a\.markers\.csv.*exists already"):
        Markers(path)
    Markers(path, overwrite=True).close()
    assert path.read_text() == "mine"


def test_after_it_is_closed_nothing_is_written(tmp_path) -> None:
    markers = Markers(tmp_path / "a.markers.csv")
    markers.close()
    markers.add("late", "page", NOON)
    assert not (tmp_path / "a.markers.csv").exists()


def test_markers_are_no_table_of_readings(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("source,time,track_id,label\n")
    (tmp_path / "a.markers.csv").write_text("utc,source,time,origin,marker\n")
    assert find_tables(tmp_path).paths == (tmp_path / "a.csv",)
