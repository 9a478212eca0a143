"""`mien train` from the command line."""

from pathlib import Path

import pytest

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
