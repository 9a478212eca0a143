"""The video plays in browsers, keeps the time stamps, and takes any size."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import InUseError, SinkError
from mien.protocols import Sink
from mien.sinks import VideoSink
from mien.sinks.video import fit
from mien.sources.video import VideoSource
from mien.types import Analysis, Frame

MakePair = Callable[..., tuple[Frame, Analysis]]


def test_time_stamps_of_a_variable_frame_rate_are_kept(tmp_path: Path, make_pair: MakePair) -> None:
    times = [0.0, 0.0333, 0.1, 0.5, 1.75, 1.76]
    sink = VideoSink(tmp_path / "out.mp4")
    assert isinstance(sink, Sink)
    for index, time in enumerate(times):
        sink.write(*make_pair(index, time))
    sink.close()
    sink.close()
    frames = list(VideoSource(tmp_path / "out.mp4"))
    assert [frame.timestamp for frame in frames] == pytest.approx(times, abs=1e-4)


def test_browsers_play_it(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "out: 'é'.mp4"
    sink = VideoSink(path)
    sink.write(*make_pair())
    sink.close()
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_picture_and_its_colours_come_through(tmp_path: Path, make_pair: MakePair) -> None:
    _, analysis = make_pair(faces=0, size=(320, 240))
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, :160], image[:, 160:] = (200, 50, 30), (30, 60, 220)
    sink = VideoSink(tmp_path / "out.mp4")
    sink.write(Frame(image, 0, 0.0, "x"), analysis)
    sink.close()
    back = next(iter(VideoSource(tmp_path / "out.mp4"))).image.astype(int)
    assert np.abs(back - image)[:, [80, 240]].max() < 12


def test_readings_are_drawn(tmp_path: Path, make_pair: MakePair) -> None:
    for name, faces in (("with.mp4", 1), ("without.mp4", 0)):
        sink = VideoSink(tmp_path / name)
        sink.write(*make_pair(faces=faces, size=(320, 240)))
        sink.close()
    drawn, plain = (
        next(iter(VideoSource(tmp_path / name))).image for name in ("with.mp4", "without.mp4")
    )
    assert drawn.std() > plain.std() + 5


@pytest.mark.parametrize("size", [(1, 1), (101, 77), (64, 49)])
def test_odd_sizes_become_even(tmp_path: Path, make_pair: MakePair, size: tuple[int, int]) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    sink.write(*make_pair(size=size))
    sink.close()
    frame = next(iter(VideoSource(tmp_path / "out.mp4")))
    assert frame.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)


def test_a_change_of_size_is_fitted_in(tmp_path: Path, make_pair: MakePair) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    for index, size in enumerate(((64, 48), (48, 64), (640, 480))):
        sink.write(*make_pair(index, index / 10, size=size, faces=0, value=200))
    sink.close()
    frames = list(VideoSource(tmp_path / "out.mp4"))
    assert {frame.size for frame in frames} == {(64, 48)}
    upright = frames[1].image
    assert upright[:, :8].mean() < 40 < 150 < upright[:, 28:36].mean()


def test_what_players_cannot_show_is_made_smaller(tmp_path: Path, make_pair: MakePair) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    sink.write(*make_pair(size=(20_000, 300), faces=0))
    sink.write(*make_pair(1, 0.1, faces=0))
    sink.close()
    assert {frame.size for frame in VideoSource(tmp_path / "out.mp4")} == {(3840, 58)}


def test_fit_repeats_an_odd_edge_and_centres_the_rest() -> None:
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    padded = fit(image, 4, 4)
    np.testing.assert_array_equal(padded[:3, :3], image)
    np.testing.assert_array_equal(padded[3, 3], image[2, 2])
    boxed = fit(np.full((10, 20, 3), 9, np.uint8), 20, 20)
    assert (boxed[5:15] == 9).all()
    assert not boxed[:5].any()
    assert not boxed[15:].any()


def test_sources_follow_each_other_and_time_never_goes_back(
    tmp_path: Path, make_pair: MakePair
) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    for source in ("a.jpg", "b.jpg", "c.jpg"):
        sink.write(*make_pair(source=source))
    sink.write(*make_pair(1, -5.0, source="c.jpg"))
    sink.close()
    times = [frame.timestamp for frame in VideoSource(tmp_path / "out.mp4")]
    assert times == pytest.approx([0, 1, 2, 2], abs=1e-3)
    assert times[3] > times[2]


def test_an_existing_file_is_kept(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "old.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(SinkError, match=r"old\.mp4: .*exists already"):
        VideoSink(path)
    assert path.read_bytes() == b"precious"
    sink = VideoSink(path, overwrite=True)
    assert path.read_bytes() == b"precious"
    sink.write(*make_pair())
    sink.close()
    assert len(list(VideoSource(path))) == 1


def test_it_never_overwrites_its_own_source(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"precious")
    sink = VideoSink(path, overwrite=True)
    with pytest.raises(SinkError, match="its own source"):
        sink.write(*make_pair(source=str(path)))
    sink.close()
    assert path.read_bytes() == b"precious"


def test_before_the_first_frame_there_is_nothing_that_a_kill_could_leave(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    sink.close()
    assert not (tmp_path / "out.mp4").exists()


def test_what_came_to_be_there_meanwhile_is_kept(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "out.mp4"
    sink = VideoSink(path)
    path.write_bytes(b"precious")
    with pytest.raises(SinkError, match=r"out\.mp4: .*exists already"):
        sink.write(*make_pair())
    sink.close()
    assert path.read_bytes() == b"precious"


def test_trying_out_a_link_that_leads_nowhere_leaves_it(tmp_path: Path) -> None:
    link = tmp_path / "out.mp4"
    link.symlink_to(tmp_path / "elsewhere.mp4")
    VideoSink(link, overwrite=True).close()
    assert link.is_symlink()
    assert not link.exists()


def test_after_it_is_closed_nothing_is_lost_silently(tmp_path: Path, make_pair: MakePair) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    sink.write(*make_pair())
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(*make_pair(1, 0.1))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="that is a folder"):
        VideoSink(tmp_path)


def test_a_full_disk_is_one_line(make_pair: MakePair) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full, which only Linux has")
    sink = VideoSink(full)
    sink.write(*make_pair())
    with pytest.raises(SinkError, match=r"^/dev/full: .*disk is full"):
        sink.close()
    sink.close()


def test_two_never_write_one_video(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "out.mp4")
    with pytest.raises(InUseError, match=r"out\.mp4: process \d+"):
        VideoSink(tmp_path / "out.mp4", overwrite=True)
    sink.close()
    VideoSink(tmp_path / "out.mp4").close()
    assert list(tmp_path.iterdir()) == []
