"""`mien train` from the command line."""

from pathlib import Path

import pytest

from mien.bundle import load_bundle
from mien.cli import main
from mien.data.dataset import Dataset


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--epochs", "0"], "--epochs"),
        (["--class-balance", "2"], "--class-balance"),
        (["--learning-rate", "0"], "--learning-rate"),
        (["--size", "3"], "--size 3"),
        (["--crop-scale", "99"], "--crop-scale 99"),
    ],
)
def test_setting_out_of_range_is_one_line(
    dataset: Dataset, words: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(dataset.path), *words]) == 1
    message = capsys.readouterr().err.strip()
    assert wanted in message
    assert "\n" not in message


def test_missing_data_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path / "absent")]) == 1
    message = capsys.readouterr().err.strip()
    assert "absent" in message
    assert "mien prepare" in message


def test_trains_and_says_where_the_bundle_is(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    words = ["--epochs", "1", "--size", "16", "--batch-size", "16", "--device", "cpu"]
    assert main(["train", str(dataset.path), "--out", str(run), *words]) == 0
    printed = capsys.readouterr()
    assert str(run / "bundle") in printed.out
    assert "epoch   1" in printed.err
    assert (run / "bundle" / "model.onnx").is_file()


def test_recipe_beside_the_bundle_makes_the_same_bundle_again(
    dataset: Dataset, tmp_path: Path
) -> None:
    words = ["--epochs", "2", "--size", "16", "--batch-size", "16", "--device", "cpu"]
    words += ["--class-balance", "0.25", "--name", "halves", "--classes", "up,down"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["train", str(dataset.path), "--out", str(first), *words]) == 0
    recipe = first / "bundle" / "recipe.toml"
    again = ["--config", str(recipe), "--device", "cpu"]
    assert main(["train", str(dataset.path), "--out", str(second), *again]) == 0
    graphs = [(folder / "bundle" / "model.onnx").read_bytes() for folder in (first, second)]
    assert graphs[0] == graphs[1]
    assert (second / "bundle" / "recipe.toml").read_text() == recipe.read_text()


def test_options_go_before_the_recipe(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("epochs = 0\nsize = 16\nbatch_size = 16\n")
    words = ["train", str(dataset.path), "--out", str(tmp_path / "run"), "--config", str(recipe)]
    assert main(words) == 1
    assert "--epochs" in capsys.readouterr().err
    assert main([*words, "--epochs", "1", "--device", "cpu"]) == 0


def test_says_what_becomes_of_the_classes_that_are_not_read(
    wider_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--epochs", "1", "--size", "16", "--batch-size", "16", "--device", "cpu"]
    words += ["--classes", "up,down", "--out", str(tmp_path / "run")]
    assert main(["train", str(wider_dataset.path), *words]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "of the validation faces of its classes get a word, and " in printed
    assert load_bundle(tmp_path / "run" / "bundle").info.other
