"""The demo's way: a folder with faces/, and commands without a word more; and its data.pkl."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.cli import main

pytestmark = pytest.mark.usefixtures("tiny_network", "one_export", "one_drawing")


@pytest.fixture(autouse=True)
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the demo's, which is the working folder: faces/ of 48 px."""
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["mien"])
    for label, name in enumerate(("happy", "sad")):
        (tmp_path / "faces" / name).mkdir(parents=True)
        for number in range(20):
            rng = np.random.default_rng(100 * label + number)
            pixels = rng.integers(0, 255, (48, 48), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "faces" / name / f"{number}.png")
    return tmp_path


def test_prepare_takes_faces_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare"]) == 0
    said = capsys.readouterr()
    assert "so: mien prepare faces datasets/faces\n" in said.err
    assert said.out.endswith("learn from it: mien train\n")
    info = json.loads(Path("datasets/faces/dataset.json").read_text())
    assert (info["input"]["crop"], info["command"]) == ("none", "mien prepare faces datasets/faces")


def test_faces_are_cut_out_of_pictures_that_show_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mien.datasets.inputs.folders.portrait_note", lambda *_: "portraits")
    assert main(["prepare"]) == 1  # the detector finds no face in noise
    assert "datasets/faces --crop detector\n" in capsys.readouterr().err


def test_train_prepares_what_is_not_prepared(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--epochs", "1", "--size", "16", "--batch-size", "16", "--device", "cpu"]
    assert main(["train", *words]) == 0
    said = capsys.readouterr()
    assert "so: mien prepare faces datasets/faces\n" in said.err
    assert "so: mien train datasets/faces\n" in said.err
    assert f"see it live: mien live --model {Path('runs/faces/bundle')}\n" in said.out
    assert main(["train", *words]) == 1
    said = capsys.readouterr()
    assert "mien prepare" not in said.err
    assert "a run is here already" in said.err


@pytest.mark.parametrize(
    "words",
    [["--epochs", "0"], ["--device", "toaster"], ["--from", "nothing"], ["--teacher", "nothing"]],
)
def test_a_wrong_option_is_said_before_anything_is_prepared(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["train", *words]) == 1
    assert words[1] in capsys.readouterr().err
    assert not Path("datasets").exists()


@pytest.mark.parametrize("command", ["prepare", "train"])
def test_without_faces_one_line_says_what_to_name(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main([command]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "there is no folder faces here: name" in message
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (["prepare", "data.pkl", "out"], "name the folder of the pictures"),
        (["prepare", "--fer2013", "data.pkl", "out"], "name the csv file"),
        (["prepare", "--mix", "data.pkl", "out"], "name the TOML file"),
        (["train", "data.pkl"], "name a data set that `mien prepare faces OUT` made"),
        (["evaluate", "data.pkl"], "name the folder of the pictures"),
        (["evaluate", "data.pkl", "faces"], "name the folder of a bundle"),
        (["predict", "data.pkl", "--out", "t.csv"], "name the pictures or videos"),
        (["predict", "faces", "--model", "data.pkl"], "name the folder of a bundle"),
        (["predict", "faces", "--model", "absent.pt"], "name the folder of a bundle"),
        (["live", "data.pkl", "--no-browser"], "name the pictures or videos"),
        (["live", "--model", "data.pkl", "--no-browser"], "name the folder of a bundle"),
        (["adapt", "data.pkl", "--out", "mine"], "name the folder of the pictures"),
        (["report", "data.pkl", "--out", "r.html"], "save the table as .csv"),
        (["import-keras", "data.pkl", "--labels", "a,b", "--out", "o"], "name a .keras or .h5"),
    ],
)
def test_a_pickle_is_met_with_what_to_name(
    words: list[str], instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if words[0] == "import-keras":
        pytest.importorskip("h5py", reason="needs the extra [keras]")
    Path("data.pkl").write_bytes(pickle.dumps([Trap()]))
    assert main(words) == 1
    (line,) = (s for s in capsys.readouterr().err.splitlines() if s.startswith("mien: "))
    assert "mien reads no pickles" in line
    assert instead in line


class Trap:
    """Says so where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was opened",)
