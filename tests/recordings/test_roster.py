"""A first people.csv, and pictures of whom it speaks."""

import csv
from pathlib import Path

import av
import numpy as np
import pytest
from tests.recordings.making import as_csv, rows

from mien.errors import SinkError, TableError
from mien.recordings.people import read_people
from mien.recordings.roster import write_roster
from mien.recordings.videos import SIDE
from mien.vision.images.reading import read_picture


@pytest.fixture
def table(tmp_path: Path) -> Path:
    seen = rows(["happy", "not sure", "not seen"], source="in/a.mp4", track=2)
    return as_csv(tmp_path / "t.csv", [*seen, *rows(["sad"] * 4, source="in/b.mp4")])


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Five frames of 64 by 48, each brighter than the one before."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for value in (0, 60, 120, 180, 240):
            image = np.full((48, 64, 3), value, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        file.mux(stream.encode())
    return path


def test_everybody_has_a_row(table: Path, tmp_path: Path) -> None:
    done = write_roster(table, tmp_path / "people.csv")
    assert (done.recordings, done.people, done.thumbnails) == (2, 2, [])
    with (tmp_path / "people.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["source"], first["track_id"], first["name"]) == ("in/a.mp4", "2", "a 2")
    assert (first["seconds_seen"], first["first_seen"], first["last_seen"]) == (
        *("0.080", "0.000", "0.040"),
    )
    assert first["x1"] == "20.0"
    assert second["seconds_seen"] == "0.160"
    # As it is, it changes nothing.
    who = read_people(tmp_path / "people.csv")
    assert [row.name for row in who.rows] == ["a 2", "b 1"]


def test_what_was_named_by_hand_is_kept(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("by hand")
    with pytest.raises(SinkError, match="exists already"):
        write_roster(table, path)
    assert path.read_text() == "by hand"
    write_roster(table, path, overwrite=True)
    assert "a 2" in path.read_text()


def test_nobody_to_name(tmp_path: Path) -> None:
    table = as_csv(tmp_path / "t.csv", rows(["not seen"] * 2, track=""))
    with pytest.raises(TableError, match="nobody was seen"):
        write_roster(table, tmp_path / "people.csv")
    assert not (tmp_path / "people.csv").exists()


def test_a_picture_of_each_where_it_is_largest(video: Path, tmp_path: Path) -> None:
    table = rows(["happy"] * 5, source="in/a.mp4")
    table[3] |= {"x1": 10, "y1": 5, "x2": 50, "y2": 45}
    path = as_csv(tmp_path / "t.csv", [*table, *rows(["sad"] * 2, source="in/b.mp4")])
    faces = tmp_path / "faces"
    done = write_roster(path, tmp_path / "people.csv", thumbnails=faces, video=tmp_path)
    assert done.thumbnails == [faces / "a 1.png"]
    assert done.without_video == ["in/b.mp4"]
    image = read_picture(faces / "a 1.png")
    assert image.shape == (SIDE, SIDE, 3)
    assert abs(float(image.mean()) - 180) < 8
