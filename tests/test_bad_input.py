"""Bad input at every door: one clear line, the good is kept, and the rest is counted and listed.

What a part does with it is tested with that part; here `mien predict`, `live`, `evaluate` and the
Python API are tried as a user would. `test_bad_setup` tries bad models, `test_endings` bad endings.
"""

import csv
import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageFile

import mien
from mien import registry
from mien.cli import main
from mien.errors import MienError
from mien.types import Box, Face, PixelArray

POSIX = os.name == "posix"


class OneFace:
    """Sees a face in the middle of every picture, and needs no weights."""

    name = "mien"
    face_side = 48.0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        return (Face(Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4), 0.9),)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with a detector that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(registry._DETECTORS, "mien", lambda *_: OneFace())


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


def write_animation(path: Path) -> None:
    """Two frames, shown for 0.3 s and for 0.2 s."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, second = (Image.new("RGB", (80, 60), (gray, gray, gray)) for gray in (90, 180))
    first.save(path, save_all=True, append_images=[second], duration=[300, 200])


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_an_animation_is_a_short_video_for_predict(suffix: str, bundle: str) -> None:
    write_animation(Path(f"a/moving{suffix}"))
    Image.new("RGB", (80, 60), (120, 120, 120)).save("a/still.png")
    words = ["predict", "a", "--out", "o.csv", "--annotate", "drawn", "--bundle", bundle]
    assert main(words) == 0
    found = [(Path(row["source"]).name, row["frame"], float(row["time"])) for row in rows("o.csv")]
    moving = f"moving{suffix}"
    assert found == [(moving, "0", 0.0), (moving, "1", 0.3), ("still.png", "1", 0.0)]
    drawn = ["moving-000000.jpg", "moving-000001.jpg", "still.png"]
    assert sorted(path.name for path in Path("drawn").iterdir()) == drawn


def test_an_animation_is_refused_where_one_picture_is_meant(bundle: str) -> None:
    write_animation(Path("moving.gif"))
    with pytest.raises(MienError, match=r"moving\.gif: an animation of 2 frames"):
        mien.load(bundle).read("moving.gif")


def test_whatever_a_decoder_raises_costs_one_picture(
    bundle: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = write_good_pictures(Path("faces"))
    Path("faces/RAW.NEF").write_bytes(b"II*\0" + bytes(40))
    Path("photo.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    load = ImageFile.ImageFile.load

    def broken(image: ImageFile.ImageFile) -> object:
        if image.format == "PNG":
            raise NotImplementedError("nobody foresaw this")
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", broken)
    assert main(["predict", "faces", "photo.jpg", "--out", "o.csv", "--bundle", bundle]) == 1
    error = capsys.readouterr().err
    bad = [name for name in good if name.endswith(".png")]
    assert f"{len(good) - len(bad)} pictures read" in error
    assert error.count("broken or truncated picture (nobody foresaw this)") == len(bad) > 0
    assert "RAW.NEF: a camera's RAW file" in error
    assert "photo.jpg: a drawing" in error


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
    verdict = ["label", "confidence", "shown", "quality", "reason"]
    assert list(table[0]) == [*place, *labels, *verdict]
    with av.open("o.mp4") as container:
        shown = [float(frame.time) for frame in container.decode(video=0)]
    assert shown == pytest.approx([*times, *(5.0 + stamp for stamp in times)], abs=1e-3)
