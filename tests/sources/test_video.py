"""A video gives its frames at its own time stamps, and what is good even where it is broken."""

import socket
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources.video import VideoSource
from mien.types import Frame


def read_broken(source: VideoSource) -> tuple[list[Frame], str]:
    """Return the good frames and the message that came after them."""
    frames: list[Frame] = []
    with pytest.raises(SourceError) as caught:
        frames.extend(source)  # extend keeps what came before the error
    return frames, str(caught.value)


def test_time_stamps_of_a_variable_frame_rate_are_exact(make_video: Callable[..., Path]) -> None:
    times = [0.0, 0.033, 0.1, 0.5, 0.517, 2.25]
    frames = list(VideoSource(make_video(times=times)))
    assert [frame.timestamp for frame in frames] == pytest.approx(times, abs=1e-9)
    assert [frame.index for frame in frames] == list(range(6))


def test_time_begins_with_the_first_frame(make_video: Callable[..., Path]) -> None:
    frames = list(VideoSource(make_video("late.mkv", times=[5.0, 5.1, 5.2])))
    assert [frame.timestamp for frame in frames] == pytest.approx([0.0, 0.1, 0.2])


def test_a_source_says_what_it_is(make_video: Callable[..., Path]) -> None:
    path = make_video()
    source = VideoSource(path)
    assert isinstance(source, Source)
    assert (source.live, source.name, source.frames) == (False, str(path), 30)
    assert source.fps == pytest.approx(10, rel=0.05)
    assert next(iter(source)).source == str(path)


def test_frames_are_estimated_where_the_file_does_not_count_them(
    make_video: Callable[..., Path],
) -> None:
    assert VideoSource(make_video("clip.mkv")).frames == pytest.approx(30, abs=2)


def test_it_can_be_read_twice_and_closed_twice(make_video: Callable[..., Path]) -> None:
    source = VideoSource(make_video())
    assert len(list(source)) == len(list(source)) == 30
    source.close()
    source.close()
    assert list(source) == []


def test_closing_ends_the_iteration(make_video: Callable[..., Path]) -> None:
    source = VideoSource(make_video())
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_a_video_recorded_on_its_side_is_turned_upright(
    make_video: Callable[..., Path], rotation: int
) -> None:
    image = next(iter(VideoSource(make_video(rotation=rotation)))).image
    upright = next(iter(VideoSource(make_video("upright.mp4")))).image
    difference = np.abs(image.astype(int) - np.rot90(upright, rotation // 90))
    assert difference.mean() < 3


def test_a_file_cut_short_gives_its_good_frames_then_says_where_it_broke_off(
    make_video: Callable[..., Path],
) -> None:
    path = make_video()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    frames, message = read_broken(VideoSource(path))
    assert 5 < len(frames) < 30
    assert str(path) in message
    assert f"breaks off after frame {len(frames)}" in message


def test_a_matroska_file_cut_short_is_noticed_too(make_video: Callable[..., Path]) -> None:
    path = make_video("clip.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames, message = read_broken(VideoSource(path))
    assert 0 < len(frames) < 30
    assert "breaks off" in message


def test_damage_in_the_middle_costs_only_what_is_damaged(make_video: Callable[..., Path]) -> None:
    path = make_video()
    data = bytearray(path.read_bytes())
    start = len(data) // 2
    data[start : start + len(data) // 8] = bytes(len(data) // 8)
    path.write_bytes(data)
    frames, message = read_broken(VideoSource(path))
    assert 5 < len(frames) < 30
    assert frames[-1].timestamp > 2.5
    assert "damaged after frame" in message


@pytest.mark.parametrize("content", [b"", b"this is no video" * 100, bytes(5000)])
def test_what_is_no_video_is_refused_when_opened(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "not really.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"not really\.mp4"):
        VideoSource(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.mp4.*no such file"):
        VideoSource(tmp_path / "absent.mp4")


def test_a_file_that_holds_only_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    with pytest.raises(SourceError, match="no video"):
        VideoSource(path)


def test_a_video_without_frames_is_an_error(make_video: Callable[..., Path]) -> None:
    path = make_video(times=[0.0])
    data = path.read_bytes()
    at = data.index(b"mdat") + 4
    path.write_bytes(data[:at] + bytes(len(data) - at))
    frames, message = read_broken(VideoSource(path))
    assert frames == []
    assert "no frame" in message


def test_a_change_of_size_comes_through(make_video: Callable[..., Path]) -> None:
    small = make_video("a.mjpeg", codec="mjpeg", times=[0, 0.1])
    large = make_video("b.mjpeg", codec="mjpeg", times=[0, 0.1], size=(96, 80))
    joined = small.with_name("both.mjpeg")
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    sizes = [frame.size for frame in VideoSource(joined)]
    assert sizes == [(64, 48), (64, 48), (96, 80), (96, 80)]


def test_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("a list of names\n" * 50)
    with pytest.raises(SourceError, match=r"notes\.txt: holds no video"):
        VideoSource(path)


def test_frames_too_large_to_be_decoded_are_refused(
    make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_video()
    monkeypatch.setattr("mien.sources.decoding.MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(SourceError, match=r"clip\.mp4: 64x48 is more than"):
        VideoSource(path)


def test_frames_that_become_too_large_on_the_way_are_not_decoded(
    make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_video("a.mjpeg", codec="mjpeg", times=[0, 0.1])
    large = make_video("b.mjpeg", codec="mjpeg", times=[0, 0.1], size=(960, 800))
    joined = small.with_name("both.mjpeg")
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    monkeypatch.setattr("mien.sources.decoding.MAX_PIXELS", 640 * 480)
    frames, message = read_broken(VideoSource(joined))
    assert [frame.size for frame in frames] == [(64, 48), (64, 48)]
    assert "after frame 2" in message


@pytest.mark.parametrize("name", ['12:30 "quoted" é.mp4', "line\nbreak.mp4", "per%03dcent.mp4"])
def test_odd_names_are_only_names(make_video: Callable[..., Path], name: str) -> None:
    path = make_video(name)
    assert len(list(VideoSource(path))) == 30
    path.write_bytes(b"")
    with pytest.raises(SourceError) as caught:
        VideoSource(path)
    assert "\n" not in str(caught.value)


def test_a_playlist_that_poses_as_a_video_reaches_no_network(tmp_path: Path) -> None:
    playlist = tmp_path / "playlist.mp4"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/part.ts"
        playlist.write_text(f"#EXTM3U\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
        with pytest.raises(SourceError):
            list(VideoSource(playlist))
        with pytest.raises(TimeoutError):
            server.accept()


def test_real_clips_are_read_whole(shared: Path) -> None:
    source = VideoSource(shared / "data" / "clips" / "single_face.mp4")
    frames = list(source)
    assert len(frames) == source.frames == 72
    assert frames[0].size == (640, 360)
