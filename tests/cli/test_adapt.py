"""`mien adapt` from the command line, and all that can be wrong with what it is given."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.training.adapt.making import folder, model

from mien.cli import main
from mien.models.bundle import load_bundle

OWN = {"happy": 1, "angry": 0, "tired": 3}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a model to start from."""
    model(tmp_path / "start")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    command = ["adapt", "own", "--from", "start", "--whole-face", "--out", "mine", *words]
    monkeypatch.setattr(sys, "argv", ["mien", *command])
    return main(command)


def test_writes_a_model_and_says_how_good_it_is(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(place / "own", OWN)
    assert run(monkeypatch) == 0
    told = capsys.readouterr().out
    for words in (
        "18 faces, from quarters",
        "not read",
        "tired",
        "difference",
        "--model mine",
    ):
        assert words in told
    bundle = load_bundle(place / "mine")
    assert bundle.info.name == "mine"
    assert bundle.info.command.startswith("mien adapt own")
    assert (place / "mine" / "recipe.toml").read_text().startswith("# For `mien adapt FACES")
    assert run(monkeypatch) == 1
    assert "exists already" in capsys.readouterr().err
    again = ["adapt", "own", "--whole-face", "--out", "other", "--config", "mine/recipe.toml"]
    assert main(again) == 0
    assert load_bundle(place / "other").graph == bundle.graph


def test_what_is_no_better_is_written_only_if_that_is_wanted(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(place / "own", {"happy": 1, "angry": 0})
    assert run(monkeypatch) == 1
    assert "no better than quarters" in capsys.readouterr().err
    assert not (place / "mine").exists()
    assert run(monkeypatch, "--anyway") == 0
    assert "no better than before; written as you asked" in capsys.readouterr().out
    assert load_bundle(place / "mine").info.labels == ("angry", "happy")


def nothing(own: Path) -> None:
    (own / "happy").mkdir(parents=True)
    (own / "angry").mkdir()


def one_picture(own: Path) -> None:
    folder(own, {"happy": 1, "angry": 0})
    for path in sorted((own / "angry").iterdir())[1:]:
        path.unlink()


def one_class(own: Path) -> None:
    folder(own, {"happy": 1})


def same_but_for_case(own: Path) -> None:
    folder(own, {"happy": 1, "Happy": 2, "angry": 0})


def two_names_of_one_look(own: Path) -> None:
    folder(own, {"anger": 1, "Angry": 2, "HAPPY": 0})


def one_photo(own: Path) -> None:
    folder(own, {"happy": 1, "angry": 0}, count=2)
    first, second = sorted((own / "angry").iterdir())
    second.write_bytes(first.read_bytes())


def no_pictures_at_all(own: Path) -> None:
    for name in ("happy", "angry"):
        (own / name).mkdir(parents=True)
        for number in range(3):
            (own / name / f"{number}.jpg").write_bytes(b"no picture")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (nothing, ("two usable pictures", "'angry' (0)")),
        (one_picture, ("two usable pictures", "'angry' (1)")),
        (one_class, ("1 class folder,",)),
        (same_but_for_case, ("'Happy' and 'happy'", "one folder")),
        (two_names_of_one_look, ("'anger' means what 'angry' does",)),
        (one_photo, ("'angry' show one photo",)),
        (no_pictures_at_all, ("no face to learn from", "6 unreadable picture")),
        (lambda own: None, ("own: cannot be read as a folder",)),
    ],
)
def test_bad_folders_are_told_in_one_line(
    make, words, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(place / "own")
    assert run(monkeypatch) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mien:")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]
    assert not (place / "mine").exists()


def test_pictures_without_a_face_are_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("happy", "angry"):
        (place / "own" / name).mkdir(parents=True)
        for number in range(2):
            gray = np.full((90, 90, 3), 40 + number, np.uint8)
            cv2.imwrite(str(place / "own" / name / f"{number}.png"), gray)
    words = ["adapt", "own", "--from", "start", "--out", "mine"]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert "no face to learn from (left out: 4 no face found)" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "own/mine"), "inside the pictures' own folder"),
        (("--from", "nobody"), "nobody: no such bundle"),
        (("--detector", "yunet"), "--whole-face needs no detector"),
        (("--strength", "-1"), "--strength"),
        (("--folds", "1"), "--folds"),
        (("--group-pattern", "("), "not a regular expression"),
    ],
)
def test_bad_options_are_told_in_one_line(
    words: tuple[str, ...],
    told: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder(place / "own", OWN)
    assert run(monkeypatch, *words) == 1
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_a_model_without_features_is_told_before_any_work(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model(place / "plain", features=False)
    folder(place / "own", OWN)
    assert run(monkeypatch, "--from", "plain") == 1
    assert "gives no features to learn from" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_any_work(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(place / "own", OWN)
    (place / "file").write_text("")
    assert run(monkeypatch, "--out", "file/mine") == 1
    assert "cannot be written to" in capsys.readouterr().err
