"""`mien convert` and `mien people`: from a table to names to files."""

from pathlib import Path

import pympi
import pytest
from tests.recordings.making import as_csv, rows

from mien.cli import main


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return as_csv(
        tmp_path / "t.csv", [*rows(["happy"] * 5, track=1), *rows(["sad"] * 5, start=5, track=2)]
    )


def test_from_a_table_to_elan(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["people", "t.csv"]) == 0
    assert "people.csv: 2 tracks in 1 recording" in capsys.readouterr().err
    path = Path("people.csv")
    path.write_text(path.read_text().replace("clip 1", "Anna").replace("clip 2", "Anna"))
    assert main(["convert", "t.csv", "--out", "x.eaf", "--people", "people.csv"]) == 0
    assert "1 recording, 1 file written" in capsys.readouterr().err
    assert list(pympi.Eaf("x.eaf").get_tier_names()) == ["Anna"]
    assert main(["convert", "t.csv", "--out", "x.eaf"]) == 1
    assert "x.eaf: cannot be written: it exists already" in capsys.readouterr().err


def test_whoever_is_missed_is_a_failure(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("people.csv").write_text("source,track_id,name\nclip.mp4,9,Anna\nz.mp4,1,Ben\n")
    assert main(["convert", "t.csv", "--out", "x.vtt", "--people", "people.csv", "-q"]) == 1
    assert Path("x.vtt").is_file()
    error = capsys.readouterr().err
    assert '"Anna", track 9 of clip.mp4, is not in the table' in error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["t.csv", "--out", "x.doc"], "no format that mien converts to"),
        (["no.csv", "--out", "x.vtt"], "no.csv: does not exist"),
        (["t.csv", "--to", "bids", "--out", "x", "--task", "a b"], "--task must be letters"),
        (["t.csv", "--out", "x.vtt", "--people", "no.csv"], "no.csv: cannot be read"),
    ],
)
def test_one_line_says_what_is_wrong(
    table: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["convert", *words]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert not Path("x.vtt").exists()


def test_thumbnails_without_a_video(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["people", "t.csv", "--thumbnails", "faces"]) == 1
    assert "clip.mp4: its video was not found" in capsys.readouterr().err
    assert Path("people.csv").is_file()
