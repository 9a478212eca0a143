"""Which tables a folder holds."""

from pathlib import Path

import pytest
from tests.recordings.making import STEP, as_csv, row, rows

from mien.archive.places import open_place
from mien.archive.readings import manifest
from mien.archive.readings.manifest import Row
from mien.errors import TableError
from mien.recordings.read import read_recordings
from mien.recordings.tables.folders import find_tables


def test_a_folder_of_a_run_has_the_tables_of_its_manifest(tmp_path: Path) -> None:
    as_csv(tmp_path / "a.mp4.csv", rows(["happy"] * 3, start=5, source="in/a.mp4"))
    as_csv(tmp_path / "stray.csv", [row(0, source="in/stray.mp4")])
    made = [
        Row(file="in/a.mp4", table="a.mp4.csv", frames=10, seconds=9 * STEP, status="read"),
        Row(file="in/bad.mp4", status="unreadable"),
    ]
    manifest.save(open_place(str(tmp_path)), manifest.MANIFEST, made)
    (found,) = read_recordings(tmp_path)
    # It was read from its beginning to the last frame, where there was no face.
    assert (found.begin, found.end) == pytest.approx((0, 10 * STEP))


def test_a_table_that_is_gone_is_named(tmp_path: Path) -> None:
    made = [Row(file="a.mp4", table="a.mp4.csv", frames=1, status="read")]
    manifest.save(open_place(str(tmp_path)), manifest.MANIFEST, made)
    with pytest.raises(TableError, match=r"a\.mp4\.csv: is in manifest.csv, and not there"):
        find_tables(tmp_path)


def test_any_folder_has_all_its_tables(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    one = as_csv(tmp_path / "deep" / "a.csv", [row(0)])
    two = as_csv(tmp_path / "b.tsv", [row(0)], delimiter="\t")
    for name in ("people.csv", "summary.csv", ".hidden.csv", "x_events.tsv", "notes.txt"):
        (tmp_path / name).write_text("")
    assert find_tables(tmp_path).paths == (two, one)


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="holds no table"):
        find_tables(tmp_path)
    with pytest.raises(TableError, match="does not exist"):
        find_tables(tmp_path / "nowhere")
    manifest.save(open_place(str(tmp_path)), manifest.MANIFEST, [])
    with pytest.raises(TableError, match="names no table"):
        find_tables(tmp_path)
