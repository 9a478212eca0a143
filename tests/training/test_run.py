"""A whole run: data set → run folder → bundle that the live classifier loads."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mien.bundle import load_bundle
from mien.classifier import OnnxClassifier
from mien.data.dataset import Dataset
from mien.errors import TrainingError
from mien.pictures import decode_picture
from mien.preprocess import whole_face
from mien.training import run as module
from mien.training.run import TrainResult, train
from mien.training.settings import Machine, ModelSettings, TrainSettings

SETTINGS = TrainSettings(size=16, epochs=5, batch_size=16, average_decay=0.5, augment=False)
MODEL = ModelSettings(name="halves", crop_scale=1.2, licence="MIT", command="mien train halves")
CPU = Machine(device="cpu")


@pytest.fixture(scope="module")
def finished(
    dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TrainResult]:
    """One whole run: its folder and what it gave."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, train(dataset, folder, SETTINGS, MODEL, CPU)


def test_bundle_reads_what_was_learnt(dataset: Dataset, finished: tuple[Path, TrainResult]) -> None:
    folder, result = finished
    bundle = load_bundle(folder / "bundle")
    classifier = OnnxClassifier(bundle)
    assert classifier.labels == dataset.classes
    assert classifier.spec.crop_scale == 1.2
    rows = next(dataset.rows("test"))
    faces = [whole_face(decode_picture(data, ""), classifier.spec) for data in rows.images]
    assert (classifier(np.stack(faces)).argmax(1) == rows.labels).mean() > 0.9
    assert result.best["validation_loss"] == min(row["validation_loss"] for row in result.history)


def test_run_folder_tells_the_whole_story(finished: tuple[Path, TrainResult]) -> None:
    folder, result = finished
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5]
    assert float(rows[-1]["validation_loss"]) == pytest.approx(
        result.history[-1]["validation_loss"], rel=1e-4
    )
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "settings.json").read_text())["size"] == 16
    assert not (folder / "decoded").exists()
    card = (folder / "bundle" / "CARD.md").read_text()
    for fact in ("mien train halves", "down", "up", "<!-- metrics -->", "MIT"):
        assert fact in card


def test_killed_run_resumes_to_the_same_bundle(
    dataset: Dataset, finished: tuple[Path, TrainResult], tmp_path: Path
) -> None:
    def kill(row: dict[str, float]) -> None:
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    _, whole = finished
    with pytest.raises(KeyboardInterrupt):
        train(dataset, tmp_path / "killed", SETTINGS, MODEL, CPU, on_epoch=kill)
    resumed = train(dataset, tmp_path / "killed", SETTINGS, MODEL, CPU, resume=True)
    assert resumed.bundle.info.sha256 == whole.bundle.info.sha256
    assert len(resumed.history) == len(whole.history)


def test_resume_with_other_settings_names_the_difference(
    dataset: Dataset, finished: tuple[Path, TrainResult]
) -> None:
    other = TrainSettings(size=16, epochs=9, batch_size=16, average_decay=0.5, augment=False)
    with pytest.raises(TrainingError, match="epochs=5, not 9"):
        train(dataset, finished[0], other, MODEL, CPU, resume=True)


def test_second_run_does_not_overwrite_the_first(
    dataset: Dataset, finished: tuple[Path, TrainResult]
) -> None:
    with pytest.raises(TrainingError, match="--resume"):
        train(dataset, finished[0], SETTINGS, MODEL, CPU)


def test_nothing_to_resume_is_a_clear_error(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run to resume"):
        train(dataset, tmp_path / "run", SETTINGS, MODEL, CPU, resume=True)


def test_size_that_the_network_cannot_take(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--size 8"):
        train(dataset, tmp_path / "run", TrainSettings(size=8), MODEL, CPU)


def test_inexact_export_writes_no_bundle(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise TrainingError("the exported graph differs")

    monkeypatch.setattr(module, "export_graph", refuse)
    with pytest.raises(TrainingError, match="differs"):
        train(dataset, tmp_path / "run", SETTINGS, MODEL, CPU)
    assert not (tmp_path / "run" / "bundle").exists()
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()
