"""A live stream from the network: http(s) (MJPEG, HLS and others) and rtsp(s).

What it does not know: whether anyone keeps up. Wrap it in `NewestFrame` so that a slow reader never
lags behind.
"""

import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.errors import MienError, RecordingError, SourceError
from mien.protocols import Source
from mien.sources.media.decoding import decoding, reason, video_of
from mien.sources.media.display import Display
from mien.sources.media.timeline import Timeline
from mien.sources.saying import Says
from mien.types import Frame

OPEN_SECONDS = 10.0
READ_SECONDS = 10.0
# These formats carry no time stamps; FFmpeg would make them up at 25 frames per second.
UNTIMED_FORMATS = frozenset({"mpjpeg", "mjpeg", "image2pipe", "jpeg_pipe"})
# What has a length here is the list of parts, not what they hold.
PLAYLISTS = frozenset({"hls", "dash"})
# From a frame to the next where no stamp says it.
STEP_SECONDS = 0.04
OPTIONS = {
    # Looking for the frame rate of a stream would delay its first frame by seconds.
    "analyzeduration": "500000",
    "fpsprobesize": "0",
    # UDP loses packets on wireless networks, and a torn face is worse than a late one.
    "rtsp_transport": "tcp",
    # A playlist may name further addresses; it must not name files of this machine.
    "protocol_whitelist": "http,https,tcp,tls,rtsp,rtp,udp,srtp,httpproxy,crypto",
}


class StreamSource(Source):
    """A live `Source` that reads an address.

    Time stamps are the stream's own where it has them, otherwise the time of arrival; both start at
    0. Something with an end, such as a video on a web server, is played at its own speed, or read
    as fast as it comes.
    """

    live = True

    def __init__(
        self,
        url: str,
        *,
        open_seconds: float = OPEN_SECONDS,
        read_seconds: float = READ_SECONDS,
        realtime: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take an address; nothing is opened yet.

        Args:
            url: http, https, rtsp or rtsps.
            open_seconds: How long to wait for the first sign of life.
            read_seconds: How long to wait for the next frame.
            realtime: Play what is recorded at its own speed.
            clock: Seconds; for tests.
        """
        self.name = without_secrets(url)
        self._url = url
        self._recorded = False
        self._timeout = (open_seconds, read_seconds)
        self._realtime = realtime
        self._clock = clock
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames as they come.

        Raises:
            SourceError: The stream cannot be opened, holds no video, stalls or breaks off;
                `RecordingError` where something with an end breaks off.
        """
        if self._closed.is_set():
            return
        count = 0
        with self._open() as container:
            whole = _has_end(container)
            # Cameras that give pictures without stamps make a size up.
            self._recorded = whole and container.format.name not in UNTIMED_FORMATS
            try:
                for frame in self._frames(container):
                    count += 1
                    yield frame
            except MienError:
                raise
            except Exception as error:  # decoders fail in more ways than one could list
                if not self._closed.is_set():
                    kind = RecordingError if self._recorded else SourceError
                    raise kind(
                        Says.STREAM_BROKE(name=self.name, frame=count, reason=reason(error))
                    ) from error
            if not whole and not self._closed.is_set():
                raise SourceError(Says.STREAM_ENDED(name=self.name, frame=count))

    def close(self) -> None:
        """End the iteration at the next frame, or when the wait for one ends."""
        self._closed.set()

    @property
    def recorded(self) -> bool:
        """Whether it has an end, which is known from the first frame on."""
        return self._recorded

    def _open(self) -> InputContainer:
        try:
            return av.open(self._url, "r", options=dict(OPTIONS), timeout=self._timeout)
        except Exception as error:
            raise SourceError(Says.STREAM_CLOSED(name=self.name, reason=reason(error))) from error

    def _frames(self, container: InputContainer) -> Iterator[Frame]:
        with decoding(self.name):
            stream = video_of(container, self.name)
            display = Display(stream)
        timer = _Timer(container.format.name not in UNTIMED_FORMATS, self._clock)
        for index, (stamp, picture) in enumerate(_decode(container, stream)):
            came, timestamp = time.time(), timer.time(stamp)
            if self._recorded and self._realtime:
                self._closed.wait(max(0.0, timer.wait(timestamp)))
            if self._closed.is_set():
                return
            with decoding(self.name):
                image = display.to_bgr(picture)
            # What has an end was recorded, who knows when.
            captured = None if self._recorded else came
            yield Frame(image, index, timestamp, self.name, captured=captured)


def without_secrets(url: str) -> str:
    """Return an address as it may be shown: no user, password, or query, which may hold both."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "the address"
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path}"


def _has_end(container: InputContainer) -> bool:
    """Whether it says how long it is, or its server how large: what browsers record says neither.

    Then its end is one, and no failure of a camera.
    """
    return container.duration is not None or (
        container.format.name not in PLAYLISTS and container.size > 0
    )


class _Timer:
    """Seconds since the first frame, by the stream's stamps or by the clock."""

    def __init__(self, stamped: bool, clock: Callable[[], float]) -> None:
        self._stamped = stamped
        self._clock = clock
        self._begin: float | None = None
        self._timeline = Timeline(STEP_SECONDS)

    def time(self, stamp: float | None) -> float:
        now = self._clock()
        if self._begin is None:
            self._begin = now
            self._stamped = self._stamped and stamp is not None
        return self._timeline.place(stamp if self._stamped else now)

    def wait(self, timestamp: float) -> float:
        """Return seconds until a frame is due."""
        return timestamp - (self._clock() - (self._begin or 0.0))


def _decode(
    container: InputContainer, stream: VideoStream
) -> Iterator[tuple[float | None, av.VideoFrame]]:
    """Yield stamps and pictures; a packet that was damaged on the way costs its picture only."""
    for packet in container.demux(stream):
        try:
            pictures = packet.decode()
        except av.InvalidDataError:
            continue
        for picture in pictures:
            yield (None if picture.pts is None else float(picture.time)), picture
