"""However a run ends, what was good stays good, and one line says why: signals, disks, pipes."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from mien.types import PixelArray
from mien.vision.images.reading import encode_png

pytestmark = pytest.mark.heavy
POSIX = os.name == "posix"
NAMES = ("plain.png", "ünï 笑 😀.png", "-dash.png", "it's.png")
# The last is no Unicode.
NAMES_OF_POSIX = ("two\nlines.png", "\x1b[31mred.png", os.fsdecode(b"\xe9.png"))
# A script leaves Ctrl-C ignored in what it starts with `&`.
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
# Runs `mien` where no file may grow beyond 10 kB, as on a full disk.
ON_A_FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
from mien.cli import main
sys.exit(main(sys.argv[1:]))
"""
# Runs `mien` with onnxruntime's own defaults for what it reports; a connection leaves a file.
WITHOUT_SETTINGS = """
import os, sys
for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"): os.environ.pop(name, None)
def watch(event, words):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "urllib.Request"):
        open("sent", "a").write(event)
sys.addaudithook(watch)
from mien.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portrait: PixelArray) -> None:
    """Work in a folder that holds a real face under several names."""
    monkeypatch.chdir(tmp_path)
    Path("faces").mkdir()
    for name in (*NAMES, *(NAMES_OF_POSIX if POSIX else ())):
        (Path("faces") / name).write_bytes(encode_png(portrait))


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> str:
    return str(make_bundle())


def run_mien(
    *words: str, start: Sequence[str] = ("-m", "mien"), **options: Any
) -> tuple[int, bytes, str]:
    """Run `mien` in a process of its own; return its status, output and last line of errors."""
    command = [sys.executable, *start, *words]
    options = {"stdout": subprocess.PIPE, **options}
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=60, check=False, **options)
    errors = done.stderr.decode()
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    return done.returncode, done.stdout, errors.splitlines()[-1]


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def frames(path: str) -> int:
    with av.open(path) as container:
        return sum(1 for _ in container.decode(video=0))


@contextlib.contextmanager
def reading_the_sample(bundle: str, start: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Start to read the sample into a table and a video, and wait until some of it is there."""
    words = ("predict", "sample", "--out", "o.csv", "--annotate", "o.mp4", "--bundle", bundle)
    command = [*start, sys.executable, "-m", "mien", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            end = time.monotonic() + 60
            while not (Path("o.csv").exists() and len(rows("o.csv")) >= 60):
                assert time.monotonic() < end, "nothing was read"
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(not POSIX, reason="Windows has other signals")
@pytest.mark.parametrize(
    ("name", "start"), [("SIGINT", ()), ("SIGTERM", ()), ("SIGTERM", IN_THE_BACKGROUND)]
)
def test_a_run_that_is_ended_finishes_its_files(
    name: str, start: Sequence[str], bundle: str
) -> None:
    with reading_the_sample(bundle, start) as process:
        process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=60)
    table = rows("o.csv")
    assert errors.decode().splitlines()[-1] == "mien: interrupted"
    assert process.returncode == 130
    assert all(row["quality"] for row in table)
    assert frames("o.mp4") == int(table[-1]["frame"]) + 1


@pytest.mark.skipif(not POSIX, reason="Windows ends processes otherwise")
def test_a_run_that_is_killed_keeps_all_but_the_last_moments(bundle: str) -> None:
    with reading_the_sample(bundle) as process:
        process.kill()
        process.communicate(timeout=60)
    assert len(rows("o.csv")) >= 60
    assert frames("o.mp4") >= 25


@pytest.mark.skipif(not POSIX, reason="only POSIX limits the size of files")
@pytest.mark.parametrize("output", ["--out o.csv", "--out o.jsonl", "--annotate o.mp4"])
def test_a_full_disk_is_one_line_and_keeps_what_was_written(output: str, bundle: str) -> None:
    option, name = output.split()
    limit = () if name != "o.mp4" else ("--frames", "120")
    words = ("predict", "sample", option, name, *limit, "--bundle", bundle)
    status, _, line = run_mien(*words, start=("-c", ON_A_FULL_DISK))
    assert status == 1
    assert line.startswith(f"mien: {name}: cannot be written")
    if name == "o.csv":
        assert len(rows(name)) > 10
        assert all(row["quality"] for row in rows(name))
    elif name == "o.jsonl":
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        assert len([json.loads(line) for line in lines]) > 10
    else:
        # Its first second alone is larger than the disk: then there is nothing that could play.
        assert not Path(name).exists() or frames(name) > 0


@pytest.mark.skipif(not POSIX, reason="pipes end otherwise on Windows")
def test_a_reader_of_the_table_who_leaves_is_no_error(bundle: str) -> None:
    command = [sys.executable, "-m", "mien", "predict", "faces", "--bundle", bundle]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 0
    assert b"Traceback" not in errors


@pytest.mark.skipif(not POSIX, reason="shells of Windows close no output")
def test_a_closed_output_is_one_line(bundle: str) -> None:
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "mien"]
    words = ["predict", "faces", "--bundle", bundle]
    done = subprocess.run([*shell, *words], stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 1
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("mien: standard output: is closed already")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
@pytest.mark.parametrize("words", ["doctor --json", "predict faces --bundle BUNDLE"])
def test_an_output_that_is_full_is_one_line(words: str, bundle: str) -> None:
    with Path("/dev/full").open("wb") as full:
        named = (bundle if word == "BUNDLE" else word for word in words.split())
        status, _, line = run_mien(*named, stdout=full)
    assert status == 1
    assert line.startswith("mien: ")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict"])
def test_names_are_printed_whatever_the_output_can_show(encoding: str, bundle: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    status, output, _ = run_mien("predict", "faces", "--bundle", bundle, env=env)
    assert status == 0
    assert output.count(b",ok,\n") == len(list(Path("faces").iterdir()))


@pytest.mark.skipif(not POSIX, reason="other systems keep their settings elsewhere")
def test_nothing_is_written_or_sent_that_was_not_asked_for(bundle: str) -> None:
    """Also by onnxruntime, whose official builds keep an identifier and report to their maker."""
    Path("home").mkdir()
    before = sorted(Path().rglob("*"))
    env = {**os.environ, "HOME": str(Path("home").resolve()), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ("predict", "faces/plain.png", "--bundle", bundle)
    status, output, _ = run_mien(*words, start=("-c", WITHOUT_SETTINGS), env=env)
    assert status == 0
    assert b"faces/plain.png" in output
    assert sorted(Path().rglob("*")) == before
