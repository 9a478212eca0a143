"""`mien predict --baseline` and `--baseline-picture`: what they change, and what they refuse."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from tests.detectors.fakes import OneFace

from mien import registry
from mien.cli import main, predict
from mien.models.bundle import INFO
from mien.types import PixelArray
from mien.vision.images.reading import encode_png

Run = Callable[..., int]


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> Path:
    """A bundle that says what it makes of neutral faces."""
    path = make_bundle()
    info = json.loads((path / INFO).read_text())
    (path / INFO).write_text(json.dumps(info | {"neutral_logs": [-3, -3, -3, -0.2]}))
    return path


@pytest.fixture
def run(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())
    return lambda *words: main(["predict", *map(str, words), "--model", str(bundle)])


def picture(gray: int = 200) -> PixelArray:
    image = np.full((120, 160, 3), gray, np.uint8)
    image[np.indices((120, 160)).sum(0) // 8 % 2 == 0] = gray - 100
    return image


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Eight seconds of one face, ten frames a second."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 160, 120
        stream.pix_fmt = "yuv420p"
        for _ in range(80):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(), format="bgr24")))
        container.mux(stream.encode())
    return path


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_a_person_is_read_beside_their_own_seconds(run: Run, film: Path, tmp_path: Path) -> None:
    usual, beside = tmp_path / "usual.csv", tmp_path / "beside.csv"
    assert run(film, "--out", usual) == 0
    assert run(film, "--baseline", "1", "0:00:06", "--out", beside) == 0
    before, after = rows(usual), rows(beside)
    assert len(before) == len(after) == 80
    # From its beginning on: those seconds are read first.
    for old, new in zip(before, after, strict=True):
        assert float(new["p_neutral"]) > float(old["p_neutral"])
        assert old["track_id"] == new["track_id"]


def test_a_picture_of_the_person_does_as_well(run: Run, film: Path, tmp_path: Path) -> None:
    me, usual, beside = tmp_path / "me.png", tmp_path / "usual.csv", tmp_path / "beside.csv"
    me.write_bytes(encode_png(picture()[..., ::-1]))
    assert run(film, "--out", usual) == 0
    assert run(film, "--baseline-picture", me, "--baseline-picture", me, "--out", beside) == 0
    for old, new in zip(rows(usual), rows(beside), strict=True):
        assert float(new["p_neutral"]) > float(old["p_neutral"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--baseline", "0", "2"), "3 seconds or more"),
        (("--baseline", "5", "1"), "3 seconds or more"),
        (("--baseline", "x", "1"), "--baseline x: give seconds"),
        (("--baseline", "100", "110"), "nobody is seen in those seconds"),
        (("--baseline", "0", "5", "--baseline-picture", "me.png"), "not both"),
        (("--baseline-picture", "there is none.png"), "there is none.png"),
    ],
)
def test_what_tells_no_usual_face_is_refused_in_one_line(
    run: Run,
    film: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: object,
    says: str,
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("what was good\n")
    assert run(film, *words, "--out", out, "--overwrite") == 1
    error = capsys.readouterr().err.strip()
    assert says in error.replace("\n", " ")
    assert out.read_text() == "what was good\n"


def test_a_model_that_cannot_is_told(
    run: Run, bundle: Path, film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = json.loads((bundle / INFO).read_text())
    (bundle / INFO).write_text(json.dumps(info | {"neutral_logs": None}))
    assert run(film, "--baseline", "0", "5") == 1
    assert "has no neutral_logs" in capsys.readouterr().err


def test_a_folder_of_tables_and_a_camera_are_refused(
    run: Run, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(film, "--baseline", "0", "5", "--out", f"{tmp_path / 'out'}/") == 1
    assert "--baseline cannot be had with a folder" in capsys.readouterr().err
    assert run("0", "--baseline", "0", "5") == 1
    assert "reads a video twice" in capsys.readouterr().err


def test_the_table_and_its_notes_say_who_is_read_beside_a_usual_face(
    run: Run, film: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    assert run(film, "--baseline", "1", "6", "--columns", "+usual", "--out", out) == 0
    assert {row["usual"] for row in rows(out)} == {"on"}
    notes = json.loads((tmp_path / "out.csv.json").read_text())
    assert notes["usual_faces"] == {"track_ids": {str(film): [1]}}
    assert notes["settings"]["baseline"] == ["1", "6"]
    assert run(film, "--columns", "+usual", "--out", out, "--overwrite") == 0
    assert {row["usual"] for row in rows(out)} == {""}
    assert "usual_faces" not in json.loads((tmp_path / "out.csv.json").read_text())


def test_people_are_learnt_from_where_their_numbers_begin(
    run: Run, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    assert run(film, "--baseline", "1", "6", "--start", "2", "--out", out) == 1
    assert "--baseline 1 6 begins before --start 2" in capsys.readouterr().err
    second = tmp_path / "second.mp4"
    second.write_bytes(film.read_bytes())
    words = ("--baseline", "2", "6", "--start", "0:00:02", "--columns", "+usual")
    assert run(film, second, *words, "--out", out) == 0
    assert {(row["source"], row["usual"]) for row in rows(out)} == {
        (str(film), "on"),
        (str(second), "on"),
    }


@pytest.mark.parametrize("option", ["--out", "--annotate"])
def test_what_is_there_already_is_said_before_anything_is_learnt(
    run: Run,
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
) -> None:
    monkeypatch.setattr(predict, "make_models", lambda *_, **__: pytest.fail("too late"))
    there = tmp_path / ("there.csv" if option == "--out" else "there.mp4")
    there.write_text("what was good\n")
    assert run(film, "--baseline", "1", "6", option, there) == 1
    assert "exists already" in capsys.readouterr().err
    assert there.read_text() == "what was good\n"
