"""From a folder of pictures to a judged model, in Python: the same as by the commands."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mien
from mien.cli import main
from mien.datasets.dataset import Dataset
from mien.models.bundle import load_bundle

pytestmark = pytest.mark.usefixtures("tiny_network", "one_export", "one_drawing")


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    for number in range(16):
        folder = tmp_path / "faces" / ("calm" if number % 2 else "tense")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (24, 24), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "faces"


def test_prepares_as_the_command_does(faces: Path, tmp_path: Path) -> None:
    assert main(["prepare", str(faces), str(tmp_path / "a"), "--size", "20", "--seed", "3"]) == 0
    made = mien.prepare(faces, tmp_path / "b", size=20, seed=3)
    folders = (tmp_path / "a", made.path)
    infos = [json.loads((folder / "dataset.json").read_text()) for folder in folders]
    for info in infos:
        del info["command"]
    assert infos[0] == infos[1]
    assert made.count("train") == 12


def test_trains_and_judges_as_the_commands_do(dataset: Dataset, tmp_path: Path) -> None:
    words = ["--epochs", "2", "--size", "16", "--seed", "1", "--device", "cpu", "--threads", "1"]
    assert main(["train", str(dataset.path), "--out", str(tmp_path / "a"), *words]) == 0
    epochs: list[float] = []
    result = mien.train(
        str(dataset.path),
        tmp_path / "b",
        epochs=2,
        size=16,
        seed=1,
        device="cpu",
        threads=1,
        name="a",
        on_epoch=lambda row: epochs.append(row["epoch"]),
    )
    assert epochs == [1, 2]
    by_command = load_bundle(tmp_path / "a" / "bundle")
    assert result.bundle.graph == by_command.graph
    found = mien.evaluate(tmp_path / "b" / "bundle", dataset.path, resamples=20, split="validation")
    assert found.summary.evaluation.split == "validation"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda path: mien.train(path, path / "run", epoch=3),
            r"mien\.train takes no 'epoch'; .*epochs",
        ),
        (lambda path: mien.train(path, path / "run", epochs=0), r"--epochs must be"),
        (lambda path: mien.prepare(path, path / "out", sise=3), r"mien\.prepare takes no 'sise'"),
        (lambda path: mien.evaluate(None, path, splits="a"), r"mien\.evaluate takes no 'splits'"),
    ],
)
def test_what_is_not_taken_is_one_line(
    call: Callable[[Path], object], said: str, dataset: Dataset
) -> None:
    with pytest.raises(mien.MienError, match=said):
        call(dataset.path)
    assert not (dataset.path / "run").exists()
