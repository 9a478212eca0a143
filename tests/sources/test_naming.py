"""What is on disk is meant first, and everything can be meant for sure."""

from pathlib import Path

import pytest

from mien.sources.naming import Address, Camera, Files, Meant, Sample, meant


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("0", Camera(0)),
        (2, Camera(2)),
        ("sample", Sample()),
        ("rtsp://camera/live", Address("rtsp://camera/live")),
        ("HTTP://host/a.mp4", Address("HTTP://host/a.mp4")),
        ("clip.mp4", Files("clip.mp4")),
        ("9" * 5000, Files("9" * 5000)),
        ("nul\0", Files("nul\0")),
        ("", Files("")),
    ],
)
def test_a_name(spec: str | int, wanted: Meant) -> None:
    assert meant(spec) == wanted


@pytest.mark.parametrize("name", ["0", "2024", "sample"])
def test_what_is_on_disk_is_meant_first(name: str) -> None:
    Path(name).mkdir()
    assert meant(name) == Files(name)
    assert meant(f"./{name}") == Files(f"./{name}")


def test_a_path_is_always_a_file() -> None:
    for name in ("0", "sample", "mien:sample", "camera:0"):
        assert meant(Path(name)) == Files(Path(name))


def test_a_camera_and_the_sample_can_be_meant_for_sure() -> None:
    for name in ("0", "sample"):
        Path(name).mkdir()
    assert (meant("camera:0"), meant(0), meant("mien:sample")) == (Camera(0), Camera(0), Sample())
