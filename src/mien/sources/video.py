"""A video file as a source: every frame in order, by the time stamps that are in the file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.errors import SourceError, Told
from mien.protocols import Source
from mien.sources.media.decoding import decoding, reason, video_of, videos_of
from mien.sources.media.display import Display
from mien.sources.media.timeline import Timeline
from mien.sources.media.wholeness import is_torn, is_whole
from mien.sources.saying import Says
from mien.types import Frame, Skipped

# A file that ends this much before the length it claims has broken off; less is rounding.
MISSING_SECONDS = 0.5
FALLBACK_FPS = 25.0


class VideoSource(Source):
    """A `Source` of the frames of a video file.

    Each iteration reads the file anew. Time stamps are exact (variable frame rates included) and
    start at 0 with the first frame; where recordings were joined end to end, time goes on. The
    frame size may change on the way.

    Attributes:
        fps: Mean frames per second as the file says; None where it does not.
    """

    live = False

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Look into the file.

        Args:
            path: The file.
            threads: That decode it, and that convert its colours; as many as suit this machine
                where None.

        Raises:
            SourceError: It cannot be read, or holds no video.
        """
        self.name = str(path)
        self._threads = threads
        self._closed = False
        with self._open() as container, decoding(self.name):
            stream = video_of(container, self.name)
            self.fps = float(stream.average_rate) if stream.average_rate else None
            self._seconds = _length(container, stream)
            self._frames = stream.frames or self._estimate()
            self._skipped = _further(container, stream, self.name)

    def __iter__(self) -> Iterator[Frame]:
        """Yield all frames that can be decoded.

        Raises:
            SourceError: After the last good frame: the file holds none, breaks off, or is damaged.
        """
        decoder = _Decoder(self.name, self.fps or FALLBACK_FPS, self._threads)
        with self._open() as container:
            stream = video_of(container, self.name)
            if self._threads is None:
                stream.thread_type = "AUTO"
            else:
                stream.codec_context.thread_count = self._threads
            for frame in decoder.frames(container, stream):
                if self._closed:
                    return
                yield frame
                # A frame that is done with makes room for the next one: where two are held at a
                # time, their memory goes to the system and comes from it for each frame anew.
                del frame
        decoder.check(self._seconds)

    def close(self) -> None:
        """End the iteration at the next frame; that frees the file."""
        self._closed = True

    @property
    def frames(self) -> int | None:
        """About how many there are; None where the file does not say."""
        return self._frames

    @property
    def skipped(self) -> Sequence[Skipped]:
        """That it holds further videos, where it does."""
        return self._skipped

    def _open(self) -> InputContainer:
        try:
            # "file:" keeps a name with a colon from being taken for an address, and the list keeps
            # a playlist that poses as a video from reading other files or the network.
            return av.open(f"file:{self.name}", "r", options={"protocol_whitelist": "file"})
        except Exception as error:
            raise SourceError(Says.VIDEO_CLOSED(name=self.name, reason=reason(error))) from error

    def _estimate(self) -> int | None:
        return round(self._seconds * self.fps) if self._seconds and self.fps else None


class _Decoder:
    """Decodes one pass over a file, and knows afterwards whether all of it was there."""

    def __init__(self, name: str, fps: float, threads: int | None) -> None:
        self._name, self._threads = name, threads
        self._step = 1 / fps
        self._timeline = Timeline(self._step)
        self._start: float | None = None
        self._last: float | None = None
        # When the last frame is over.
        self._end = 0.0
        self._count = 0
        self._kind = ""
        self._damage: Told | None = None
        self._failure: Told | None = None
        self._cut = False

    def frames(self, container: InputContainer, stream: VideoStream) -> Iterator[Frame]:
        """Yield the good frames; what cannot be decoded is remembered and left out."""
        display, self._kind = Display(stream, threads=self._threads), container.format.name
        for packet in self._packets(container, stream):
            try:
                decoded = packet.decode()
            except av.InvalidDataError:
                self._note_damage()
                continue
            except Exception as error:  # decoders fail in more ways than one could list
                self._note(error)
                return
            for frame in decoded:
                yield self._shown(display, frame)

    def _shown(self, display: Display, frame: av.VideoFrame) -> Frame:
        with decoding(self._name):
            image = display.to_bgr(frame)
        if frame.is_corrupt:
            # The decoder has made up a part of it, and what follows may build on that.
            self._note_damage()
        time, stamp = self._time(frame), _stamp(frame)
        return Frame(image, self._count - 1, time, self._name, stamp=stamp)

    def _packets(
        self, container: InputContainer, stream: VideoStream
    ) -> "Iterator[Packet[VideoStream]]":
        """Yield what is to be decoded, and an empty packet for what the decoder still holds.

        A last packet that is cut off stays out. The decoder would fail at it while it gives out
        what it holds, as many good frames as it has threads, and PyAV ends with the first failure.
        """
        held: Packet[VideoStream] | None = None
        failure: Exception | None = None
        size = container.size
        try:
            for packet in container.demux(stream):
                if not packet.size and packet.dts is None:
                    break
                if held is not None:
                    yield held
                # Of DV, what the file lacks is filled with what was before.
                beyond = packet.pos is not None and packet.pos + packet.size > size > 0
                held = packet if packet.is_corrupt or beyond else None
                if held is None:
                    yield packet
        except Exception as error:  # as above, and then the file is read no further
            failure = error
        yield _empty(stream)
        self._cut = held is not None
        if isinstance(failure, av.InvalidDataError):
            self._note_damage()
        elif failure is not None:
            self._note(failure)

    def check(self, seconds: float | None) -> None:
        """Raise `SourceError` where something was missing, given the length the file claims."""
        if self._last is None:
            raise SourceError(Says.NO_FRAME(name=self._name))
        is_short = not self._is_complete(seconds)
        is_cut = self._cut or is_torn(Path(self._name), self._kind)
        if not self._failure and (is_cut or is_short):
            place = self._place()
            raise SourceError(
                Says.CUT_SHORT(**place, length=seconds)
                if is_short and seconds is not None
                else Says.CUT(**place)
            )
        if wrong := self._failure or self._damage:
            raise SourceError(wrong)

    def _is_complete(self, seconds: float | None) -> bool:
        # Some formats count the length from the first frame, some from zero.
        end = self._end + max(0.0, self._start or 0.0)
        if seconds is None or end >= seconds - MISSING_SECONDS:
            return True
        return is_whole(Path(self._name))

    def _time(self, frame: av.VideoFrame) -> float:
        """Return seconds since the first frame; a frame without a stamp follows the last one."""
        stamp = _stamp(frame)
        self._start = stamp if self._start is None else self._start
        self._last = self._timeline.place(stamp)
        # The last picture of a recording of a screen may stand for minutes.
        shown = float(frame.duration * frame.time_base) if frame.time_base else 0.0
        self._end = self._last + max(self._step, shown)
        self._count += 1
        return self._last

    def _note_damage(self) -> None:
        self._damage = self._damage or Says.DAMAGED(**self._place())

    def _note(self, error: Exception) -> None:
        self._failure = Says.FAILED_AFTER(**self._place(), reason=reason(error))

    def _place(self) -> dict[str, str | float | Told]:
        return {"name": self._name, "frame": self._count, "seconds": self._last or 0.0}


def _stamp(frame: av.VideoFrame) -> float | None:
    return None if frame.pts is None else float(frame.time)


def _empty(stream: VideoStream) -> "Packet[VideoStream]":
    # PyAV's packets are generic to type checkers only.
    packet = cast("Packet[VideoStream]", Packet())
    packet.stream = stream
    if stream.time_base is not None:
        packet.time_base = stream.time_base
    return packet


def _further(container: InputContainer, stream: VideoStream, name: str) -> list[Skipped]:
    """Say of the videos that are not read, such as those of a second camera."""
    count = len(videos_of(container)) - 1
    if not count:
        return []
    read = f"the one of {stream.width}x{stream.height} is read"
    return [Skipped(name, f"holds {count + 1} videos, of which only {read}; extract the others")]


def _length(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # The length of the whole file is that of its longest stream, which may be the sound.
    if container.duration and len(container.streams) == 1:
        return container.duration / av.time_base
    return None
