"""Bad input at every door: one clear line, the good is kept, and the rest is counted and listed.

What a part does with it is tested with that part; here `mien predict`, `live`, `evaluate`, `train`
and the Python API are tried as a user would.
"""

import contextlib
import csv
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import mien
from mien import assembly
from mien.cli import main
from mien.errors import MienError
from mien.types import Box, Face, PixelArray

POSIX = os.name == "posix"


class OneFace:
    """Sees a face in the middle of every picture, and needs no weights."""

    name = "mtcnn"

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        return (Face(Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4), 0.9),)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with a detector that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(assembly._DETECTORS, "mtcnn", lambda _: OneFace())


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> str:
    return str(make_bundle())


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the message, which must be the only thing said but for counts and bars."""
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.startswith("mien: ")]
    assert len(told) == 1, lines
    return told[0]


def rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def frames(path: str | Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


# Pictures


def bomb() -> bytes:
    """A picture of a few bytes that claims 3,600 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    start, data = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + start + data + chunk(b"IEND", b"")


def write_good_pictures(folder: Path) -> set[str]:
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(100, 200, (60, 80, 3), np.uint8)
    image = Image.fromarray(noise)
    image.save(folder / "plain.jpg")
    image.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(folder / "deep.png")
    image.convert("RGBA").save(folder / "alpha.png")
    turned = Image.Exif()
    turned[0x112] = 6
    image.save(folder / "turned.jpg", exif=turned)
    for name in ("moving.gif", "moving.webp"):
        image.save(folder / name, save_all=True, append_images=[image.rotate(90)])
    for name in ("with space.jpg", "it's.jpg", "ünï 笑 😀.jpg", "-dash.jpg", "[red] %d.jpg"):
        image.save(folder / name)
    if POSIX:
        for name in ('say "hi".jpg', "two\nlines.jpg", "\x1b[31mred.jpg", os.fsdecode(b"\xe9.jpg")):
            image.save(folder / name)
    return {path.name for path in folder.iterdir()}


BAD_PICTURES = {
    "empty.png": (lambda _: b"", "the file is empty"),
    "text.jpg": (lambda _: b"words", "not a picture"),
    "cut.jpg": (lambda good: good[: len(good) // 2], "broken or truncated"),
    "bomb.png": (lambda _: bomb(), "too large"),
}


def write_bad_pictures(folder: Path) -> None:
    good = (folder / "plain.jpg").read_bytes()
    for name, (make, _) in BAD_PICTURES.items():
        (folder / name).write_bytes(make(good))


def test_predict_reads_what_is_good_and_lists_the_rest(
    bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_good_pictures(Path("faces"))
    write_bad_pictures(Path("faces"))
    words = ["predict", "faces", "--out", "o.csv", "--annotate", "drawn", "--bundle", bundle]
    assert main(words) == 0
    read = [Path(row["source"]).name for row in rows("o.csv")]
    shown = {name.encode("utf-8", "backslashreplace").decode() for name in good}
    assert sorted(read) == sorted(shown)
    assert len(list(Path("drawn").iterdir())) == len(good)
    error = capsys.readouterr().err
    assert f"{len(good)} pictures read" in error
    assert f"{len(BAD_PICTURES)} skipped" in error
    for name, (_, reason) in BAD_PICTURES.items():
        assert any(name in line and reason in line for line in error.splitlines())


def test_evaluate_reads_what_is_good_and_lists_the_rest(
    bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="evaluating draws plots: needs the extra [train]")
    good = write_good_pictures(Path("faces/happy"))
    write_bad_pictures(Path("faces/happy"))
    assert main(["evaluate", bundle, "faces", "--out", "there", "--resamples", "0"]) == 0
    metrics = json.loads(Path("there/metrics.json").read_text(encoding="utf-8"))
    assert metrics["pictures"] == metrics["faces"] == len(good)
    printed = capsys.readouterr().out
    assert f"Unreadable pictures, in no figure: {len(BAD_PICTURES)}" in printed
    assert all(reason in printed for _, reason in BAD_PICTURES.values())


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_one_bad_picture_is_one_line_at_every_door(
    name: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_good_pictures(Path("faces"))
    write_bad_pictures(Path("faces"))
    path, reason = f"faces/{name}", BAD_PICTURES[name][1]
    assert main(["predict", path, "--bundle", bundle]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[1].startswith(f"  {path}: ")
    assert reason in printed.err
    assert main(["live", "--source", path, "--port", "0", "--bundle", bundle]) == 1
    assert reason in last_line(capsys)
    reader = mien.load(bundle)
    for attempt in (lambda: reader.read(path), lambda: list(reader.watch(path))):
        with pytest.raises(MienError, match=rf"{name}: .*{reason}"):
            attempt()


@pytest.mark.skipif(not POSIX, reason="links need a privilege on Windows")
def test_links_out_of_a_folder_are_listed(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_good_pictures(Path("elsewhere"))
    Path("faces").mkdir()
    shutil.copy("elsewhere/plain.jpg", "faces/own.jpg")
    Path("faces/link.jpg").symlink_to(Path("elsewhere/plain.jpg").resolve())
    Path("faces/links").symlink_to(Path("elsewhere").resolve())
    Path("faces/gone.jpg").symlink_to("nowhere.jpg")
    assert main(["predict", "faces", "--out", "o.csv", "--bundle", bundle]) == 0
    assert [row["source"] for row in rows("o.csv")] == [str(Path("faces/own.jpg"))]
    error = capsys.readouterr().err
    assert "3 skipped" in error
    assert error.count("leaves the folder") == 2


@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict"])
def test_names_are_printed_whatever_the_output_can_show(encoding: str, bundle: str) -> None:
    write_good_pictures(Path("faces"))
    done = mien_process(
        ["predict", "faces", "--bundle", bundle], env={"PYTHONIOENCODING": encoding}
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout.count(b"neutral") >= 12


# Videos


def write_video(path: Path, times: Sequence[float] = tuple(n / 10 for n in range(30))) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 10, options={"g": "5"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, seconds in enumerate(times):
            picture = np.random.default_rng(number).integers(90, 200, (48, 64, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = round(seconds * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def without_frames(good: bytes) -> bytes:
    at = good.index(b"mdat") + 4
    end = good.index(b"moov") - 4
    return good[:at] + bytes(end - at) + good[end:]


BAD_VIDEOS = {
    "empty.mp4": (lambda _: b"", "cannot be read as a video"),
    "text.mp4": (lambda _: b"words" * 99, "cannot be read as a video"),
    "notes.txt": (lambda _: b"words\n" * 99, "holds no video"),
    "no index.mp4": (lambda good: good[: len(good) // 2], "cannot be read as a video"),
    "frameless.mp4": (without_frames, "no frame that can be decoded"),
}


@pytest.mark.parametrize("name", BAD_VIDEOS)
def test_one_bad_video_is_one_line_at_every_door(
    name: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, reason = BAD_VIDEOS[name]
    Path(name).write_bytes(make(write_video(Path("good.mp4")).read_bytes()))
    outputs = ["--out", "o.csv", "--annotate", "o.mp4"]
    for words in (["predict", name, *outputs], ["live", "--port", "0", "--source", name]):
        assert main([*words, "--bundle", bundle]) == 1
        line = last_line(capsys)
        assert line.startswith(f"mien: {name}: ")
        assert reason in line
    with pytest.raises(MienError, match=reason):
        list(mien.load(bundle).watch(name))
    assert not Path("o.csv").exists()
    assert not Path("o.mp4").exists()


def test_bad_videos_among_good_ones_cost_only_themselves(
    bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_video(Path("clips/a good.mp4"))
    write_video(Path("clips/b.mkv"))
    cut = Path("clips/b.mkv").read_bytes()
    Path("clips/b.mkv").write_bytes(cut[: len(cut) // 2])
    for name, (make, _) in BAD_VIDEOS.items():
        (Path("clips") / name).write_bytes(make(good.read_bytes()))
    write_good_pictures(Path("clips/pictures"))
    pictures = len(list(Path("clips/pictures").iterdir()))
    words = ["predict", "clips", "--out", "o.csv", "--annotate", "o.mp4", "--bundle", bundle]
    assert main(words) == 0
    sources = [Path(row["source"]).name for row in rows("o.csv")]
    assert sources.count("a good.mp4") == 30
    assert 5 < sources.count("b.mkv") < 30
    assert frames("o.mp4") == len(sources) == 30 + sources.count("b.mkv") + pictures
    error = capsys.readouterr().err
    assert f"{len(BAD_VIDEOS) + 1} skipped" in error
    assert "b.mkv: breaks off after frame" in error


def test_the_table_holds_the_times_of_the_stream(bundle: str) -> None:
    times = [0.0, 0.033, 0.1, 0.5, 0.517, 2.25, 4.0]
    write_video(Path("varying.mp4"), times)
    write_video(Path("other.mkv"), times)
    words = ["predict", "varying.mp4", "other.mkv", "--annotate", "o.mp4", "--bundle", bundle]
    assert main([*words, "--out", "o.csv"]) == 0
    table = rows("o.csv")
    assert [float(row["time"]) for row in table] == pytest.approx(times * 2, abs=1e-9)
    assert [int(row["frame"]) for row in table] == [*range(7), *range(7)]
    labels = ["p_angry", "p_sad", "p_happy", "p_neutral"]
    place = ["source", "frame", "time", "track_id", "x1", "y1", "x2", "y2"]
    assert list(table[0]) == [*place, *labels, "label", "confidence", "quality"]
    with av.open("o.mp4") as container:
        shown = [float(frame.time) for frame in container.decode(video=0)]
    assert shown == pytest.approx([*times, *(5.0 + time for time in times)], abs=1e-3)


# Models, detectors and extras


def edit_info(path: Path, old: str, new: str) -> None:
    file = path / "model.json"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


BAD_BUNDLES = {
    "a changed graph": (lambda path: (path / "model.onnx").write_bytes(b"x"), "sha256"),
    "no graph": (lambda path: (path / "model.onnx").unlink(), r"model\.onnx: cannot be read"),
    "no description": (lambda path: (path / "model.json").unlink(), r"model\.json: cannot be read"),
    "an unknown key": (lambda path: edit_info(path, '"name"', '"x": 1, "name"'), "unknown field"),
    "a label too many": (lambda path: edit_info(path, '"sad"', '"sad", "glad"'), "5 labels"),
    "a label twice": (lambda path: edit_info(path, '"sad"', '"happy"'), "labels must differ"),
    "nothing": (shutil.rmtree, "no such bundle"),
}


@pytest.mark.parametrize("name", BAD_BUNDLES)
def test_a_bad_bundle_is_one_line_at_every_door(
    name: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, reason = BAD_BUNDLES[name]
    spoil(Path(bundle))
    write_good_pictures(Path("faces/happy"))
    with pytest.raises(MienError, match=reason) as caught:
        mien.load(bundle)
    assert bundle in str(caught.value)
    doors = [["predict", "faces"], ["live", "--port", "0"]]
    for words in doors:
        assert main([*words, "--bundle", bundle]) == 1
        assert last_line(capsys) == f"mien: {caught.value}"
    assert main(["evaluate", bundle, "faces"]) == 1
    assert last_line(capsys) == f"mien: {caught.value}"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--detector", "yunet"], "--detector-model FILE"),
        (["--detector", "yunet", "--detector-model", "wrong.onnx"], "wrong.onnx: sha256 is"),
        (["--detector", "yunet", "--detector-model", "none.onnx"], "none.onnx: cannot be read"),
        (["--detector-model", "wrong.onnx"], "has its own weights"),
    ],
)
def test_a_bad_detector_is_one_line_at_every_door(
    words: list[str], reason: str, bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_good_pictures(Path("faces/happy"))
    Path("wrong.onnx").write_bytes(b"wrong")
    doors = [["predict", "faces", "--bundle", bundle], ["live", "--port", "0", "--bundle", bundle]]
    for door in (*doors, ["evaluate", bundle, "faces"]):
        assert main([*door, *words]) == 1
        assert reason in last_line(capsys)


def test_an_unknown_detector_is_told_which_there_are(
    bundle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", "faces", "--bundle", bundle, "--detector", "retina"])
    assert ended.value.code == 2
    assert "yunet" in capsys.readouterr().err.splitlines()[-1]


def mien_process(
    words: Sequence[str], *, without: Sequence[str] = (), env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `mien` in a process of its own, where some packages are not installed."""
    code = (
        "import sys\n"
        f"for name in {list(without)!r}: sys.modules[name] = None\n"
        "from mien.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.parametrize(
    ("words", "missing", "extra"),
    [
        (["train", "set"], "torch", "train"),
        (["train", "set"], "pyarrow", "train"),
        (["prepare", "faces", "set"], "pyarrow", "train"),
        (["evaluate", "BUNDLE", "faces"], "matplotlib", "train"),
        (["evaluate", "BUNDLE", "set"], "pyarrow", "train"),
        (["predict", "faces", "--bundle", "BUNDLE", "--detector", "dlib-hog"], "dlib", "dlib"),
    ],
)
def test_a_missing_extra_is_named_with_how_to_install_it(
    words: list[str], missing: str, extra: str, bundle: str
) -> None:
    write_good_pictures(Path("faces/happy"))
    Path("set").mkdir()
    Path("set/dataset.json").write_text("{}")
    words = [bundle if word == "BUNDLE" else word for word in words]
    done = mien_process(words, without=[missing])
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.endswith(f"needs packages that are not installed: pip install 'mien[{extra}]'")


def test_reading_needs_no_extra(bundle: str) -> None:
    write_good_pictures(Path("faces"))
    extras = ["torch", "pyarrow", "matplotlib", "onnx", "onnxscript", "safetensors", "dlib"]
    done = mien_process(
        ["predict", "faces/plain.jpg", "--bundle", bundle], without=[*extras, "pandas", "joblib"]
    )
    assert done.returncode == 0, done.stderr


# Endings


@contextlib.contextmanager
def predicting(bundle: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start to read the sample into a table, and wait until some of it is there."""
    command = [sys.executable, "-m", "mien", "predict", "sample", "--out", "o.csv", *words]
    with subprocess.Popen([*command, "--bundle", bundle], stderr=subprocess.PIPE) as process:
        try:
            wait_for(lambda: Path("o.csv").exists() and len(rows("o.csv")) >= 45)
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@pytest.mark.skipif(not POSIX, reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_what_was_read_before_an_ending_stays_readable(name: str, bundle: str) -> None:
    with predicting(bundle, "--annotate", "o.mp4") as process:
        process.send_signal(getattr(signal, name))
        _, error = process.communicate(timeout=60)
    table = rows("o.csv")
    assert all(row["quality"] for row in table)
    if name == "SIGKILL":
        # Killed, it keeps all but the last second.
        assert 0 < frames("o.mp4") <= len(table) + 1
        return
    assert process.returncode == 130
    assert abs(frames("o.mp4") - len(table)) <= 1
    assert error.decode().splitlines()[-1] == "mien: interrupted"
    assert b"Traceback" not in error


@pytest.mark.skipif(not POSIX, reason="only POSIX limits the size of files")
def test_a_full_disk_is_one_line_and_keeps_what_was_written(bundle: str) -> None:
    write_video(Path("clip.mp4"), [index / 10 for index in range(300)])
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))\n"
        "from mien import assembly\n"
        "from mien.types import Box, Face\n"
        "faces = (Face(Box(16, 12, 48, 36), 0.9),)\n"
        "assembly._DETECTORS['mtcnn'] = lambda _: lambda image: faces\n"
        "from mien.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    for outputs in (["--out", "o.csv"], ["--out", "o.jsonl"], ["--annotate", "o.mp4"]):
        command = [sys.executable, "-c", code, "predict", "clip.mp4", *outputs, "--bundle", bundle]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        assert done.returncode == 1
        last = done.stderr.decode().splitlines()[-1]
        assert last.startswith(f"mien: {outputs[1]}: cannot be written")
        assert b"Traceback" not in done.stderr
    assert 10 < len(rows("o.csv")) < 300
    assert all(row["quality"] for row in rows("o.csv"))
    assert 10 < len([json.loads(line) for line in Path("o.jsonl").open(encoding="utf-8")]) < 300
    assert 10 < frames("o.mp4") < 300


@pytest.mark.skipif(not POSIX, reason="pipes end otherwise on Windows")
def test_a_reader_of_the_table_who_leaves_is_no_error(bundle: str) -> None:
    write_video(Path("clip.mp4"))
    command = [sys.executable, "-m", "mien", "predict", "clip.mp4", "--bundle", bundle]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        error = process.stderr.read()
    assert process.returncode == 0
    assert b"Traceback" not in error


@pytest.mark.skipif(not POSIX, reason="shells of Windows close no output")
def test_a_closed_output_is_one_line(bundle: str) -> None:
    write_good_pictures(Path("faces"))
    words = [sys.executable, "-m", "mien", "predict", "faces", "--bundle", bundle]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words], stderr=subprocess.PIPE, check=False
    )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith("mien: standard output: is closed")
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
@pytest.mark.parametrize("words", [["doctor", "--json"], ["predict", "faces", "--bundle"]])
def test_an_output_that_is_full_is_one_line(words: list[str], bundle: str) -> None:
    write_good_pictures(Path("faces"))
    words = [*words, bundle] if words[-1] == "--bundle" else words
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mien", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith("mien: ")
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


# Privacy


@pytest.mark.skipif(not POSIX, reason="other systems keep their settings elsewhere")
def test_nothing_is_written_that_was_not_asked_for(bundle: str) -> None:
    """Also by onnxruntime, whose official builds keep an identifier and report to their maker."""
    write_good_pictures(Path("faces"))
    Path("home").mkdir()
    before = sorted(Path().rglob("*"))
    home = str(Path("home").resolve())
    kept = {name: "" for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    code = (
        "import os, sys\n"
        f"for name in {list(kept)!r}: os.environ.pop(name, None)\n"
        "from mien.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", "faces/plain.jpg", "--bundle", bundle],
        capture_output=True,
        check=False,
        env={**os.environ, "HOME": home, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert sorted(Path().rglob("*")) == before
