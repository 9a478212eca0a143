"""The sound of a video file, in packets, placed in the time of the frames that were read of it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from mien.errors import SourceError
from mien.sources.media.decoding import video_of
from mien.sources.media.timeline import BACK_SECONDS

# A frame later than the last one that was shown by more than this was not shown.
_LATER = 1e-3


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """A piece of coded sound.

    Attributes:
        packet: As it is in the file.
        time: When it is heard, in seconds of the time into which the frames were placed.
    """

    packet: "Packet[Stream]"
    time: float


@dataclass(slots=True)
class _Clock:
    """Counts the recordings that were joined in a file: stamps that go back begin another."""

    part: int = 0
    last: float | None = None

    def take(self, decoded: float, shown: float) -> tuple[int, float]:
        """Take the stamps of a packet in seconds; return its part and when it is shown."""
        if self.last is not None and self.last - decoded > BACK_SECONDS:
            self.part += 1
        self.last = decoded
        return self.part, shown


class Sound:
    """Reads the sound of one file beside its frames; what cannot be read ends it early.

    Sound and picture have one clock in the file, so each frame that was placed in time places the
    sound, also where recordings were joined end to end and the clock begins anew.
    """

    def __init__(self, container: InputContainer, video: VideoStream, audio: AudioStream) -> None:
        """Take an open file; closed with this."""
        self._container = container
        self._video, self.stream = video, audio
        self._packets = self._demux()
        self._waiting: list[tuple[int, float, Packet[Stream]]] = []
        self._heard, self._seen = _Clock(), _Clock()
        # Of each joined part: what has to be added to its stamps.
        self._offsets: list[float] = []
        self._shown = (0, 0.0)
        self._furthest = (0, 0.0)

    @classmethod
    def open(cls, name: str) -> Self | None:
        """Open the sound of a video file: the track that players play; None where it has none."""
        with contextlib.ExitStack() as stack:
            try:
                container = stack.enter_context(
                    av.open(f"file:{name}", "r", options={"protocol_whitelist": "file"})
                )
                video = video_of(container, name)
                audio = container.streams.best("audio", related=video)
            except (SourceError, av.FFmpegError, OSError, ValueError):
                return None
            if not isinstance(audio, AudioStream) or audio.codec_context is None:
                return None
            stack.pop_all()
        return cls(container, video, audio)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def place(self, stamp: float, time: float) -> None:
        """Take note of a frame that was shown: its stamp in the file, and its time."""
        offset = time - stamp
        if not self._offsets or abs(offset - self._offsets[-1]) > BACK_SECONDS:
            self._offsets.append(offset)
        self._shown = len(self._offsets) - 1, stamp

    def until(self, time: float) -> Iterator[SoundPacket]:
        """Yield what is heard before a time."""
        while (due := self._next()) is not None:
            if due.time >= time:
                return
            self._waiting.pop(0)
            yield due

    def rest(self, end: float) -> Iterator[SoundPacket]:
        """Yield what is left once no more frames are shown.

        Args:
            end: When the last frame is over. Where the file has more frames, of which somebody
                wanted none, sound ends then; else it goes on to its own end.
        """
        yield from self.until(end)
        while not self._is_cut_off() and self._read():
            pass
        if not self._is_cut_off():
            yield from self.until(float("inf"))

    def decode(self, heard: SoundPacket) -> Sequence[AudioFrame]:
        """Decode a packet; raise what FFmpeg raises where it is damaged."""
        return self.stream.codec_context.decode(cast("Packet[AudioStream]", heard.packet))

    def _is_cut_off(self) -> bool:
        part, stamp = self._shown
        return self._furthest > (part, stamp + _LATER)

    def _next(self) -> SoundPacket | None:
        while not self._waiting:
            if not self._read():
                return None
        part, stamp, packet = self._waiting[0]
        if part >= len(self._offsets):
            return None
        return SoundPacket(packet, stamp + self._offsets[part])

    def _read(self) -> bool:
        """Read one packet of sound or picture; False at the end."""
        packet = next(self._packets, None)
        if packet is None:
            return False
        shown = packet.dts if packet.pts is None else packet.pts
        if shown is None or packet.time_base is None or not packet.size:
            return True
        decoded = shown if packet.dts is None else packet.dts
        step = float(packet.time_base)
        if packet.stream_index == self.stream.index:
            place = self._heard.take(decoded * step, shown * step)
            self._waiting.append((*place, packet))
        else:
            place = self._seen.take(decoded * step, shown * step)
            self._furthest = max(self._furthest, place)
        return True

    def _demux(self) -> "Iterator[Packet[Stream]]":
        # Whatever is wrong with the file is said by who reads its pictures.
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            yield from self._container.demux(self._video, self.stream)
