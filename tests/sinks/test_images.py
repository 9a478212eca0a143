"""Annotated copies never overwrite each other, an earlier run, or the picture itself."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import InUseError, SinkError
from mien.protocols import Sink
from mien.sinks import PictureSink
from mien.types import Analysis, Frame
from mien.vision.draw import draw
from mien.vision.images.reading import read_picture

MakePair = Callable[..., tuple[Frame, Analysis]]


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_copy_shows_the_readings(tmp_path: Path, make_pair: MakePair) -> None:
    sink = PictureSink(tmp_path / "out")
    frame, analysis = make_pair(source="faces/a.png")
    sink.write(frame, analysis)
    sink.close()
    assert isinstance(sink, Sink)
    copy = read_picture(tmp_path / "out" / "a.png")
    np.testing.assert_array_equal(copy, draw(frame.image, analysis))


def test_jpeg_stays_jpeg_and_the_rest_becomes_png(tmp_path: Path, make_pair: MakePair) -> None:
    sink = PictureSink(tmp_path)
    for name in ("a.JPG", "b.webp", "c.gif"):
        sink.write(*make_pair(source=name))
    assert written(tmp_path) == ["a.jpg", "b.png", "c.png"]
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.format == "JPEG"


def test_what_is_too_large_for_jpeg_becomes_png(tmp_path: Path, make_pair: MakePair) -> None:
    sink = PictureSink(tmp_path)
    sink.write(*make_pair(source="wide.jpg", size=(66_000, 4), faces=0))
    assert written(tmp_path) == ["wide.png"]


def test_the_same_name_in_other_folders_gets_a_number(tmp_path: Path, make_pair: MakePair) -> None:
    sink = PictureSink(tmp_path)
    for value, name in enumerate(("x/a.png", "y/a.png", "y/A.PNG", "z/a-2.png")):
        sink.write(*make_pair(source=name, value=value, faces=0))
    assert written(tmp_path) == ["A-3.png", "a-2-2.png", "a-2.png", "a.png"]
    assert read_picture(tmp_path / "a-2.png")[0, 0, 0] == 1


def test_frames_of_a_video_are_numbered(tmp_path: Path, make_pair: MakePair) -> None:
    sink = PictureSink(tmp_path)
    for index in (0, 11):
        sink.write(*make_pair(index, source="clips/walk.mp4"))
    sink.write(*make_pair(source="camera 0"))
    sink.write(*make_pair(source="http://host:80/a?b"))
    assert written(tmp_path) == [
        "a_b-000000.jpg",
        "camera 0-000000.jpg",
        "walk-000000.jpg",
        "walk-000011.jpg",
    ]


def test_odd_names_are_made_safe(tmp_path: Path, make_pair: MakePair) -> None:
    sink = PictureSink(tmp_path)
    for name in ('a "b"?\n.png', "ü 笑.png"):
        sink.write(*make_pair(source=name))
    assert written(tmp_path) == ["a _b___.png", "ü 笑.png"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_the_picture_itself_is_never_overwritten(
    tmp_path: Path, make_pair: MakePair, overwrite: bool
) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8), "red").save(path)
    before = path.read_bytes()
    sink = PictureSink(tmp_path, overwrite=overwrite)
    with pytest.raises(SinkError, match=r"a\.png: would overwrite"):
        sink.write(*make_pair(source=str(path)))
    assert path.read_bytes() == before


def test_an_earlier_run_is_kept_unless_asked(tmp_path: Path, make_pair: MakePair) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    with pytest.raises(SinkError, match=r"a\.png: .*exists already"):
        PictureSink(tmp_path).write(*make_pair(source="in/a.png"))
    PictureSink(tmp_path, overwrite=True).write(*make_pair(source="in/a.png"))
    assert read_picture(tmp_path / "a.png").shape == (48, 64, 3)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"file.*cannot be written"):
        PictureSink(tmp_path / "file")


def test_a_full_disk_leaves_no_half_picture(
    tmp_path: Path, make_pair: MakePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = PictureSink(tmp_path)
    sink.write(*make_pair(source="good.png"))
    ordinary = Path.open

    class Full:
        def __init__(self, path: Path) -> None:
            self._file = ordinary(path, "xb")

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, data: bytes) -> None:
            self._file.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda path, *_: Full(path))
    with pytest.raises(SinkError, match=r"bad\.png: .*disk is full"):
        sink.write(*make_pair(source="bad.png"))
    assert written(tmp_path) == ["good.png"]


def test_two_never_write_into_one_folder(tmp_path: Path) -> None:
    sink = PictureSink(tmp_path / "out")
    with pytest.raises(InUseError, match=r"out: process \d+"):
        PictureSink(tmp_path / "out", overwrite=True)
    sink.close()
    PictureSink(tmp_path / "out").close()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
