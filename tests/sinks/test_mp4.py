"""A video that is written plays to its end, and what of it there is plays where writing broke."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import SinkError
from mien.sinks.mp4 import TIME_BASE, Mp4Writer

resource = pytest.importorskip("resource", reason="only POSIX limits the size of files")


def noise(seconds: float) -> av.VideoFrame:
    """A frame that does not compress, so that a few fill a disk."""
    pixels = np.random.default_rng(round(seconds * 1000)).integers(0, 256, (96, 128, 3), np.uint8)
    picture = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p")
    picture.pts, picture.time_base = round(seconds / TIME_BASE), TIME_BASE
    return picture


def times(path: Path) -> list[float]:
    with av.open(f"file:{path}") as container:
        return [float(frame.time) for frame in container.decode(video=0)]


@contextlib.contextmanager
def full_after(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as a full disk does."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def write_seconds(writer: Mp4Writer, seconds: int) -> None:
    for index in range(10 * seconds):
        writer.write(noise(index / 10))


def write_until_full(path: Path, size: int) -> None:
    with full_after(size):
        writer = Mp4Writer(path, 128, 96)
        with pytest.raises(SinkError, match=rf"{path.name}: cannot be written: this disk takes no"):
            write_seconds(writer, 10)
        writer.close()


def test_the_last_frame_lies_within_the_length(tmp_path: Path) -> None:
    path, stamps = tmp_path / "gaps.mp4", [0.0, 1.0, 2.0, 3.0, 10.0]
    writer = Mp4Writer(path, 128, 96)
    for time in stamps:
        writer.write(noise(time))
    writer.close()
    assert times(path) == pytest.approx(stamps)
    with av.open(str(path)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base > stamps[-1]


def test_a_finished_file_has_one_index_in_front(tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    writer = Mp4Writer(path, 128, 96)
    write_seconds(writer, 4)
    writer.close()
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert b"moof" not in data
    assert [item.name for item in tmp_path.iterdir()] == ["whole.mp4"]


def test_a_disk_that_fills_up_keeps_the_seconds_before(tmp_path: Path) -> None:
    path = tmp_path / "full.mp4"
    write_until_full(path, 300_000)
    read = times(path)
    assert 10 <= len(read) < 100
    assert read == pytest.approx([index / 10 for index in range(len(read))])


def test_a_disk_that_is_full_at_once_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none.mp4"
    write_until_full(path, 2_000)
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_room_for_the_index_the_fragments_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("mien.sinks.mp4._copy", full)
    writer = Mp4Writer(tmp_path / "fragments.mp4", 128, 96)
    write_seconds(writer, 3)
    writer.close()
    assert len(times(tmp_path / "fragments.mp4")) == 30


def test_a_run_that_is_killed_keeps_all_but_the_last_moments(tmp_path: Path) -> None:
    path = tmp_path / "killed.mp4"
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_mp4 import Mp4Writer, write_seconds\n"
        f"writer = Mp4Writer(Path({str(path)!r}), 128, 96)\n"
        "write_seconds(writer, 6)\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert len(times(path)) >= 30


@pytest.mark.parametrize("size", [(127, 96), (30_000, 16)])
def test_a_size_that_the_encoder_refuses_is_one_line(tmp_path: Path, size: tuple[int, int]) -> None:
    writer = Mp4Writer(tmp_path / "odd.mp4", *size)
    with pytest.raises(SinkError, match=r"odd\.mp4: cannot be encoded as H\.264"):
        writer.write(noise(0))
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_an_odd_name_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "12:30 'é' %d\n.mp4"
    writer = Mp4Writer(path, 128, 96)
    writer.write(noise(0))
    writer.close()
    assert len(times(path)) == 1
