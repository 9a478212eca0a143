"""`mien predict … --out FOLDER/`: when it is meant, what it says, and how it ends."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.detectors.fakes import OneFace

from mien import registry
from mien.archive.readings.manifest import read_manifest
from mien.cli import main
from mien.vision.images.reading import encode_png

Run = Callable[..., int]


@pytest.fixture
def run(make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `mien predict` with a tiny bundle and a detector that needs no weights."""
    bundle = str(make_bundle())
    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())
    return lambda *words: main(["predict", *map(str, words), "--bundle", bundle])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, gray in (("bright.png", 250), ("black.png", 0)):
        (folder / name).write_bytes(encode_png(np.full((120, 160, 3), gray, np.uint8)))
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("")
    return folder


def test_a_folder_is_meant_by_its_slash_by_being_one_or_by_a_format(
    run: Run, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    assert run(pictures, "--out", f"{tmp_path / 'new'}/") == 0
    assert run(pictures, "--out", tmp_path / "there") == 0
    assert run(pictures, "--out", tmp_path / "t.csv", "--format", "csv") == 0
    for name in ("new", "there", "t.csv"):
        assert (tmp_path / name / "in" / "pictures.csv").is_file()
        assert (tmp_path / name / "manifest.csv").is_file()
    assert run(pictures, "--out", tmp_path / "one.csv") == 0
    assert (tmp_path / "one.csv").is_file()
    table = (tmp_path / "new" / "in" / "pictures.csv").read_bytes()
    assert table == (tmp_path / "one.csv").read_bytes()


def test_it_says_what_was_read_and_what_was_not(
    run: Run, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pictures, "--out", f"{tmp_path / 'out'}/", "--stats") == 0
    error = capsys.readouterr().err
    assert "3 files: 2 pictures read, 1 face, 1 could not be read, 1 skipped" in error
    assert f"{pictures / 'broken.png'}: " in error
    assert f"{pictures / 'notes.txt'}: no format" in error
    assert "pictures per second" in error
    assert run(pictures, "--out", f"{tmp_path / 'out'}/") == 0
    assert "3 files: 3 unchanged, 0 pictures read" in capsys.readouterr().err


def test_what_was_named_and_cannot_be_read_is_missed(
    run: Run, pictures: Path, tmp_path: Path
) -> None:
    out = f"{tmp_path / 'out'}/"
    assert run(pictures / "bright.png", pictures / "broken.png", "--out", out) == 1
    assert run(pictures / "bright.png", pictures / "broken.png", "--out", out) == 1
    assert {row.status for row in read_manifest(out)} == {"read", "unreadable"}
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"")
    for _ in range(2):
        assert run(tmp_path / "bad", "--out", f"{tmp_path / 'bad out'}/") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--jobs", "2"], "--jobs needs a folder as --out, such as --out readings/"),
        (["--shard", "1/2", "--out", "t.csv"], "--shard needs a folder as --out"),
        (["--out", "o/", "--annotate", "drawn"], "--annotate cannot be had with a folder as --out"),
        (["--out", "o/", "--frames", "3"], "--frames cannot be had with a folder as --out"),
        (["--out", "o/", "--seconds", "0"], "--seconds must be more than 0"),
        (["--out", "o/", "--jobs", "0"], "--jobs must be 1 or more"),
        (["--out", "o/", "--shard", "5/4"], "--shard 5/4: shards are counted from 1/4 to 4/4"),
        (["0", "--out", "o/"], "0: is no file, and only files are read into a folder"),
        (["sample", "--out", "o/"], "sample: is no file"),
        (["--out", "http://x/"], "http://x/: is no folder"),
        (["--out", "o/", "--model", "nowhere/x"], "nowhere/x: no such bundle"),
    ],
)
def test_what_cannot_be_is_one_line(
    run: Run,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    command = ["predict", str(pictures), *words]
    assert main([*command, *([] if "--model" in words else ["--model", "tiny"])]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_shard_without_anything_to_read_is_no_failure(
    run: Run, pictures: Path, tmp_path: Path
) -> None:
    assert run(pictures, "--out", f"{tmp_path / 'out'}/", "--shard", "2/2") == 0
    assert run(pictures, "--out", f"{tmp_path / 'out'}/", "--shard", "1/2") == 0
    assert (tmp_path / "out" / "manifest.csv").is_file()


def test_what_the_status_is_for_is_said_to_who_wants_it_quiet(
    run: Run, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = pictures / "broken.png"
    for out in (tmp_path / "table.csv", f"{tmp_path / 'out'}/"):
        assert run(broken, "--out", out, "-q") == 1
        said = capsys.readouterr().err
        assert "broken.png: " in said
        assert "read" not in said.splitlines()[0].partition(": ")[0]
        assert len(said.splitlines()) == 1
    assert run(pictures, "--out", f"{tmp_path / 'all'}/", "-q") == 0
    assert capsys.readouterr().err == ""
