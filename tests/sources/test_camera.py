"""A camera that is absent, busy or unplugged says so in one line."""

from pathlib import Path

import numpy as np
import pytest

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources import camera
from mien.sources.camera import CameraSource, list_cameras
from mien.types import PixelArray


class FakeCapture:
    """A camera that gives the pictures it was given; None is a read that fails."""

    def __init__(self, pictures: list[PixelArray | None], *, opened: bool = True) -> None:
        self.pictures = iter(pictures)
        self.opened = opened
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def read(self) -> tuple[bool, PixelArray | None]:
        image = next(self.pictures, None)
        return image is not None, image

    def release(self) -> None:
        self.released = True


def picture(value: int) -> PixelArray:
    return np.full((4, 6, 3), value, np.uint8)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "FAILED_READ_PAUSE", 0.0)


def test_frames_carry_the_time_of_arrival() -> None:
    times = iter([50.0, 50.25, 50.5])
    device = FakeCapture([picture(value) for value in (1, 2, 3)])
    source = CameraSource(2, capture=lambda _: device, clock=lambda: next(times))
    frames = iter(source)
    got = [next(frames) for _ in range(3)]
    assert isinstance(source, Source)
    assert [(frame.index, frame.timestamp) for frame in got] == [(0, 0.0), (1, 0.25), (2, 0.5)]
    assert {frame.source for frame in got} == {"camera 2"}
    assert [int(frame.image[0, 0, 0]) for frame in got] == [1, 2, 3]


def test_a_frame_is_not_changed_by_the_next_picture() -> None:
    buffer = picture(1)
    frames = iter(CameraSource(0, capture=lambda _: FakeCapture([buffer, buffer])))
    first = next(frames)
    buffer[:] = 99
    next(frames)
    assert first.image.max() == 1


def test_a_camera_that_does_not_open_is_freed_and_named() -> None:
    device = FakeCapture([], opened=False)
    with pytest.raises(SourceError, match="camera 7"):
        next(iter(CameraSource(7, capture=lambda _: device)))
    assert device.released


def test_a_busy_camera_is_told_from_an_absent_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "DEVICES", tmp_path)
    monkeypatch.setattr(camera, "DESCRIPTIONS", tmp_path / "sys")
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "video0").touch()
    for index, words in ((0, "other programs"), (1, "cameras found: 0")):
        source = CameraSource(index, capture=lambda _: FakeCapture([], opened=False))
        with pytest.raises(SourceError, match=words):
            next(iter(source))


def test_an_unplugged_camera_ends_in_an_error_and_is_freed() -> None:
    device = FakeCapture([picture(1), picture(2)])
    frames = iter(CameraSource(0, capture=lambda _: device))
    assert [next(frames).index, next(frames).index] == [0, 1]
    with pytest.raises(SourceError, match="after frame 2"):
        next(frames)
    assert device.released


def test_a_camera_may_need_a_few_reads_to_wake() -> None:
    device = FakeCapture([None, None, picture(5)])
    assert next(iter(CameraSource(0, capture=lambda _: device))).image.max() == 5


def test_closing_frees_the_camera() -> None:
    device = FakeCapture([picture(1)] * 5)
    source = CameraSource(0, capture=lambda _: device)
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []
    assert device.released


def test_cameras_are_listed_without_their_metadata_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices, descriptions = tmp_path / "dev", tmp_path / "sys"
    devices.mkdir()
    for number, index in ((0, "0\n"), (1, "1\n"), (10, "0\n"), (2, None)):
        (devices / f"video{number}").touch()
        (descriptions / f"video{number}").mkdir(parents=True)
        if index is not None:
            (descriptions / f"video{number}" / "index").write_text(index)
    (devices / "video-codec").touch()
    monkeypatch.setattr(camera, "DEVICES", devices)
    monkeypatch.setattr(camera, "DESCRIPTIONS", descriptions)
    monkeypatch.setattr("sys.platform", "linux")
    assert list_cameras() == [0, 2, 10]


def test_elsewhere_the_first_cameras_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = {index: FakeCapture([], opened=index == 1) for index in range(10)}
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(camera, "open_capture", devices.__getitem__)
    assert list_cameras() == [1]
    assert devices[0].released
    assert devices[1].released


def test_a_real_absent_camera_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="camera 4321"):
        next(iter(CameraSource(4321)))
    assert capfd.readouterr().err == ""
