"""`mien notice` prints the card or writes it, and never over what is there."""

from pathlib import Path

import pytest

from mien.cli import main


def test_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notice", "--language", "de"]) == 0
    printed = capsys.readouterr().out
    assert "Hier liest" not in printed
    assert "HIER LIEST" in printed
    assert "A COMPUTER" not in printed


@pytest.mark.parametrize("name", ["n.html", "new/n.HTM", "n.txt"])
def test_it_is_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert main(["notice", "--out", str(path)]) == 0
    text = path.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>") == (not name.endswith("txt"))
    assert "für" in text or "fröhlich" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "n.pdf"], "n.pdf: name a .html or .txt file"),
        (["--language", "xx"], "--language xx: choose from en, de"),
        (["--out", "old.txt"], "old.txt: cannot be written: it exists already"),
        (["--out", "old.txt/n.txt"], "old.txt"),
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
    Path("old.txt").write_text("precious")
    assert main(["notice", *words]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert Path("old.txt").read_text() == "precious"
    assert main(["notice", "--out", "old.txt", "--overwrite"]) == 0
