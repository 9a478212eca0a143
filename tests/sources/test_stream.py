"""A stream over HTTP, served on the spot: frames, time stamps, and what goes wrong."""

import itertools
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import RecordingError, SourceError
from mien.protocols import Source
from mien.sources.open import open_source
from mien.sources.stream import StreamSource, without_secrets

BOUNDARY = "frame"
LONG = 20.0


class Server(ThreadingHTTPServer):
    """Serves what the test asks for; `release` lets the handlers go that wait."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.release = threading.Event()
        self.frames = 40
        self.stalls = False
        self.file: Path | None = None
        self.cut = self.ranges = False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path.startswith("/missing"):
            self.send_error(404)
        elif self.server.file is not None:
            data = self.server.file.read_bytes()
            first = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            first = first if self.server.ranges else 0
            self.send_response(206 if self.server.ranges else 200)
            self.send_header("Content-Length", str(len(data) - first))
            if self.server.ranges:
                last, data = len(data) - 1, data[first:]
                self.send_header("Content-Range", f"bytes {first}-{last}/{last + 1}")
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if self.server.cut else data)
        else:
            self._motion_jpeg()

    def _motion_jpeg(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        for index in range(self.server.frames):
            _, data = cv2.imencode(".jpg", np.full((48, 64, 3), 4 * index, np.uint8))
            head = (
                f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + data.tobytes() + b"\r\n")
        if self.server.stalls:
            self.server.release.wait(LONG)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


def test_motion_jpeg_is_read_with_the_time_of_arrival(server: Server) -> None:
    ticks = itertools.count(1000.0, 0.5)
    source = StreamSource(server.url("/cam.mjpeg"), clock=lambda: next(ticks))
    frames = list(itertools.islice(source, 4))
    assert isinstance(source, Source)
    assert source.live
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert frames[0].timestamp == 0.0
    # FFmpeg would make up 1/25 s; the clock of this test goes in halves.
    assert all(b.timestamp - a.timestamp >= 0.5 for a, b in itertools.pairwise(frames))
    assert frames[0].size == (64, 48)
    assert frames[3].image.mean() > frames[0].image.mean()


def test_a_stream_that_ends_says_so_after_its_frames(server: Server) -> None:
    frames = []
    with pytest.raises(SourceError, match=r"cam: (broke off|ended) after frame \d+") as caught:
        frames.extend(StreamSource(server.url("/cam")))
    # The last picture has no boundary behind it, so nothing says that it is whole.
    assert len(frames) in (39, 40)
    assert f"after frame {len(frames)}" in str(caught.value)


def test_a_stream_that_stalls_breaks_off(server: Server) -> None:
    server.stalls = True
    source = StreamSource(server.url("/cam"), read_seconds=0.2)
    with pytest.raises(SourceError, match="broke off after frame") as caught:
        list(source)
    assert not isinstance(caught.value, RecordingError)


def test_a_video_on_a_web_server_keeps_its_time_stamps(
    server: Server, make_video: Callable[..., Path]
) -> None:
    server.file = make_video(times=[0.0, 0.05, 0.2])
    frames = list(StreamSource(server.url("/clip.mp4")))
    assert [frame.timestamp for frame in frames] == pytest.approx([0.0, 0.05, 0.2])


def test_a_video_on_a_web_server_that_is_cut_off_says_that_it_is_a_recording(
    server: Server, make_video: Callable[..., Path]
) -> None:
    server.file, server.cut = make_video(times=[index / 100 for index in range(60)]), True
    with pytest.raises(RecordingError, match=r"broke off after frame \d+"):
        list(StreamSource(server.url("/clip.mp4")))


@pytest.mark.parametrize("name", ["recorded.webm", "recorded.ts", "recorded.mjpeg"])
@pytest.mark.parametrize("ranges", [False, True])
def test_a_recording_without_a_length_ends(
    server: Server, make_video: Callable[..., Path], name: str, ranges: bool
) -> None:
    """As browsers and recorders of broadcasts leave them; not all servers give parts of a file."""
    codec = {"webm": "libvpx", "mjpeg": "mjpeg"}.get(name.split(".")[1], "libx264")
    server.file, server.ranges = make_video(name, codec=codec, pipe=True), ranges
    frames = list(StreamSource(server.url(f"/{name}"), realtime=False))
    assert len(frames) == 30
    if name != "recorded.mjpeg":
        assert [frame.timestamp for frame in frames] == pytest.approx(np.arange(30) / 10, abs=0.002)


def test_of_a_recording_every_frame_is_read_once_and_in_order(
    server: Server, make_video: Callable[..., Path]
) -> None:
    server.file = make_video("recorded.ts")
    source = open_source(server.url("/recorded.ts"))
    assert [frame.index for frame in source] == list(range(30))


def test_closing_ends_the_stream_quietly(server: Server) -> None:
    source = StreamSource(server.url("/cam"))
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []
    assert list(source) == []


@pytest.mark.parametrize("path", ["/missing", "/missing?user=me&password=hunter2"])
def test_an_address_that_is_not_there_is_named_without_its_secrets(
    server: Server, path: str
) -> None:
    url = server.url(path).replace("http://", "http://me:hunter2@")
    with pytest.raises(SourceError) as caught:
        next(iter(StreamSource(url)))
    assert "/missing" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_no_server_at_all(scheme: str) -> None:
    with pytest.raises(SourceError, match=rf"{scheme}://127\.0\.0\.1:9/x.*refused"):
        next(iter(StreamSource(f"{scheme}://127.0.0.1:9/x", open_seconds=2)))


def test_text_is_no_stream(server: Server, tmp_path: Path) -> None:
    server.file = tmp_path / "page.html"
    server.file.write_text("<html>log in first</html>" * 50)
    with pytest.raises(SourceError, match="cannot be opened"):
        next(iter(StreamSource(server.url("/"))))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:secret@camera.local:554/live", "rtsp://camera.local:554/live"),
        ("http://camera/video.mjpg?user=me&pwd=secret", "http://camera/video.mjpg"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://me:p@ss:w@rd@host/x", "http://host/x"),
        ("http://me:secret@host:notaport/x", "the address"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
