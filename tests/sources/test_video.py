"""A video gives its frames at its own time stamps, and what is good even where it is broken."""

import gc
import socket
import wave
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources.limited import Limited
from mien.sources.media.display import Display
from mien.sources.video import VideoSource
from mien.types import Frame, PixelArray


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


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_a_video_recorded_on_its_side_or_mirrored_is_shown_as_it_is_meant(
    make_video: Callable[..., Path], rotation: int, mirrored: bool
) -> None:
    turned = make_video(times=[0.0], rotation=rotation, mirrored=mirrored)
    image = next(iter(VideoSource(turned))).image
    upright = next(iter(VideoSource(make_video("upright.mp4", times=[0.0])))).image
    expected = np.rot90(upright, rotation // 90)
    difference = np.abs(image.astype(int) - (expected[:, ::-1] if mirrored else expected))
    assert difference.mean() < 3


@pytest.mark.parametrize(
    ("name", "aspect", "rotation", "size"),
    [
        ("pal.mp4", Fraction(64, 45), 0, (91, 48)),
        ("ntsc.mkv", Fraction(8, 9), 0, (57, 48)),
        ("hdv.ts", Fraction(4, 3), 0, (85, 48)),
        ("turned.mp4", Fraction(4, 3), 90, (48, 85)),
        ("mistaken.mp4", Fraction(60, 1), 0, (64, 48)),
    ],
)
def test_pixels_that_are_not_square_are_made_so(
    make_video: Callable[..., Path],
    name: str,
    aspect: Fraction,
    rotation: int,
    size: tuple[int, int],
) -> None:
    path = make_video(name, times=[0.0, 0.1], aspect=aspect, rotation=rotation)
    frames = list(VideoSource(path))
    assert [frame.size for frame in frames] == [size, size]
    # What was the left half still is: nothing was cut off.
    top = np.rot90(frames[0].image, -rotation // 90)[5:20]
    middle = top.shape[1] // 2
    assert top[:, : middle - 2].min() > top[:, middle + 2 :].max()


def test_pixels_may_change_their_shape_on_the_way(make_video: Callable[..., Path]) -> None:
    """As where a broadcast goes from 4:3 to 16:9."""
    parts = [
        make_video(f"{n}.ts", aspect=aspect)
        for n, aspect in enumerate((Fraction(1), Fraction(4, 3)))
    ]
    joined = parts[0].with_name("joined.ts")
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    sizes = [frame.size for frame in VideoSource(joined)]
    # The decoder holds frames back, and tells of the change before them.
    assert sizes[:25] == [(64, 48)] * 25
    assert sizes[30:] == [(85, 48)] * 30


def test_where_recordings_were_joined_time_goes_on(make_video: Callable[..., Path]) -> None:
    parts = [make_video(f"{n}.ts", times=np.arange(9) / 10) for n in range(3)]
    joined = parts[0].with_name("joined.ts")
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    times = [frame.timestamp for frame in VideoSource(joined)]
    assert times == pytest.approx(np.arange(27) / 10, abs=1e-3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv"])
def test_a_last_frame_that_is_shown_long_is_no_damage(
    make_video: Callable[..., Path], name: str
) -> None:
    """As the still end of a recording of a screen."""
    assert len(list(VideoSource(make_video(name, last=20.0)))) == 30


def write_videos(path: Path, sides: dict[int, Disposition]) -> Path:
    """Write one file with sound, and with a video of one frame for each side of a square."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", 8000)
        streams = [container.add_stream("mjpeg", 10) for _ in sides]
        for stream, (side, kind) in zip(streams, sides.items(), strict=True):
            stream.width, stream.height, stream.pix_fmt = side, side, "yuvj420p"
            stream.disposition = kind
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.rate = 8000
        container.mux([*sound.encode(silence), *sound.encode()])
        for stream, side in zip(streams, sides, strict=True):
            picture = av.VideoFrame(side, side, "yuvj420p")
            picture.pts, picture.time_base = 0, Fraction(1, 10)
            container.mux([*stream.encode(picture), *stream.encode()])
    return path


def test_the_video_is_read_that_players_show(tmp_path: Path) -> None:
    """No cover picture, and of several the largest, whatever comes first in the file."""
    kinds = {32: Disposition.default, 48: Disposition.default, 80: Disposition.attached_pic}
    source = VideoSource(write_videos(tmp_path / "several.mp4", kinds))
    assert [frame.size for frame in source] == [(48, 48)]
    (told,) = source.skipped
    assert told.reason.startswith("holds 2 videos, of which only the one of 48x48 is read")


def test_a_song_with_a_cover_is_no_video(tmp_path: Path) -> None:
    path = write_videos(tmp_path / "song.mp4", {32: Disposition.attached_pic})
    with pytest.raises(SourceError, match=r"song\.mp4: holds no video, only .* a cover picture"):
        VideoSource(path)


def test_a_codec_that_nothing_here_knows_is_one_line(make_video: Callable[..., Path]) -> None:
    path = make_video("camera.avi", codec="mjpeg", times=[0.0, 0.1])
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"QQQQ"))
    with pytest.raises(SourceError, match=r"camera\.avi: .*cannot decode; convert it"):
        VideoSource(path)


@pytest.mark.parametrize("error", [ValueError("odd format"), MemoryError(), RuntimeError()])
def test_whatever_a_decoder_raises_names_the_file(
    make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    source = VideoSource(make_video(times=[0.0, 0.1, 0.2]))
    answers: Iterator[object] = iter([np.zeros((2, 2, 3), np.uint8), error])

    def decode(*_: object) -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("mien.sources.media.display.stretched", decode)
    frames, message = read_broken(source)
    assert len(frames) == 1
    assert "clip.mp4: cannot be decoded (" in message


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


def test_a_file_of_full_size_whose_end_never_came_is_noticed_too(
    make_video: Callable[..., Path],
) -> None:
    path = make_video("clip.mkv")
    half = path.stat().st_size // 2
    path.write_bytes(path.read_bytes()[:half].ljust(2 * half + 9, b"\0"))
    assert "breaks off" in read_broken(VideoSource(path))[1]


@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [("clip.ts", "mpeg4", (64, 48)), ("clip.dv", "dvvideo", (720, 576))],
)
def test_a_recording_that_tells_no_length_and_ends_within_a_piece_breaks_off(
    make_video: Callable[..., Path], name: str, codec: str, size: tuple[int, int]
) -> None:
    path = make_video(name, codec=codec, size=size, times=[i / 25 for i in range(6)], rate=25)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    frames, message = read_broken(VideoSource(path))
    assert 0 < len(frames) < 6
    assert f"breaks off after frame {len(frames)} ({frames[-1].timestamp:.1f} s);" in message
    if name == "clip.dv":
        # What is not there is not made up.
        assert len(frames) == 4


@pytest.mark.parametrize("cut_at", [0.4, 0.7])
def test_no_good_frame_before_a_cut_is_lost_whatever_the_format_says_of_its_length(
    make_video: Callable[..., Path], cut_at: float
) -> None:
    # A fragmented file tells the length of what is there, and a decoder of many threads holds many.
    path = make_video(fragmented=True)
    with av.open(str(path)) as container:
        ends = [(p.pos or 0) + p.size for p in container.demux(video=0) if p.size]
    cut = round(path.stat().st_size * cut_at)
    path.write_bytes(path.read_bytes()[:cut])
    frames, message = read_broken(VideoSource(path))
    assert len(frames) == sum(end <= cut for end in ends) > 5
    assert f"breaks off after frame {len(frames)}" in message


def test_a_frame_that_was_made_up_is_told_where_all_frames_come(
    make_video: Callable[..., Path],
) -> None:
    path = make_video("clip.avi", codec="mpeg4", size=(320, 240))
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][10]
        assert packet.pos is not None
        middle = packet.pos + packet.size // 2
    data = bytearray(path.read_bytes())
    data[middle : middle + 60] = bytes(60)
    path.write_bytes(data)
    frames, message = read_broken(VideoSource(path))
    assert len(frames) == 30
    assert "damaged after frame 10" in message


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
    monkeypatch.setattr("mien.sources.media.decoding.MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(SourceError, match=r"clip\.mp4: 64x48 is more than"):
        VideoSource(path)


def test_frames_that_become_too_large_on_the_way_are_not_decoded(
    make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = make_video("a.mjpeg", codec="mjpeg", times=[0, 0.1])
    large = make_video("b.mjpeg", codec="mjpeg", times=[0, 0.1], size=(960, 800))
    joined = small.with_name("both.mjpeg")
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    monkeypatch.setattr("mien.sources.media.decoding.MAX_PIXELS", 640 * 480)
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


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_frames_are_the_same_whatever_threads_decode_them(
    make_video: Callable[..., Path], codec: str
) -> None:
    path = make_video(codec=codec)
    one, many = (list(VideoSource(path, threads=threads)) for threads in (1, None))
    assert len(one) == 30
    for frame, other in zip(one, many, strict=True):
        assert frame.timestamp == other.timestamp
        assert np.array_equal(frame.image, other.image)


def test_frames_that_are_done_with_do_not_wait_for_the_collector(
    make_video: Callable[..., Path],
) -> None:
    def decoded() -> int:
        return sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())

    path = make_video(rotation=90)
    gc.collect()
    gc.disable()
    try:
        before = decoded()
        assert sum(1 for _ in VideoSource(path)) == 30
        left = decoded() - before
    finally:
        gc.enable()
    assert left <= 2


def test_a_frame_that_is_done_with_is_given_up_before_the_next_is_decoded(
    make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[weakref.ref[PixelArray]] = []
    to_bgr = Display.to_bgr

    def noting(display: Display, given: av.VideoFrame) -> PixelArray:
        assert not any(former() is not None for former in held)
        image = to_bgr(display, given)
        held.append(weakref.ref(image))
        return image

    monkeypatch.setattr(Display, "to_bgr", noting)
    source = Limited(VideoSource(make_video(), threads=1), frames=4)
    for _ in map(id, source):
        pass
    assert len(held) == 4
