"""A whole run on made pictures: it learns, resumes to the same bundle, and the bundle is whole."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.detectors.single_shot import SingleShotDetector
from mien.errors import TrainingError
from mien.models.bundle import load_detector_bundle
from mien.training.detector import feed, loop, run
from mien.training.detector.material import Material
from mien.training.detector.network import DetectorNetwork
from mien.training.detector.run import DetectorResult, train_detector
from mien.training.detector.settings import DetectorModelSettings, DetectorSettings
from mien.training.settings import Machine

SETTINGS = DetectorSettings(epochs=2, steps=3, batch_size=4, average_decay=0.5)
MODEL = DetectorModelSettings(
    name="tiny",
    weights_terms="none",
    data_terms={"discs": "drawn here"},
    command="mien …",
    recipe="epochs = 2\n",
)


@pytest.fixture(scope="module", autouse=True)
def small(shallow: None, one_export: None, one_drawing: None) -> Iterator[None]:
    """A narrow network and few scenes."""
    narrow = functools.partial(DetectorNetwork, widths=(8, 8, 16, 16, 16), head=16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "VALIDATION_SCENES", 6)
        patch.setattr(run, "SHOWN", 4)
        for module in (loop, run):
            patch.setattr(module, "DetectorNetwork", narrow)
        yield


def train(material: Material, out: Path, **options: Any) -> DetectorResult:
    settings = options.pop("settings", SETTINGS)
    machine = Machine(device="cpu", precision="fp32", threads=1)
    return train_detector(material, out, settings, MODEL, machine, workers=0, **options)


@dataclass(frozen=True)
class Finished:
    """A whole run: its folder, what was told of its epochs, and what it gave."""

    folder: Path
    rows: list[dict[str, float]]
    result: DetectorResult


@pytest.fixture(scope="module")
def finished(small: None, material: Material, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    rows: list[dict[str, float]] = []
    folder = tmp_path_factory.mktemp("runs") / "run"
    return Finished(folder, rows, train(material, folder, on_epoch=rows.append))


def test_a_run_gives_a_bundle_that_finds_or_does_not_find(finished: Finished) -> None:
    result, rows = finished.result, finished.rows
    assert [row["epoch"] for row in rows] == [1, 2]
    assert result.history == rows
    for name in ("settings.json", "checkpoint.safetensors", "history.csv", "curves.png"):
        assert (finished.folder / name).is_file()
    bundle = load_detector_bundle(result.bundle.path)
    assert bundle.info.name == "tiny"
    assert bundle.info.kind == "detector"
    card = (bundle.path / "CARD.md").read_text()
    assert card.startswith("# tiny 1\n")
    assert "| people |" in card
    assert "{" not in card
    assert (bundle.path / "recipe.toml").read_text() == "epochs = 2\n"
    found = SingleShotDetector(bundle)(np.full((120, 160, 3), 90, np.uint8))
    assert all(0 <= face.score <= 1 for face in found)


def test_a_stopped_run_goes_on_to_the_same_graph(
    material: Material, finished: Finished, tmp_path: Path
) -> None:
    class StopError(Exception):
        pass

    def stop(_: dict[str, float]) -> None:
        raise StopError

    with pytest.raises(StopError):
        train(material, tmp_path / "parts", on_epoch=stop)
    resumed = train(material, tmp_path / "parts", resume=True)
    assert resumed.bundle.info.sha256 == finished.result.bundle.info.sha256
    assert len(resumed.history) == 2


def test_other_settings_or_another_run_are_refused(
    material: Material, finished: Finished, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="a run is here already"):
        train(material, finished.folder)
    other = DetectorSettings(epochs=2, steps=3, batch_size=5, average_decay=0.5)
    with pytest.raises(TrainingError, match="batch_size=4, not 5"):
        train(material, finished.folder, settings=other, resume=True)
    with pytest.raises(TrainingError, match="no run to resume"):
        train(material, tmp_path / "none", resume=True)
