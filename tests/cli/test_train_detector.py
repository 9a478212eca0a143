"""`mien train-detector` from the command line."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien import registry
from mien.cli import main
from mien.models.bundle import load_detector_bundle
from mien.training.detector import feed, gather, run
from mien.types import Box, Face, PixelArray


class Discs:
    """Takes bright discs for faces."""

    name = "discs"
    face_side = 48.0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        bright = (image[..., 0] > 150).astype(np.uint8)
        if bright.sum() < 100:
            return ()
        x, y, width, height = cv2.boundingRect(bright)
        parts = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
        points = (parts * (width, height) + (x, y)).astype(np.float32)
        return (Face(Box(x, y, x + width, y + height), 0.9, points),)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "make_detector", lambda name, model=None: Discs())
    monkeypatch.setattr(feed, "VALIDATION_SCENES", 4)
    monkeypatch.setattr(run, "SHOWN", 2)
    monkeypatch.setattr(gather, "COMPARED", float("inf"))
    # To export what was learnt takes long; `training/detector/test_run.py` does.
    graph = load_detector_bundle(registry.DETECTOR_BUNDLE).graph
    monkeypatch.setattr(run, "export_detector", lambda *_: graph)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(20):
        image = np.full((90, 120, 3), number, np.uint8)
        if number % 2:
            cv2.circle(image, (60, 45), 15 + number // 2, (220,) * 3, -1)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def words(pictures: Path, *more: str) -> list[str]:
    fixed = ["--yunet", "weights.onnx", "--device", "cpu", "--threads", "1", "--workers", "0"]
    return ["train-detector", str(pictures), *fixed, *more]


def test_trains_and_says_where_the_bundle_is(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs" / "small"
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("epochs = 9\nsteps = 2\nbatch_size = 2\nweights_terms = 'none'\n")
    given = ["--config", str(recipe), "--epochs", "1", "--out", str(out)]
    assert main(words(pictures, *given)) == 0
    printed = capsys.readouterr()
    assert "epoch   1" in printed.err
    assert str(out / "bundle") in printed.out
    info = load_detector_bundle(out / "bundle").info
    assert (info.name, info.terms.weights) == ("small", "none")
    text = (out / "bundle" / "recipe.toml").read_text()
    assert text.startswith("# For `mien train-detector FOLDER … --config recipe.toml`.\nepochs = 1")
    assert "batch_size = 2" in text


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--epochs", "0"], "--epochs"),
        (["--learning-rate", "0"], "--learning-rate"),
        (["--workers", "-1"], "--workers"),
        (["--config", "absent.toml"], "absent.toml"),
        (["--faces", "absent"], "absent"),
        (["--group-pattern", "("], "--group-pattern '('"),
        (["--group-pattern", "a_"], "in parentheses"),
    ],
)
def test_what_cannot_be_is_one_line(
    pictures: Path,
    tmp_path: Path,
    options: list[str],
    wanted: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(words(pictures, "--out", str(tmp_path / "run"), *options)) == 1
    message = capsys.readouterr().err.strip()
    assert wanted in message
    assert "\n" not in message


def test_a_folder_without_pictures_is_one_line(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(words(tmp_path / "empty", "--out", str(tmp_path / "run"))) == 1
    assert "empty" in capsys.readouterr().err
    assert not (tmp_path / "run" / "material").exists()
