"""How fast, how late and how costly reading is on this machine.

`mien bench` shows it to users, and `make bench` holds it against what mien promises.
"""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from websockets.sync.client import connect
from websockets.typing import Origin

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources.around import Around
from mien.sources.latest import NewestFrame
from mien.sources.naming import SAMPLE
from mien.types import Analysis, Frame, PixelArray

FPS = 30.0
WARM_UP_FRAMES = 30
# What has come in but not been read: the newest few of it are enough to know when a frame came.
REMEMBERED = 64
START_SECONDS = 30.0

Analyze = Callable[[Frame], Analysis]


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast frames are read when they need not be waited for.

    Attributes:
        frames: Frames that were read.
        faces: Mean number of faces in one.
        fps: Frames per second, sustained.
        p50_ms: Median milliseconds of one.
        p95_ms: 95th percentile.
        cpu_ms: Processor time of one, all threads together, in milliseconds.
    """

    frames: int
    faces: float
    fps: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Live:
    """How a source is kept up with that does not wait.

    Attributes:
        frames: Frames that were read.
        dropped: Frames that came meanwhile, and were left out for newer ones.
        size: Width and height of the last frame in pixels.
        faces: Mean number of faces in a frame.
        seconds: From the first frame to the last.
        fps: Frames that were read per second.
        age_p50_ms: Milliseconds from a frame's coming to its reading, median.
        age_p95_ms: 95th percentile.
        age_max_ms: The most.
        age_growth_ms: Median age in the second half less that in the first.
        own_p95_ms: What the reader itself needs for a frame, 95th percentile.
        core: Processor time over time: 1 is one core, all the time.
    """

    frames: int
    dropped: int
    size: tuple[int, int]
    faces: float
    seconds: float
    fps: float
    age_p50_ms: float
    age_p95_ms: float
    age_max_ms: float
    age_growth_ms: float
    own_p95_ms: float
    core: float


class Paced(Source):
    """A live `Source` of given pictures, over and over, as from a camera of known rate."""

    live = True

    def __init__(self, images: Sequence[PixelArray], *, fps: float = FPS) -> None:
        """Take the pictures, BGR uint8 [H,W,3], and how many come per second."""
        self.name = "pictures"
        self._images = images
        self._fps = fps
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until `close`."""
        start, index = time.perf_counter(), 0
        while not self._closed.is_set():
            yield Frame(
                self._images[index % len(self._images)], index, index / self._fps, self.name
            )
            index += 1
            self._closed.wait(max(0.0, start + index / self._fps - time.perf_counter()))

    def close(self) -> None:
        """End the iteration at once."""
        self._closed.set()


class _Noted(Around):
    """A `Source` around another that remembers when its newest frames came."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.live = source.live
        self._times: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            self._times.append((frame.index, time.perf_counter()))
            yield frame

    def age(self, frame: Frame) -> float:
        """Return seconds since a frame came."""
        return time.perf_counter() - dict(self._times.copy())[frame.index]


def measure_speed(analyze: Analyze, images: Sequence[PixelArray], seconds: float) -> Speed:
    """Read pictures over and over, as the frames of one stream, as fast as it goes.

    Args:
        analyze: Reads a frame; its stream must be a new one.
        images: BGR uint8 [H,W,3].
        seconds: How long to go on, after a short warm-up.
    """
    latencies: list[float] = []
    faces = index = 0
    start = cpu = 0.0
    while index <= WARM_UP_FRAMES or time.perf_counter() - start < seconds:
        if index == WARM_UP_FRAMES:
            start, cpu = time.perf_counter(), time.process_time()
        begin = time.perf_counter()
        analysis = analyze(Frame(images[index % len(images)], index, index / FPS, "pictures"))
        if index >= WARM_UP_FRAMES:
            latencies.append(time.perf_counter() - begin)
            faces += len(analysis.readings)
        index += 1
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    count = len(latencies)
    p50, p95 = (float(value) * 1000 for value in np.percentile(latencies, [50, 95]))
    return Speed(count, faces / count, count / wall, p50, p95, cpu / count * 1000)


def measure_live(
    source: Source,
    analyze: Analyze,
    seconds: float,
    *,
    then: Callable[[], object] = lambda: None,
) -> Live:
    """Read a live source, always its newest frame.

    Args:
        source: A camera or stream as such, not yet behind a grabber; closed at the end.
        analyze: Reads a frame.
        seconds: How long to go on, from the first frame that counts.
        then: Called after each reading, where the consumer has more to do.

    Raises:
        SourceError: It gave no picture, or broke off.
    """
    noted = _Noted(source)
    grabber = NewestFrame(noted)
    ages: list[float] = []
    own: list[float] = []
    faces, size, dropped = 0, (0, 0), 0
    start = cpu = now = 0.0
    with contextlib.closing(grabber):
        for count, frame in enumerate(grabber):
            begin = time.perf_counter()
            analysis = analyze(frame)
            then()
            now = time.perf_counter()
            if count < WARM_UP_FRAMES:
                start, cpu, dropped = now, time.process_time(), grabber.dropped
                continue
            ages.append(noted.age(frame))
            own.append(now - begin)
            faces, size = faces + len(analysis.readings), frame.size
            if now - start >= seconds:
                break
    if not ages:
        raise SourceError(f"{source.name}: ended before there was anything to measure")
    half, wall = max(1, len(ages) // 2), now - start
    p50, p95, most = (float(value) * 1000 for value in np.percentile(ages, [50, 95, 100]))
    growth = float(np.median(ages[half:] or ages) - np.median(ages[:half])) * 1000
    return Live(
        frames=len(ages),
        dropped=grabber.dropped - dropped,
        size=size,
        faces=faces / len(ages),
        seconds=wall,
        fps=len(ages) / wall,
        age_p50_ms=p50,
        age_p95_ms=p95,
        age_max_ms=most,
        age_growth_ms=growth,
        own_p95_ms=float(np.percentile(own, 95)) * 1000,
        core=(time.process_time() - cpu) / wall,
    )


def measure_start(arguments: Sequence[str] = ()) -> float:
    """Start `mien live` in a process of its own and return the seconds to its first reading.

    Args:
        arguments: Further options of `mien live`.

    Raises:
        SourceError: It did not start, or gave no reading in time.
    """
    begin = time.perf_counter()
    words = ("live", "--source", SAMPLE, "--no-browser", "--port", "0", *arguments)
    process = subprocess.Popen(  # noqa: S603 - words of ours and of the user's own command line
        [sys.executable, "-m", "mien", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        _first_reading(_address(process))
        return time.perf_counter() - begin
    finally:
        process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.stdout is not None:
            process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        found = re.search(r"http://(\S+?)/", line)
        if found:
            return found[1]
    raise SourceError("mien live: did not start; run it by itself to see why")


def _first_reading(host: str) -> None:
    with connect(f"ws://{host}/ws", origin=Origin(f"http://{host}"), max_size=None) as page:
        page.recv(START_SECONDS)
        page.send(json.dumps({"type": "watch", "source": "sample"}))
        while not _has_face(page.recv(START_SECONDS)):
            page.send(json.dumps({"type": "next"}))


def _has_face(message: str | bytes) -> bool:
    """Whether a frame of the server, as `mien.web.protocol` writes it, holds a reading."""
    if isinstance(message, str):
        raise SourceError(f"mien live: {message}")
    length = int.from_bytes(message[:4], "big")
    return bool(json.loads(message[4 : 4 + length])["faces"])
