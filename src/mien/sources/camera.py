"""A camera of this machine, read with OpenCV."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from mien.errors import SourceError, Told
from mien.protocols import Source
from mien.sources.saying import Says, called, camera_name
from mien.types import Frame, PixelArray

# Cameras give up to about ten empty reads while they wake; one that is unplugged gives no more.
FAILED_READS = 20
FAILED_READ_PAUSE = 0.05
PROBED_CAMERAS = 4
DEVICES = Path("/dev")
DESCRIPTIONS = Path("/sys/class/video4linux")
# The default of OpenCV on Windows takes up to half a minute to open a camera.
BACKENDS = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}


class Capture(Protocol):
    """What is needed of `cv2.VideoCapture`."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether the device was opened."""
        ...

    def read(self) -> tuple[bool, PixelArray | None]:
        """Return whether there was a picture, and the picture, BGR uint8 [H,W,3]."""
        ...

    def release(self) -> None:
        """Free the device."""
        ...


def open_capture(index: int) -> Capture:
    """Open a camera with OpenCV so that it holds back as few old pictures as it can."""
    capture = cv2.VideoCapture(index, BACKENDS.get(sys.platform, cv2.CAP_ANY))
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture  # type: ignore[return-value]  # OpenCV's stub gives `read` a wider type


class CameraSource(Source):
    """A live `Source` that reads a camera; time stamps are the time of arrival, from 0."""

    live = True

    def __init__(
        self,
        index: int,
        *,
        capture: Callable[[int], Capture] = open_capture,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a camera's number; nothing is opened yet.

        Args:
            index: 0 is the first camera.
            capture: Opens it; for tests.
            clock: Seconds; for tests.
        """
        self.name = camera_name(index)
        self._index = index
        self._capture = capture
        self._clock = clock
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """Yield pictures as they come.

        Raises:
            SourceError: The camera is absent or busy, or it stops giving pictures.
        """
        with _quiet_opencv():
            device = self._capture(self._index)
        try:
            if not device.isOpened():
                raise SourceError(self._absent())
            yield from self._read(device)
        finally:
            device.release()

    def close(self) -> None:
        """End the iteration at the next picture; that frees the camera."""
        self._closed.set()

    def _read(self, device: Capture) -> Iterator[Frame]:
        start: float | None = None
        index = failed = 0
        while not self._closed.is_set():
            good, image = device.read()
            if not good or image is None:
                failed += 1
                if failed >= FAILED_READS:
                    raise SourceError(Says.CAMERA_STOPPED(name=called(self.name), frame=index))
                self._closed.wait(FAILED_READ_PAUSE)
                continue
            now, captured = self._clock(), time.time()
            start = now if start is None else start
            # A copy, because a driver may reuse its buffer for the next picture.
            image = np.array(image, dtype=np.uint8)
            yield Frame(image, index, now - start, self.name, captured=captured)
            index, failed = index + 1, 0

    def _absent(self) -> Told:
        name = called(self.name)
        if sys.platform == "linux" and not (DEVICES / f"video{self._index}").exists():
            there = ", ".join(map(str, list_cameras()))
            return (
                Says.NO_SUCH_CAMERA(name=name, found=there) if there else Says.NO_CAMERA(name=name)
            )
        return Says.CAMERA_CLOSED(name=name)


def list_cameras() -> list[int]:
    """Return the numbers of the cameras found; quick and quiet, and on Linux opens none."""
    if sys.platform == "linux":
        return _listed_devices(DEVICES, DESCRIPTIONS)
    return _probed(open_capture)


def _listed_devices(devices: Path, descriptions: Path) -> list[int]:
    names = (path.name.removeprefix("video") for path in devices.glob("video*"))
    numbers = sorted(int(name) for name in names if name.isdecimal())
    return [number for number in numbers if _gives_pictures(descriptions / f"video{number}")]


def _gives_pictures(description: Path) -> bool:
    """Whether a device is a camera's first: its others give sound or metadata, not pictures."""
    try:
        return (description / "index").read_text().strip() == "0"
    except OSError:
        return True


def _probed(capture: Callable[[int], Capture]) -> list[int]:
    found = []
    with _quiet_opencv():
        for index in range(PROBED_CAMERAS):
            device = capture(index)
            if device.isOpened():
                found.append(index)
            device.release()
    return found


@contextlib.contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from printing warnings about devices that do not open."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
