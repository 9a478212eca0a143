"""What people said of pictures: read whole, or one line that names the file."""

from pathlib import Path

import pytest

from mien.errors import TrainingError
from mien.training.detector.notes import BOXES, FACELESS, Notes
from mien.types import Box

HEAD = "file,x1,y1,x2,y2\n"


def test_both_files_are_read(tmp_path: Path) -> None:
    (tmp_path / BOXES).write_text("\ufeff" + HEAD + "a/0.png,1,2,3.5,4\na/0.png,5,6,7,8\n")
    (tmp_path / FACELESS).write_text("\ufeffmoon.png\n wall.png \n")
    notes = Notes.read(tmp_path)
    assert notes.boxes == {"a/0.png": [Box(1, 2, 3.5, 4), Box(5, 6, 7, 8)]}
    assert notes.faceless == {"moon.png", "wall.png"}


def test_there_may_be_none(tmp_path: Path) -> None:
    assert Notes.read(tmp_path) == Notes({}, frozenset())


@pytest.mark.parametrize(
    "data",
    [
        b"file,x,y\na.png,1,2\n",
        HEAD.encode() + b"a.png,1,2,3\n",
        HEAD.encode() + b"a.png,1,2,1,2\n",
        HEAD.encode() + b"a.png,1,2,1e999,4\n",
        HEAD.encode() + b"a.png,1,2,nan,4\n",
        HEAD.encode() + b"a.png,1,2," + b"9" * 5000 + b",4\n",
        HEAD.encode() + b"x" * 140_000 + b",1,2,3,4\n",
        HEAD.encode() + b"a.png,1\r,2,3,4\n" + b'"',
        HEAD.encode() + b"\xff.png,1,2,3,4\n",
    ],
)
def test_bad_boxes_are_one_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / BOXES).write_bytes(data)
    with pytest.raises(TrainingError, match=rf"{BOXES}: .*; its columns are file, x1"):
        Notes.read(tmp_path)


def test_bad_names_are_one_line(tmp_path: Path) -> None:
    (tmp_path / FACELESS).write_bytes(b"\xff.png\n")
    with pytest.raises(TrainingError, match=rf"{FACELESS}: not a text in UTF-8"):
        Notes.read(tmp_path)
