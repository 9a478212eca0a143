"""`mien predict --hide`: what is written shows nobody, or one person, and what it says."""

import csv
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mien.cli import main
from mien.registry import make_detector
from mien.sources.open import open_source
from mien.vision.images.reading import decode_picture

FRAMES, FPS = 24, 12


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two heads side by side that sway; for four frames one is under a board, with sound."""
    portrait = decode_picture((files("mien") / "assets" / "collins.jpg").read_bytes(), "collins")
    side = 180
    head = cv2.resize(portrait, (side, side))
    path = tmp_path_factory.mktemp("scene") / "scene.mp4"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Anna"
        video = container.add_stream("libx264", FPS)
        video.width, video.height, video.pix_fmt = 480, 240, "yuv420p"
        audio = container.add_stream("aac", 48_000, layout="mono")
        for index in range(FRAMES):
            image = np.full((240, 480, 3), 185, np.uint8)
            sway = round(8 * np.sin(index / 4))
            image[30 : 30 + side, 30 + sway : 30 + sway + side] = head
            image[30 : 30 + side, 270 : 270 + side] = head[:, ::-1]
            if 10 <= index < 14:
                image[:, 270:] = 60
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 96_000), np.float32), "fltp", "mono")
        tone.sample_rate, tone.pts, tone.time_base = 48_000, 0, Fraction(1, 48_000)
        container.mux(audio.encode(tone))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return path


def faces(path: Path) -> list[int]:
    detector = make_detector()
    return [len(detector(frame.image)) for frame in open_source(path)]


@pytest.mark.parametrize("style", ["blur", "block"])
def test_a_detector_finds_nobody_in_what_is_written(
    scene: Path, tmp_path: Path, style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert max(faces(scene)) == 2
    out, table = tmp_path / "out.mp4", tmp_path / "t.csv"
    words = ["--annotate", str(out), "--out", str(table), "--no-words"]
    assert main(["predict", str(scene), "--hide", style, *words]) == 0
    assert faces(out) == [0] * FRAMES
    said = capsys.readouterr().err
    assert "before you share it" in said
    assert "--no-sound" in said
    with (tmp_path / "out.check.csv").open(newline="") as file:
        listed = [(int(row["first_frame"]), int(row["last_frame"])) for row in csv.DictReader(file)]
    assert (10, 13) in listed
    assert b"Anna" not in out.read_bytes()
    with table.open() as file:
        assert len({row["track_id"] for row in csv.DictReader(file)}) == 2


def test_one_may_be_left(scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.mp4"
    words = ["--hide", "block", "--hide-except", "2", "--no-words", "--no-sound"]
    assert main(["predict", str(scene), *words, "--annotate", str(out), "--out", "-"]) == 0
    detector = make_detector()
    for frame in open_source(out):
        (left,) = detector(frame.image)
        assert left.box.center[0] < 240
    with av.open(str(out)) as container:
        assert not container.streams.audio
    assert "voices" not in capsys.readouterr().err


def test_a_list_that_exists_is_kept(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "out.check.csv"
    kept.write_text("precious")
    words = ["--hide", "block", "--annotate", str(tmp_path / "out.mp4"), "--out", "-"]
    assert main(["predict", str(scene), *words]) == 1
    assert "out.check.csv: it exists already" in capsys.readouterr().err
    assert kept.read_text() == "precious"
    assert not (tmp_path / "out.mp4").exists()


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    portrait = decode_picture((files("mien") / "assets" / "collins.jpg").read_bytes(), "collins")
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "b.png"):
        cv2.imwrite(str(tmp_path / "in" / name), portrait)
    target = tmp_path / "out"
    words = ["--hide", "blur", "--annotate", str(target), "--out", str(tmp_path / "t.csv")]
    assert main(["predict", str(tmp_path / "in"), *words]) == 0
    assert sorted(item.name for item in target.iterdir()) == ["a.jpg", "b.png", "check.csv"]
    assert faces(target) == [0, 0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.mp4", "--hide", "blur"], "--hide needs --annotate"),
        (["a.mp4", "--hide-except", "2"], "--hide-except goes with --hide"),
        (["a.mp4", "--no-words"], "--no-words goes with --hide"),
        (["sample", "--hide", "blur", "--annotate", "o.mp4"], "sample: --hide reads twice"),
        (
            ["a.png", "b.png", "--hide", "blur", "--hide-except", "1", "--annotate", "o/"],
            "--hide-except 1: numbers are those of one video",
        ),
        (["a.png", "--hide", "blur", "--annotate", "o/", "--out", "t/"], "--annotate cannot"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        cv2.imwrite(name, np.full((50, 50, 3), 90, np.uint8))
    assert main(["predict", *words]) != 0
    assert told in capsys.readouterr().err
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_number_that_nobody_has_hides_everybody_and_says_so(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    words = ["--hide", "block", "--hide-except", "9", "--annotate", str(out), "--out", "-"]
    assert main(["predict", str(scene), *words]) == 0
    assert "--hide-except 9: nobody has that number" in capsys.readouterr().err


def test_where_nothing_was_read_there_is_nothing_to_look_at(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--hide", "block", "--start", "99", "--annotate", str(tmp_path / "out.mp4")]
    assert main(["predict", str(scene), *words, "--out", "-"]) == 1
    assert "before --start 99" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_a_terminal_would_obey_is_shown_as_escapes(
    scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--hide", "block", "--seconds", "0.2", "--annotate", str(tmp_path / "a\nb\x1b[2J.mp4")]
    assert main(["predict", str(scene), *words, "--out", "-"]) == 0
    assert "a\\nb\\x1b[2J.mp4 before you share it" in capsys.readouterr().err
