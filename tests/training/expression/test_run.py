"""A whole run: data set → run folder → bundle that the live classifier loads."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from mien.datasets.dataset import Dataset
from mien.errors import TrainingError
from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.expression import bundling, export
from mien.training.expression.network import Deployed
from mien.training.expression.run import TrainResult, train
from mien.training.expression.settings import ModelSettings, TrainMachine, TrainSettings
from mien.training.expression.weights import network_from_bundle
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture

SETTINGS = TrainSettings(size=16, epochs=5, batch_size=16, average_decay=0.5, augment=False)
MODEL = ModelSettings(
    name="halves", crop_scale=1.2, weights_terms="MIT", command="mien train halves"
)
CPU = TrainMachine(device="cpu")
pytestmark = pytest.mark.usefixtures("tiny_network", "one_export", "one_drawing")


@pytest.fixture(scope="module")
def finished(
    tiny_network: None,
    one_export: None,
    one_drawing: None,
    dataset: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, TrainResult]:
    """One whole run: its folder and what it gave."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, train(dataset, folder, SETTINGS, MODEL, CPU)


@pytest.fixture
def learnt(finished: tuple[Path, TrainResult], tmp_path: Path) -> Path:
    """A copy of the run's folder as it is before a bundle is written."""
    folder = tmp_path / "run"
    shutil.copytree(finished[0], folder, ignore=shutil.ignore_patterns("bundle"))
    return folder


def accuracy(dataset: Dataset, bundle: Bundle, numbers: Sequence[int]) -> float:
    """Return how much of the test split is read rightly; classes are read as these outcomes."""
    classifier = OnnxClassifier(bundle)
    rows = next(dataset.rows("test"))
    faces = [whole_face(decode_picture(data, ""), classifier.spec) for data in rows.images]
    outcomes = classifier(np.stack(faces)).argmax(axis=1)
    return float((outcomes == np.array(numbers)[rows.labels]).mean())


def test_bundle_reads_what_was_learnt(dataset: Dataset, finished: tuple[Path, TrainResult]) -> None:
    folder, result = finished
    bundle = load_bundle(folder / "bundle")
    classifier = OnnxClassifier(bundle)
    assert classifier.labels == dataset.classes
    assert classifier.spec.crop_scale == 1.2
    assert accuracy(dataset, bundle, [0, 1]) > 0.9
    assert result.remarks == ()
    assert bundle.info.neutral_logs is None  # of no class that means neutral
    assert result.best["validation_loss"] == min(row["validation_loss"] for row in result.history)


def test_weights_beside_the_graph_give_what_it_gives(
    dataset: Dataset, finished: tuple[Path, TrainResult]
) -> None:
    bundle = load_bundle(finished[0] / "bundle")
    network = network_from_bundle(bundle)
    faces = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 1), np.uint8)
    classifier = OnnxClassifier(bundle)
    with torch.no_grad():
        given, features = Deployed(network, bundle.info.temperature)(torch.from_numpy(faces))
    np.testing.assert_allclose(classifier(faces), given.numpy(), atol=1e-5)
    np.testing.assert_allclose(classifier.features(faces), features.numpy(), atol=1e-4)


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

    settings = msgspec.structs.replace(SETTINGS, epochs=1)
    monkeypatch.setattr(bundling, "export_graph", refuse)
    with pytest.raises(TrainingError, match="differs"):
        train(dataset, tmp_path / "run", settings, MODEL, CPU)
    assert not (tmp_path / "run" / "bundle").exists()
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()


@pytest.mark.parametrize("weights", ["half", "int8"])
def test_bundle_whose_graph_differs_is_kept_apart(
    dataset: Dataset, learnt: Path, monkeypatch: pytest.MonkeyPatch, weights: Any
) -> None:
    model = msgspec.structs.replace(MODEL, weights=weights)
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match=r"differs .*; the bundle is kept as .*\.unchecked"):
        train(dataset, learnt, SETTINGS, model, CPU, resume=True)
    assert not (learnt / "bundle").exists()
    faces = np.zeros((2, 16, 16, 1), np.uint8)
    assert OnnxClassifier(load_bundle(learnt / "bundle.unchecked"))(faces).shape == (2, 2)
    monkeypatch.undo()
    result = train(dataset, learnt, SETTINGS, model, CPU, resume=True)
    assert result.bundle.path == learnt / "bundle"


def test_bundle_can_read_some_of_the_classes(dataset: Dataset, learnt: Path) -> None:
    swapped = tuple(reversed(dataset.classes))
    model = msgspec.structs.replace(MODEL, classes=swapped)
    result = train(dataset, learnt, SETTINGS, model, CPU, resume=True)
    bundle = load_bundle(result.bundle.path)
    classifier = OnnxClassifier(bundle)
    assert classifier.labels == swapped
    assert not classifier.other
    assert result.validated.others is None
    assert accuracy(dataset, bundle, [1, 0]) > 0.9


def test_classes_that_are_not_read_are_something_else(
    wider_dataset: Dataset, tmp_path: Path
) -> None:
    dataset = wider_dataset
    model = msgspec.structs.replace(MODEL, classes=("up", "down"))
    result = train(dataset, tmp_path / "run", SETTINGS, model, CPU)
    bundle = load_bundle(result.bundle.path)
    assert (bundle.info.labels, bundle.info.other) == (("up", "down"), True)
    assert accuracy(dataset, bundle, [1, 0, 2]) > 0.9
    assert result.validated.answered >= 0.8
    assert result.validated.others is not None
    assert result.validated.others < 0.5
    card = " ".join((bundle.path / "CARD.md").read_text().split())
    assert "It learnt flat, too, so as not to take them for the classes it reads." in card
    assert f"{result.validated.others:.1%} of the others, for which every word is wrong" in card
    assert "some are pressed into its classes" in card


@pytest.mark.parametrize(
    ("classes", "message"),
    [(("up", "left"), "has no class 'left'; choose from"), (("up",), "name two or more")],
)
def test_classes_that_cannot_be_read_are_refused(
    dataset: Dataset, tmp_path: Path, classes: tuple[str, ...], message: str
) -> None:
    model = msgspec.structs.replace(MODEL, classes=classes)
    with pytest.raises(TrainingError, match=message):
        train(dataset, tmp_path / "run", SETTINGS, model, CPU)
    assert not (tmp_path / "run").exists()


def test_learns_from_a_teacher(
    dataset: Dataset, finished: tuple[Path, TrainResult], tmp_path: Path
) -> None:
    folder, teacher = finished
    settings = msgspec.structs.replace(SETTINGS, teacher_weight=1.0)
    result = train(dataset, tmp_path / "run", settings, MODEL, CPU, teachers=[folder / "bundle"])
    assert result.best["validation_accuracy"] > 0.9
    record = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert record["teachers_sha256"] == [teacher.bundle.info.sha256]


@pytest.mark.parametrize(
    ("arch", "pretrained", "message"),
    [
        ("mobilenet", None, "name its weights with --pretrained"),
        ("residual", Path("net.json"), "starts from nothing"),
        ("mobilenet", Path("absent.json"), r"absent\.json: cannot be read"),
    ],
)
def test_pretrained_weights_go_with_the_network_that_needs_them(
    dataset: Dataset, tmp_path: Path, arch: Any, pretrained: Path | None, message: str
) -> None:
    settings = msgspec.structs.replace(SETTINGS, arch=arch)
    with pytest.raises(TrainingError, match=message):
        train(dataset, tmp_path / "run", settings, MODEL, CPU, pretrained=pretrained)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("cache", ["off", "disk"])
def test_the_bundle_is_the_same_wherever_decoded_faces_are_kept(
    dataset: Dataset, finished: tuple[Path, TrainResult], tmp_path: Path, cache: Any
) -> None:
    machine = TrainMachine(device="cpu", cache=cache, workers=0)
    result = train(dataset, tmp_path / "run", SETTINGS, MODEL, machine)
    assert result.bundle.info.sha256 == finished[1].bundle.info.sha256
    assert not (tmp_path / "run" / "decoded").exists()


def test_what_teachers_say_needs_a_place(
    dataset: Dataset, finished: tuple[Path, TrainResult], tmp_path: Path
) -> None:
    machine = TrainMachine(device="cpu", cache="off")
    teachers = [finished[0] / "bundle"]
    with pytest.raises(TrainingError, match="--cache off: what teachers say is kept on the disk"):
        train(dataset, tmp_path / "run", SETTINGS, MODEL, machine, teachers=teachers)


@pytest.mark.parametrize("cache", ["off", "memory"])
def test_bundle_in_eight_bits_reads_as_well(dataset: Dataset, learnt: Path, cache: Any) -> None:
    model = msgspec.structs.replace(MODEL, weights="int8")
    machine = msgspec.structs.replace(CPU, cache=cache, workers=0)
    result = train(dataset, learnt, SETTINGS, model, machine, resume=True)
    bundle = load_bundle(result.bundle.path)
    assert b"QuantizeLinear" in bundle.graph
    assert OnnxClassifier(bundle).has_features
    assert accuracy(dataset, bundle, [0, 1]) > 0.9
