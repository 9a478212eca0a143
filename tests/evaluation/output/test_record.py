"""Figures go into the bundle and its card, and only the same data set's are replaced."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mien.errors import BundleError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.figures.slicing import Slice
from mien.evaluation.figures.summary import Estimate, Summary, summarise
from mien.evaluation.output.card import END, FOR_WHOM, START, metrics_table, with_table
from mien.evaluation.output.record import record
from mien.evaluation.predictions import Evaluation
from mien.evaluation.studies.others import Others
from mien.evaluation.studies.persons import Persons
from mien.evaluation.studies.slices import Slices
from mien.models.bundle import load_bundle
from mien.models.info import MetricsInfo

FACTS = {"command": "mien evaluate tiny six", "date": "2025-01-31"}


@pytest.fixture
def bundle(make_bundle: Callable[..., Path]) -> Path:
    return make_bundle()


@pytest.fixture
def summary(bundle: Path, evaluation: Evaluation) -> Summary:
    return summarise(dataclasses.replace(evaluation, model=load_bundle(bundle).info), resamples=20)


def rename(summary: Summary, dataset: str) -> Summary:
    return dataclasses.replace(
        summary, evaluation=dataclasses.replace(summary.evaluation, dataset=dataset)
    )


def test_figures_are_recorded_in_a_bundle_that_still_loads(bundle: Path, summary: Summary) -> None:
    graph = (bundle / "model.onnx").read_bytes()
    record(bundle, Evaluated(summary), **FACTS)
    loaded = load_bundle(bundle)
    (entry,) = loaded.info.metrics
    assert (entry.dataset, entry.split, entry.date) == ("six", "full pictures, fixed", "2025-01-31")
    assert entry.command == FACTS["command"]
    assert entry.values["accuracy"] == pytest.approx(0.8)
    assert entry.values["accuracy_low"] <= 0.8 <= entry.values["accuracy_high"]
    assert "recall_neutral" not in entry.values
    assert loaded.graph == graph
    assert {path.name for path in bundle.iterdir()} == {"model.onnx", "model.json", "CARD.md"}


def test_for_whom_is_recorded_with_the_figures(bundle: Path, summary: Summary) -> None:
    near = Estimate(0.8, 0.7, 0.9)
    slices = [Slice("sex", part, 90, near, near, (near,) * 4, 0.8, 0.9) for part in "FM"]
    persons = Persons(9, 90, near, 1, near, 0.7)
    record(bundle, Evaluated(summary, (Slices(tuple(slices)), persons)), **FACTS)
    (entry,) = load_bundle(bundle).info.metrics
    assert [(info.measure, info.part, info.faces) for info in entry.slices] == [
        ("sex", "F", 90),
        ("sex", "M", 90),
    ]
    assert entry.values["accuracy_of_worst_tenth_high"] == 0.9
    card = (bundle / "CARD.md").read_text()
    assert card.index(FOR_WHOM) < card.index("Measured by:") < card.index(END)
    assert "No source here tells age or ethnicity." in card


def test_only_the_same_data_set_and_split_is_replaced(bundle: Path, summary: Summary) -> None:
    for name, date in (("six", "2025-01-01"), ("other", "2025-01-02"), ("six", "2025-01-03")):
        info = record(bundle, Evaluated(rename(summary, name)), command="x", date=date)
    assert [(entry.dataset, entry.date) for entry in info.metrics] == [
        ("six", "2025-01-03"),
        ("other", "2025-01-02"),
    ]
    card = (bundle / "CARD.md").read_text()
    assert card.count(START) == card.count(END) == 1
    assert "2025-01-01" not in card
    assert "2025-01-02" in card


def test_the_rest_of_the_card_stays(bundle: Path, summary: Summary) -> None:
    text = f"# Card\n\nBefore.\n\n{START}\nold figures\n{END}\n\nAfter.\n"
    (bundle / "CARD.md").write_text(text)
    record(bundle, Evaluated(summary), **FACTS)
    card = (bundle / "CARD.md").read_text()
    assert card.startswith(f"# Card\n\nBefore.\n\n{START}\n| data set |")
    assert card.endswith(f"```\n{FACTS['command']}\n```\n{END}\n\nAfter.\n")
    assert "old figures" not in card


def test_a_card_without_markers_gets_a_heading_and_a_table(bundle: Path, summary: Summary) -> None:
    (bundle / "CARD.md").unlink()
    record(bundle, Evaluated(summary), **FACTS)
    assert (bundle / "CARD.md").read_text().startswith(f"# tiny\n\n## Figures\n\n{START}\n|")


@pytest.mark.parametrize(
    "card", [START, END, f"{END} {START}", f"{START} {END} {END}", f"{START} {START} {END}"]
)
def test_broken_markers_are_an_error(card: str, summary: Summary) -> None:
    with pytest.raises(BundleError, match="CARD"):
        with_table(card, summary.evaluation.model, Path("CARD.md"))


def test_a_bundle_that_has_changed_is_not_credited(bundle: Path, summary: Summary) -> None:
    model = msgspec.structs.replace(summary.evaluation.model, sha256="1" * 64)
    other = dataclasses.replace(
        summary, evaluation=dataclasses.replace(summary.evaluation, model=model)
    )
    with pytest.raises(BundleError, match="has changed"):
        record(bundle, Evaluated(other), **FACTS)
    assert load_bundle(bundle).info.metrics == ()


def test_a_signed_figure_is_written_with_its_sign() -> None:
    ends = {"confidence_gap_low": -0.02, "confidence_gap_high": 0.0312}
    one = MetricsInfo("wild", "all", "2025-01-31", {"confidence_gap": 0.0112, **ends}, "first")
    lines = metrics_table([one]).splitlines()
    assert lines[0] == "| data set | split | faces | confidence − accuracy | measured |"
    assert lines[2] == "| wild | all | 0 | +0.011 (-0.020 to +0.031) | 2025-01-31 |"


def test_other_classes_have_a_table_of_their_own(
    bundle: Path, summary: Summary, others: Others
) -> None:
    record(bundle, Evaluated(summary), **FACTS)
    assert "does not know" not in (bundle / "CARD.md").read_text()
    record(bundle, Evaluated(rename(summary, "wider"), (others,)), **FACTS)
    values = load_bundle(bundle).info.metrics[1].values
    assert (values["others_faces"], values["others_named"], values["others_auroc"]) == (
        30,
        0.3,
        0.9,
    )
    assert (values["named_fear"], values["named_fear_low"]) == (0.4, 0.25)
    lines = (bundle / "CARD.md").read_text().splitlines()
    head = "| data set | split | faces | all | fear | contempt | AUROC | of its own classes |"
    shares = "30.0% (20.0–40.0) | 40.0% (25.0–50.0) | 10.0% (0.0–30.0) | 0.900 (0.850–0.950)"
    assert lines[lines.index(head) + 2] == (
        f"| wider | full pictures, fixed | 30 | {shares} | 100.0% |"
    )


def test_the_table_shows_intervals_and_gaps() -> None:
    values = {"faces": 2815.0, "accuracy": 0.875, "accuracy_low": 0.862, "accuracy_high": 0.887}
    one = MetricsInfo("a|b", "test", "2025-01-31", values | {"recall_sad": 0.5}, "first")
    two = MetricsInfo("wild", "all", "2025-01-31", {"faces": 9.0, "ece": 0.0312}, "second")
    lines = metrics_table([one, two]).splitlines()
    assert lines[0] == "| data set | split | faces | accuracy | ECE | measured |"
    assert lines[2] == "| a\\|b | test | 2,815 | 87.5% (86.2–88.7) | – | 2025-01-31 |"
    assert lines[3] == "| wild | all | 9 | – | 0.031 | 2025-01-31 |"
    assert "| wild | all | – |" in lines
    assert lines[-3:] == ["first", "second", "```"]
