"""One archive by one process, by two, by shards, by Ray, and by killed runs: all the same."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tests.archive.readings.conftest import files_of

from mien.archive.readings.manifest import MANIFEST, NOTES, read_manifest
from mien.archive.readings.read import read_archive
from mien.archive.readings.settings import ArchiveSettings
from mien.types import PixelArray


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos of a face that moves, two pictures, and one of each that is broken."""
    from mien.vision.images.reading import read_picture

    folder = tmp_path_factory.mktemp("faces") / "in"
    (folder / "sub").mkdir(parents=True)
    assets = Path(__file__).parents[3] / "src" / "mien" / "assets"
    portrait = read_picture(assets / "collins.jpg")
    for number, place in enumerate((folder, folder, folder / "sub")):
        write_moving(place / f"{number}.mp4", portrait, frames=12 + 6 * number)
        cv2.imwrite(str(place / f"{number}.png"), portrait[:, :: -1 if number else 1])
    (folder / "broken.mp4").write_bytes((folder / "1.mp4").read_bytes()[:3000])
    (folder / "sub" / "broken.jpg").write_bytes(b"no picture")
    return folder


def write_moving(path: Path, portrait: PixelArray, frames: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 480, 360
        for number in range(frames):
            image = np.full((360, 480, 3), 90, np.uint8)
            x = 20 + 4 * number
            image[20:340, x : x + 320] = portrait[:, : 480 - x]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def wanted(faces: Path) -> dict[str, bytes]:
    """What one process writes."""
    out = faces.parent / "one"
    read_archive(faces, out)
    found = files_of(out)
    assert len(found) == 7
    rows = read_manifest(out)
    assert sum(row.faces for row in rows) > 40
    assert {row.status for row in rows} == {"read", "unreadable"}
    return found


def test_two_processes_give_what_one_gives(
    faces: Path, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    read_archive(faces, tmp_path, settings=ArchiveSettings(jobs=2))
    assert files_of(tmp_path) == wanted
    again = read_archive(faces, tmp_path, settings=ArchiveSettings(jobs=2))
    assert again.unchanged == again.files == 8


@pytest.mark.heavy
def test_shards_at_the_same_time_give_what_one_process_gives(
    faces: Path, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    runs = [start(faces, tmp_path, "--shard", f"{number}/3") for number in (1, 2, 3)]
    assert [run.wait(timeout=100) for run in runs] == [0, 0, 0]
    assert files_of(tmp_path) == wanted


@pytest.mark.heavy
def test_ray_gives_what_one_process_gives(
    faces: Path, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    read_archive(faces, tmp_path, settings=ArchiveSettings(jobs=2, engine="ray"))
    assert files_of(tmp_path) == wanted


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(6))
def test_a_run_that_was_killed_goes_on(
    faces: Path, wanted: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    chance, out = random.Random(seed), tmp_path / "out"
    for _ in range(3):
        with start(faces, out, "--jobs", "2") as run:
            time.sleep(chance.uniform(0.5, 3))
            victims = [run.pid, *children(run.pid)]
            kill(chance.choice(victims) if seed % 2 else run.pid)
            run.wait(timeout=100)
        left = files_of(out) if out.exists() else {}
        whole = {name: data for name, data in left.items() if "/." not in f"/{name}"}
        tables = {name: data for name, data in whole.items() if name not in (MANIFEST, NOTES)}
        assert tables.items() <= wanted.items()
    assert start(faces, out, "--jobs", "2").wait(timeout=100) == 0
    assert files_of(out) == wanted


@pytest.mark.heavy
def test_ctrl_c_leaves_whole_parts_and_no_process(
    faces: Path, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with start(faces, out, "--jobs", "2") as run:
        until_there(out / "in", run)
        workers = children(run.pid)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=20) == 130
    until = time.monotonic() + 30  # Python's own helper of processes ends a moment after them
    while (left_alive := [pid for pid in workers if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left_alive
    left = files_of(out)
    assert not [name for name in left if Path(name).name.startswith(".")]
    assert {
        name: data for name, data in left.items() if name not in (MANIFEST, NOTES)
    }.items() <= wanted.items()
    assert start(faces, out).wait(timeout=100) == 0
    assert files_of(out) == wanted


def start(faces: Path, out: Path, *words: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "mien", "predict", str(faces), "--out", f"{out}/", *words]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)


def until_there(path: Path, run: "subprocess.Popen[bytes]") -> None:
    while not path.exists():
        assert run.poll() is None
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """Return the worker processes of a run, on Linux."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def alive(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:  # also one that ends while it is looked at
        return False


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(autouse=True)
def _room(tmp_path: Path) -> Iterator[None]:
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)
