"""Cross-validation by person: folds are trained, killed, gone on with, and read together."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.conftest import prepared
from tests.datasets.test_folds import OfPersons

from mien.datasets.dataset import Dataset
from mien.errors import DatasetError, SettingsError, TrainingError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.output.folds import evaluate_folds, read_folds
from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.expression.folds import cross_validate, deal_folds, refuse_options
from mien.training.expression.run import train
from mien.training.expression.settings import (
    FoldSettings,
    ModelSettings,
    TrainMachine,
    TrainSettings,
)
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture

SETTINGS = TrainSettings(size=16, epochs=8, batch_size=8, average_decay=0.5, augment=False)
MODEL = ModelSettings(name="halves", command="mien train halves --folds group")
FOLDS = FoldSettings(folds="group", fold_count=2, fold_validation=0.25)
CPU = TrainMachine(device="cpu")
pytestmark = pytest.mark.usefixtures("tiny_network", "one_export", "one_drawing")


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared(OfPersons(160, persons=8), tmp_path_factory.mktemp("data") / "persons")


def run(dataset: Dataset, out: Path, **changed: object) -> Evaluated:
    settings = changed.pop("settings", SETTINGS)
    folds = deal_folds(dataset, FOLDS, SETTINGS.seed)
    return cross_validate(folds, out, settings, MODEL, CPU, **changed)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def finished(
    tiny_network: None,
    one_export: None,
    one_drawing: None,
    persons: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Evaluated]:
    out = tmp_path_factory.mktemp("runs") / "run"
    return out, run(persons, out)


@pytest.fixture
def copied(finished: tuple[Path, Evaluated], tmp_path: Path) -> Path:
    shutil.copytree(finished[0], tmp_path / "run")
    return tmp_path / "run"


def test_everybody_is_read_by_the_bundle_that_did_not_see_them(
    persons: Dataset, finished: tuple[Path, Evaluated]
) -> None:
    out, found = finished
    evaluation = found.summary.evaluation
    assert found.summary.faces == persons.count("train") + persons.count("validation")
    assert found.summary.figures["accuracy"].value > 0.9
    for fold in deal_folds(persons, FOLDS, SETTINGS.seed):
        rows = evaluation.folds == fold.number
        origins = [origin for batch in fold.rows("test") for origin in batch.origins]
        assert [evaluation.answers.origins[row] for row in np.flatnonzero(rows)] == origins
        bundle = load_bundle(out / f"fold-0{fold.number}" / "bundle")
        classifier = OnnxClassifier(bundle)
        pictures = [picture for batch in fold.rows("test") for picture in batch.images]
        faces = [whole_face(decode_picture(one, ""), classifier.spec) for one in pictures]
        said = classifier(np.stack(faces))
        np.testing.assert_allclose(evaluation.answers.probabilities[rows], said, atol=1e-6)
        assert set(evaluation.thresholds[rows]) == {bundle.info.not_sure_below}


def test_what_is_kept_gives_the_same_figures_again(finished: tuple[Path, Evaluated]) -> None:
    out, found = finished
    again = evaluate_folds(out)
    assert again.summary.figures == found.summary.figures
    first, second = found.summary.evaluation.answers, again.summary.evaluation.answers
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert evaluate_folds(out, name="others").summary.evaluation.dataset == "others"


def test_a_killed_run_trains_only_what_is_missing(
    persons: Dataset, finished: tuple[Path, Evaluated], tmp_path: Path
) -> None:
    rows: list[float] = []

    def kill(row: dict[str, float]) -> None:
        rows.append(row["epoch"])
        if rows == [*range(1, 9), 1, 2]:
            raise KeyboardInterrupt

    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        run(persons, out, on_epoch=kill)
    with pytest.raises(DatasetError, match=r"fold 2 of 2 is not finished; .* --resume"):
        evaluate_folds(out)
    with pytest.raises(TrainingError, match="is here already; --resume goes on"):
        run(persons, out)
    rows.clear()
    told: list[tuple[int, bool]] = []
    found = run(
        persons,
        out,
        resume=True,
        on_epoch=lambda row: rows.append(row["epoch"]),
        on_fold=lambda fold, done: told.append((fold.number, done)),
    )
    assert rows == [*range(3, 9)]
    assert told == [(1, True), (2, False)]
    assert found.summary.figures == finished[1].summary.figures


def test_a_bundle_without_its_answers_is_asked_again(
    persons: Dataset, finished: tuple[Path, Evaluated], copied: Path
) -> None:
    (copied / "fold-02" / "predictions.csv").unlink()
    rows: list[dict[str, float]] = []
    found = run(persons, copied, resume=True, on_epoch=rows.append)
    assert not rows
    assert found.summary.figures == finished[1].summary.figures


def test_another_cross_validation_is_not_gone_on_with(
    persons: Dataset, dataset: Dataset, copied: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    other = prepared(OfPersons(120, persons=6), tmp_path / "other")
    with pytest.raises(TrainingError, match=r"of another data set \(persons\)"):
        run(other, copied, resume=True)
    three = deal_folds(persons, msgspec.structs.replace(FOLDS, fold_count=3), SETTINGS.seed)
    with pytest.raises(TrainingError, match="has 2 folds, not 3"):
        cross_validate(three, copied, SETTINGS, MODEL, CPU, resume=True)
    longer = msgspec.structs.replace(SETTINGS, epochs=9)
    with pytest.raises(TrainingError, match="epochs=8, not 9"):
        run(persons, copied, resume=True, settings=longer)
    surer = msgspec.structs.replace(MODEL, answer_accuracy=0.99)
    folds = deal_folds(persons, FOLDS, SETTINGS.seed)
    with pytest.raises(TrainingError, match=r"answer_accuracy=0\.9, not 0\.99"):
        cross_validate(folds, copied, SETTINGS, surer, CPU, resume=True)
    with pytest.raises(TrainingError, match="a cross-validation is here already"):
        train(dataset, copied, SETTINGS, MODEL, CPU)
    assert {path: path.read_bytes() for path in before} == before


def test_a_run_without_folds_is_left_alone(persons: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run to resume here"):
        run(persons, tmp_path / "none", resume=True)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(TrainingError, match="a run without folds is here already"):
        run(persons, tmp_path)
    assert not (tmp_path / "folds.json").exists()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def _foreign(path: Path) -> None:
    path.write_text(path.read_text().replace("person ", "stranger "))


def _sure(path: Path) -> None:
    first, *rows = path.read_text().splitlines()
    path.write_text("\n".join([first, *(row.rsplit(",", 1)[0] + ",7" for row in rows)]))


def _no_utf8(path: Path) -> None:
    path.write_bytes(b"\xff" + path.read_bytes())


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("fold-01/predictions.csv", _cut, r"predictions\.csv: line \d+: .*--resume"),
        ("fold-01/predictions.csv", _sure, r"predictions\.csv: line 2: no probabilities"),
        ("fold-02/predictions.csv", _no_utf8, r"fold-02/predictions\.csv: line 1: "),
        ("fold-02/predictions.csv", _foreign, "fold-02: is not of this cross-validation"),
        ("folds.json", _cut, r"folds\.json: "),
    ],
)
def test_a_damaged_file_is_one_line(
    copied: Path, name: str, damage: Callable[[Path], None], message: str
) -> None:
    damage(copied / name)
    with pytest.raises(DatasetError, match=message) as error:
        read_folds(copied)
    assert "\n" not in str(error.value)


def test_it_is_written_whom_each_fold_leaves_out(persons: Dataset, copied: Path) -> None:
    record = json.loads((copied / "folds.json").read_text())
    faces = persons.count("train") + persons.count("validation")
    assert sum(fold["faces"] for fold in record["folds"]) == faces


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fold_count": 3}, "--fold-count is for --folds group; give both"),
        ({"folds": "none", "fold_validation": 0.2}, "--fold-validation is for --folds group"),
        ({"folds": "leave-one-out", "fold_count": 3}, "leave out one of the two"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        refuse_options(options)
