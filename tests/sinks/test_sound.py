"""Sound stays with the picture: copied or encoded again, at its time, also of a killed run."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mien.sinks import VideoSink
from mien.sources.limited import Limited
from mien.sources.open import open_sources
from mien.types import Analysis

RATE, FPS = 48_000, 20
# Of sound that is coded anew: its frames are 21 ms long, and so is an attack's edge.
NEAR = 0.03

Clip = Callable[..., Path]


def beeps(seconds: float, at: Sequence[float]) -> np.ndarray:
    """Silence with a tone of 100 ms at each time."""
    samples = np.zeros(round(seconds * RATE), np.float32)
    for start in at:
        first, length = round(start * RATE), RATE // 10
        wave = 0.8 * np.sin(2 * np.pi * 440 * np.arange(length) / RATE).astype(np.float32)
        samples[first : first + length] = wave[: max(0, len(samples) - first)]
    return samples


def make_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    sound: float | None = 2.0,
    later: float = 0.0,
    codec: str = "aac",
    at: Sequence[float] = (0.5, 1.5),
    times: Sequence[float] | None = None,
    tracks: int = 1,
    start: float = 0.0,
) -> Path:
    """A video that is white while it beeps; the beeps are in the last track.

    Args:
        path: Its ending is the container.
        seconds: Of picture.
        sound: Seconds of sound; None for none.
        later: When the sound begins.
        codec: Of the sound.
        at: When it beeps, in seconds of the picture.
        times: When frames are shown; even ones unless given.
        tracks: Of sound.
        start: The stamp of the first frame.
    """
    times = [n / FPS for n in range(round(seconds * FPS))] if times is None else times
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", FPS, options={"bf": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        audios = [
            container.add_stream(codec, RATE, layout="mono")
            for _ in range(tracks if sound is not None else 0)
        ]
        if tracks > 1:
            audios[-1].disposition = av.stream.Disposition.default
        for time in times:
            white = any(0 <= time - beep < 0.1 for beep in at)
            image = np.full((48, 64, 3), 230 if white else 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = round(1000 * (start + time)), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for number, audio in enumerate(audios):
            own = [beep - later for beep in at if beep >= later]
            _write_sound(
                container,
                audio,
                beeps(sound or 0.0, own if number == tracks - 1 else ()),
                start + later,
            )
    return path


def _write_sound(
    container: av.container.OutputContainer,
    audio: av.AudioStream,
    samples: np.ndarray,
    start: float,
) -> None:
    size = audio.codec_context.frame_size or 1024
    kind = audio.codec_context.format.name
    for first in range(0, len(samples), size):
        chunk = samples[None, first : first + size]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(chunk), format="fltp", layout="mono"
        )
        frame.sample_rate = RATE
        converted = av.AudioResampler(format=kind, layout="mono", rate=RATE).resample(frame)[0]
        converted.pts, converted.time_base = round(start * RATE) + first, Fraction(1, RATE)
        container.mux(audio.encode(converted))
    container.mux(audio.encode(None))


def annotate(target: Path, *clips: Path, seconds: float | None = None, sound: bool = True) -> Path:
    source = open_sources(clips)
    sink = VideoSink(target, sources=source.names, sound=sound)
    for frame in source if seconds is None else Limited(source, seconds=seconds):
        sink.write(frame, Analysis(frame.index, frame.timestamp, frame.source, frame.size, ()))
    sink.close()
    return target


def heard(path: Path) -> tuple[list[float], float]:
    """When it beeps, and when sound ends."""
    loud, end = [], 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(np.float32)
            assert frame.format.is_planar or samples.shape[0] == 1
            scale = 1 if "flt" in frame.format.name else 2**15
            above = np.flatnonzero(np.abs(samples).max(axis=0) > 0.2 * scale)
            loud += list(frame.time + above / frame.sample_rate)
            end = frame.time + frame.samples / frame.sample_rate
    return _starts(loud), end


def seen(path: Path) -> tuple[list[float], float]:
    with av.open(str(path)) as container:
        frames = [(f.time, f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]
    return _starts([time for time, light in frames if light > 128]), frames[-1][0]


def _starts(times: Sequence[float]) -> list[float]:
    return [b for a, b in zip([-1.0, *times], times, strict=False) if b - a > 0.2]


def codec(path: Path) -> str | None:
    with av.open(str(path)) as container:
        return next((stream.codec_context.name for stream in container.streams.audio), None)


@pytest.mark.parametrize(
    ("name", "kind", "becomes"),
    [
        ("a.mp4", "aac", "aac"),
        ("a.ts", "aac", "aac"),
        ("a.ts", "libmp3lame", "mp3float"),
        ("a.mkv", "libmp3lame", "mp3float"),
        ("a.webm.mkv", "libopus", "libopus"),
        ("a.mkv", "flac", "flac"),
        ("a.mov", "pcm_s16le", "aac"),
        ("a.avi", "pcm_s16le", "aac"),
        ("a.mkv", "mp2", "aac"),
        ("a.mkv", "ac3", "aac"),
    ],
)
def test_it_is_copied_or_becomes_aac(tmp_path: Path, name: str, kind: str, becomes: str) -> None:
    out = annotate(tmp_path / "out.mp4", make_clip(tmp_path / name, codec=kind))
    assert str(codec(out)).removeprefix("lib") == becomes.removeprefix("lib")
    assert heard(out)[0] == pytest.approx(seen(out)[0], abs=NEAR)
    assert seen(out)[0] == pytest.approx([0.5, 1.5], abs=0.01)


@pytest.mark.parametrize("kind", ["aac", "pcm_s16le"])
@pytest.mark.parametrize(("later", "sound"), [(0.4, 1.6), (0.0, 1.0), (0.0, 4.0)])
def test_it_may_begin_later_and_end_before_or_after_the_picture(
    tmp_path: Path, kind: str, later: float, sound: float
) -> None:
    clip = make_clip(tmp_path / "a.mov", codec=kind, later=later, sound=sound)
    out = annotate(tmp_path / "out.mp4", clip)
    beeping, end = heard(out)
    wanted = [0.5, 1.5] if later + sound > 1.5 else [0.5]
    assert beeping == pytest.approx(wanted, abs=NEAR)
    assert end == pytest.approx(later + sound, abs=0.06)
    assert seen(out)[1] == pytest.approx(1.95, abs=0.01)


@pytest.mark.parametrize("kind", ["aac", "pcm_s16le"])
def test_where_fewer_seconds_are_wanted_sound_ends_with_them(tmp_path: Path, kind: str) -> None:
    out = annotate(tmp_path / "out.mp4", make_clip(tmp_path / "a.mov", codec=kind), seconds=1.0)
    beeping, end = heard(out)
    assert beeping == pytest.approx([0.5], abs=NEAR)
    assert end == pytest.approx(1.0, abs=0.06)


def test_frames_at_odd_times_keep_it_in_time(tmp_path: Path) -> None:
    times = [0, 0.1, 0.13, 0.5, 0.55, 0.7, 1.2, 1.5, 1.51, 1.9]
    out = annotate(tmp_path / "out.mp4", make_clip(tmp_path / "a.mkv", times=times))
    assert seen(out)[0] == pytest.approx([0.5, 1.5], abs=0.01)
    assert heard(out)[0] == pytest.approx([0.5, 1.5], abs=NEAR)


def test_a_clock_that_does_not_begin_at_nought_places_both(tmp_path: Path) -> None:
    out = annotate(tmp_path / "out.mp4", make_clip(tmp_path / "a.ts", start=7.0))
    assert heard(out)[0] == pytest.approx([0.5, 1.5], abs=NEAR)


def test_several_sources_follow_each_other_with_their_sound(tmp_path: Path) -> None:
    clips = [
        make_clip(tmp_path / "a.mp4", sound=None),
        make_clip(tmp_path / "b.mov", codec="pcm_s16le", sound=4.0),
        make_clip(tmp_path / "c.mkv", codec="libopus"),
    ]
    out = annotate(tmp_path / "out.mp4", *clips)
    lights, sounds = seen(out)[0], heard(out)[0]
    assert len(lights) == 6
    assert sounds == pytest.approx(lights[2:], abs=NEAR)
    # The second is heard to its end before the third begins.
    assert lights[4] == pytest.approx(lights[2] - 0.5 + 4.0 + 0.5, abs=NEAR)


def test_joined_recordings_go_on_with_their_sound(tmp_path: Path) -> None:
    parts = [make_clip(tmp_path / f"{name}.ts", start=3.0) for name in "ab"]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    out = annotate(tmp_path / "out.mp4", joined)
    assert len(seen(out)[0]) == 4
    assert heard(out)[0] == pytest.approx(seen(out)[0], abs=NEAR)


def test_of_several_tracks_the_one_that_players_play_is_kept(tmp_path: Path) -> None:
    out = annotate(tmp_path / "out.mp4", make_clip(tmp_path / "a.mkv", tracks=2))
    assert heard(out)[0] == pytest.approx([0.5, 1.5], abs=NEAR)
    with av.open(str(out)) as container:
        assert len(container.streams.audio) == 1


@pytest.mark.parametrize("sound", [None, 2.0])
def test_no_sound_where_there_is_none_or_none_is_wanted(
    tmp_path: Path, sound: float | None
) -> None:
    clip = make_clip(tmp_path / "a.mp4", sound=sound)
    assert codec(annotate(tmp_path / "out.mp4", clip, sound=sound is None)) is None


def test_damaged_sound_costs_no_picture(tmp_path: Path) -> None:
    data = bytearray(make_clip(tmp_path / "a.mkv", codec="ac3").read_bytes())
    with av.open(str(tmp_path / "a.mkv")) as container:
        places = [p.pos for p in container.demux(audio=0) if p.pos and p.pts and 900 < p.pts < 1100]
    for place in places:
        data[place + 8 : place + 20] = b"\xff" * 12
    (tmp_path / "b.mkv").write_bytes(data)
    out = annotate(tmp_path / "out.mp4", tmp_path / "b.mkv")
    assert seen(out)[0] == pytest.approx([0.5, 1.5], abs=0.01)
    assert heard(out)[0][-1] == pytest.approx(1.5, abs=NEAR)


def test_a_run_that_is_killed_keeps_what_was_heard(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", seconds=6, sound=6, codec="libopus", at=(0.5, 3.5))
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_sound import *\n"
        "VideoSink.close = lambda self: os._exit(9)\n"
        f"annotate(Path({str(tmp_path / 'out.mp4')!r}), Path({str(clip)!r}))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert heard(tmp_path / "out.mp4")[0] == pytest.approx([0.5, 3.5], abs=NEAR)
    assert seen(tmp_path / "out.mp4")[1] > 4


def test_nothing_else_of_a_file_comes_along(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv")
    named = tmp_path / "named.mkv"
    with av.open(str(clip)) as old, av.open(str(named), "w") as new:
        new.metadata["title"] = "Anna, 12 May"
        copies = [new.add_stream_from_template(stream) for stream in old.streams]
        for copy in copies:
            copy.metadata["title"] = "Anna's microphone"
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                new.mux(packet)
    assert b"Anna" in named.read_bytes()
    out = annotate(tmp_path / "out.mp4", named)
    assert b"Anna" not in out.read_bytes()
