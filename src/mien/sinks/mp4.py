"""H.264 in MP4 that browsers play, and of which nothing is lost where the writing breaks off."""

import contextlib
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from mien.errors import SinkError
from mien.files.writes import new_file
from mien.sinks.files import writing

# Fine enough for every frame rate in use, and the usual clock of video.
TIME_BASE = Fraction(1, 90_000)
# Only a hint for the encoder: the time stamps say when a frame is shown.
NOMINAL_RATE = 30
# Without frames that refer to later ones: with them the length of a video whose last frames are far
# apart, as still pictures are, comes out too short, and players never show its end.
ENCODER = {"crf": "20", "preset": "veryfast", "bf": "0"}
# While it is written, a file of fragments: each second plays by itself, so that what there is plays
# even where the disk is full or the machine is switched off.
FRAGMENTS = {
    "movflags": "+empty_moov+default_base_moof+frag_keyframe",
    "frag_duration": "1000000",
    "flush_packets": "1",
}
# The header waits for the first fragment, since it says how picture and sound begin; and where one
# of the two has ended, the other waits no longer than a second for more of it.
WITH_SOUND = FRAGMENTS | {
    "movflags": FRAGMENTS["movflags"] + "+delay_moov",
    "max_interleave_delta": "1000000",
}
# When it is finished, one index in front: a browser can start before it has all, and can seek.
FINISHED = {"movflags": "+faststart"}
BT709, LIMITED_RANGE = 1, 1
# Sound that cannot be copied; 160 kbit/s of it are told from the original by few.
AAC_RATE, AAC_LAYOUT, AAC_BITS = 48_000, AudioLayout("stereo"), 160_000


class Mp4Writer:
    """One video file, from its first frame on."""

    def __init__(
        self, path: Path, width: int, height: int, *, sound: AudioStream | bool = False
    ) -> None:
        """Open the file, which is emptied.

        Args:
            path: The file.
            width: Of all frames, in pixels; even.
            height: Likewise.
            sound: A track whose packets are going to be copied, True for sound that is encoded
                here as AAC, False for none.

        Raises:
            SinkError: It cannot be written, or there is no encoder.
        """
        self._path = path
        self._failed = False
        # Bytes up to the end of the last whole fragment.
        self._whole = 0
        with self._told():
            # "file:" keeps a name with a colon from being taken for an address.
            options = WITH_SOUND if sound else FRAGMENTS
            self._container = av.open(f"file:{path}", "w", format="mp4", options=options)
            self._stream = self._container.add_stream("libx264", NOMINAL_RATE, options=ENCODER)
            self._sound = _add_sound(self._container, sound)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = TIME_BASE
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE

    def write(self, picture: av.VideoFrame | None) -> None:
        """Write one frame, with its time stamp in `TIME_BASE`; None for what the encoder holds.

        Raises:
            SinkError: The disk is full, or the encoder refuses the frame.
        """
        with self._told():
            self._container.mux(self._stream.encode(picture))
            # It is made when the encoder gives its first packet.
            self._whole = self._path.stat().st_size if self._path.exists() else 0

    @property
    def works(self) -> bool:
        """Whether nothing has failed so far."""
        return not self._failed

    def copy_sound(self, packet: "Packet[Stream]") -> None:
        """Write one packet of the track that `sound` named; one that is damaged is left out.

        Raises:
            SinkError: The disk is full.
        """
        packet.stream = self._sound_stream()
        with self._told(), contextlib.suppress(av.InvalidDataError, av.ArgumentError):
            self._container.mux(packet)

    def encode_sound(self, frame: AudioFrame | None) -> None:
        """Write sound as AAC, in `AAC_RATE` and `AAC_LAYOUT`; None for what the encoder holds.

        Raises:
            SinkError: The disk is full.
        """
        with self._told():
            self._container.mux(self._sound_stream().encode(frame))

    def _sound_stream(self) -> AudioStream:
        if self._sound is None:
            raise SinkError(f"{self._path}: was made without sound")
        return self._sound

    def close(self) -> None:
        """Finish the file. Of one that failed what plays is left, and nothing where nothing does.

        Raises:
            SinkError: It cannot be finished; not where `write` has said so already.
        """
        try:
            if not self._failed:
                self.write(None)
                with self._told():
                    self._container.close()
        finally:
            # Devices have no end to be tidied up.
            if self._path.is_file():
                self._tidy()

    def _tidy(self) -> None:
        if not self._failed:
            _join_fragments(self._path.resolve())
            return
        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()
        os.truncate(self._path, self._whole)
        if not _holds_frames(self._path):
            self._path.unlink()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what fails into a `SinkError`, and remember that it did."""
        try:
            with writing(self._path):
                yield
        except SinkError:
            self._failed = True
            raise
        except (av.FFmpegError, ValueError) as error:
            self._failed = True
            reason = getattr(error, "strerror", None) or str(error)
            raise SinkError(
                f"{self._path}: cannot be encoded as H.264 ({reason}); write pictures"
            ) from error


def _holds_frames(path: Path) -> bool:
    try:
        with av.open(f"file:{path}") as container:
            return any(packet.size for packet in container.demux(video=0))
    except (av.FFmpegError, OSError):
        return False


def _join_fragments(path: Path) -> None:
    """Write a finished video again with one index, by way of a file beside it."""
    # Where there is no room for a second file, the fragments play too.
    with contextlib.suppress(av.FFmpegError, OSError), new_file(path) as new:
        _copy(path, new)


def _copy(path: Path, target: Path) -> None:
    with (
        av.open(f"file:{path}") as old,
        av.open(f"file:{target}", "w", format="mp4", options=FINISHED) as new,
    ):
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            # The last ones are empty: they tell decoders to hand out what they hold.
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                new.mux(packet)


def _add_sound(container: OutputContainer, sound: AudioStream | bool) -> AudioStream | None:
    if isinstance(sound, AudioStream):
        return container.add_stream_from_template(sound)
    if not sound:
        return None
    stream = container.add_stream("aac", AAC_RATE, layout=AAC_LAYOUT.name)
    stream.bit_rate = AAC_BITS
    return stream
