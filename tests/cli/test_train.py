"""`mien train` from the command line."""

import csv
from pathlib import Path

import pytest
from tests.conftest import prepared
from tests.datasets.test_folds import OfPersons

from mien.cli import main
from mien.datasets.dataset import Dataset
from mien.models.bundle import load_bundle
from mien.models.info import DataTerms, Terms

pytestmark = pytest.mark.usefixtures("tiny_network", "one_export", "one_drawing")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--epochs", "0"], "--epochs"),
        (["--class-balance", "2"], "--class-balance"),
        (["--learning-rate", "0"], "--learning-rate"),
        (["--learning-rate", "inf"], "--learning-rate must be a finite number, got inf"),
        (["--weight-decay", "nan"], "--weight-decay must be a finite number, got nan"),
        (["--source-weight", "web=inf"], "--source-weight must be a finite number, got inf"),
        (["--learning-rate", "1e300"], "--learning-rate"),
        (["--epochs", "9" * 40], "--epochs"),
        (["--seed", "-1"], "--seed"),
        (["--threads", "100000"], "--threads must be"),
        (["--size", "3"], "--size 3"),
        (["--crop-scale", "99"], "--crop-scale 99"),
        (["--source-weight", "web=2"], "no source 'web'"),
        (["--source-smoothing", "web=2"], "--source-smoothing"),
    ],
)
def test_setting_out_of_range_is_one_line(
    dataset: Dataset, words: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(dataset.path), *words]) == 1
    message = capsys.readouterr().err.strip()
    assert wanted in message
    assert "\n" not in message


def test_starting_from_another_network_is_one_line(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--from", "fer8", "--arch", "residual-small", "--out", str(tmp_path / "run")]
    assert main(["train", str(dataset.path), *words]) == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert "fer8" in message
    assert "another shape" in message


def test_source_weight_without_a_number_is_wrong_usage(dataset: Dataset) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", str(dataset.path), "--source-weight", "web"])


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
    words += ["--learning-rate", "1e-6"]  # so that it learns nothing
    assert main(["train", str(dataset.path), "--out", str(run), *words]) == 0
    printed = capsys.readouterr()
    assert str(run / "bundle") in printed.out
    assert "epoch   1" in printed.err
    assert "note: no better than chance" in printed.out
    assert (run / "bundle" / "model.onnx").is_file()


def test_recipe_beside_the_bundle_makes_the_same_bundle_again(
    dataset: Dataset, tmp_path: Path
) -> None:
    words = ["--epochs", "2", "--size", "16", "--batch-size", "16", "--device", "cpu"]
    words += ["--class-balance", "0.25", "--name", "halves", "--classes", "up,down"]
    words += ["--weights-terms", "MIT", "--data-terms", "A=b = c", "--data-terms", "a.|b=free"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["train", str(dataset.path), "--out", str(first), *words]) == 0
    recipe = first / "bundle" / "recipe.toml"
    again = ["--config", str(recipe), "--device", "cpu"]
    assert main(["train", str(dataset.path), "--out", str(second), *again]) == 0
    graphs = [(folder / "bundle" / "model.onnx").read_bytes() for folder in (first, second)]
    assert graphs[0] == graphs[1]
    assert (second / "bundle" / "recipe.toml").read_text() == recipe.read_text()
    data = (DataTerms("A", "b = c"), DataTerms("a.|b", "free"))
    assert load_bundle(second / "bundle").info.terms == Terms("MIT", data)
    card = (second / "bundle" / "CARD.md").read_text()
    assert "| the weights | MIT |\n| A | b = c |\n| a.\\|b | free |\n" in card


@pytest.mark.parametrize("given", ["MIT", "=MIT", "FER+=", " = "])
def test_terms_without_a_source_or_terms_are_refused(
    dataset: Dataset, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["train", str(dataset.path), "--data-terms", given])
    assert f"--data-terms: {given!r}: write SOURCE=TERMS" in capsys.readouterr().err


def test_options_go_before_the_recipe(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("epochs = 0\nsize = 16\nbatch_size = 16\n")
    words = ["train", str(dataset.path), "--out", str(tmp_path / "run"), "--config", str(recipe)]
    assert main(words) == 1
    assert "--epochs" in capsys.readouterr().err
    assert main([*words, "--epochs", "1", "--device", "cpu"]) == 0


def test_goes_on_from_what_a_bundle_has_learnt(dataset: Dataset, tmp_path: Path) -> None:
    words = ["--size", "16", "--batch-size", "16", "--device", "cpu", "--no-augment"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["train", str(dataset.path), "--out", str(first), "--epochs", "4", *words]) == 0
    words += ["--epochs", "1", "--learning-rate", "1e-6", "--from", str(first / "bundle")]
    assert main(["train", str(dataset.path), "--out", str(second), *words]) == 0
    losses = [
        [float(row["validation_loss"]) for row in csv.DictReader(_lines(run / "history.csv"))]
        for run in (first, second)
    ]
    assert losses[1][0] == pytest.approx(min(losses[0]), abs=0.05)
    assert losses[0][0] > losses[1][0] + 0.05
    assert 'from = "' in (second / "bundle" / "recipe.toml").read_text()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_says_what_becomes_of_the_classes_that_are_not_read(
    wider_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--epochs", "1", "--size", "16", "--batch-size", "16", "--device", "cpu"]
    words += ["--classes", "up,down", "--out", str(tmp_path / "run")]
    assert main(["train", str(wider_dataset.path), *words]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "of the validation faces of its classes get a word, and " in printed
    assert load_bundle(tmp_path / "run" / "bundle").info.other


@pytest.fixture(scope="module")
def of_persons(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared(OfPersons(80, persons=8), tmp_path_factory.mktemp("data") / "persons")


FOLDS = (
    "--folds",
    "group",
    "--fold-count",
    "2",
    "--size",
    "16",
    "--device",
    "cpu",
    "--epochs",
    "1",
)


def test_folds_are_trained_and_read_together(
    of_persons: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(of_persons.path), "--out", "run", *FOLDS]) == 0
    printed = capsys.readouterr()
    assert "fold 2 of 2 learns from" in printed.err
    assert "mean person" in printed.out
    made = {path.name for path in Path("run").iterdir()}
    assert {"fold-01", "fold-02", "folds.png", "persons.csv", "report.html"} <= made
    recipe = (Path("run") / "fold-01" / "bundle" / "recipe.toml").read_text()
    assert 'folds = "group"' in recipe
    assert main(["evaluate", "run", "--resamples", "10"]) == 0
    together = Path("run-evaluation") / "predictions.csv"
    assert together.read_bytes() == (Path("run") / "predictions.csv").read_bytes()
    # The recipe beside a bundle makes the whole cross-validation again.
    again = ["--config", "run/fold-01/bundle/recipe.toml", "--out", "again", "--device", "cpu"]
    assert main(["train", str(of_persons.path), *again]) == 0
    made_again = Path("again") / "predictions.csv"
    assert made_again.read_bytes() == together.read_bytes()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--fold-count", "3"], "--fold-count is for --folds group; give both"),
        (["--folds", "leave-one-out", "--fold-count", "3"], "leave out one of the two"),
        (["--folds", "group", "--fold-count", "1"], "--fold-count must be 2 or more"),
        (["--folds", "group", "--fold-validation", "0.9"], "--fold-validation must be"),
        (["--folds", "group"], "nobody knows who is who in it"),
    ],
)
def test_folds_that_cannot_be_are_one_line(
    dataset: Dataset, words: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(dataset.path), *words]) == 1
    message = capsys.readouterr().err.strip()
    assert wanted in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["fer8", "run"], "is a cross-validation, with models of its own"),
        (["run", "--record"], "--record: the answers of run, a cross-validation, are there"),
        (["run", "--split", "test"], "--split: the answers of run"),
        (["run"], "folds.json"),
    ],
)
def test_a_cross_validation_has_its_own_models_and_answers(
    words: list[str],
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    (Path("run") / "folds.json").write_text("{}")
    assert main(["evaluate", *words]) == 1
    assert wanted in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
