"""Folds and persons: what is said of each, of their mean and of their spread."""

import csv
import io
import math

import numpy as np
import pytest

from mien.datasets.records import PHOTO_GROUP
from mien.evaluation.figures.summary import summarise
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.report.parts import Paragraph, Table
from mien.evaluation.studies.folds import Folds, by_fold
from mien.models.info import ModelInfo

# Name → (fold, true classes, which of these are read rightly).
PEOPLE = {
    "ann": (1, (0, 0, 1, 1), (1, 1, 1, 0)),
    "bob": (2, (0, 0, 0), (1, 0, 0)),
    f"{PHOTO_GROUP}7": (2, (1,), (1,)),
    "cyd": (2, (0, 1), (1, 1)),
}


@pytest.fixture
def made(info: ModelInfo) -> Evaluation:
    rows = [
        (name, fold, truth, truth if right else 1 - truth)
        for name, (fold, truths, rights) in PEOPLE.items()
        for truth, right in zip(truths, rights, strict=True)
    ]
    names, folds, truths, said = zip(*rows, strict=True)
    probabilities = np.full((len(rows), 4), 0.1, np.float32)
    probabilities[np.arange(len(rows)), said] = 0.7
    answers = Answers(np.array(truths), probabilities, names, names)
    below = np.where(np.array(folds) == 1, 0.5, 0.9)
    return Evaluation(info, "made", "left out", answers, folds=np.array(folds), thresholds=below)


@pytest.fixture
def found(made: Evaluation) -> Folds:
    result = by_fold(made, resamples=50)
    assert result is not None
    return result


def test_folds_are_counted_alike(found: Folds) -> None:
    first, second = found.folds
    assert (first.persons, first.faces, first.accuracy) == (1, 4, 0.75)
    assert (second.persons, second.faces, second.accuracy) == (3, 6, pytest.approx(4 / 6))
    over = found.over_folds["accuracy"]
    assert over.mean.value == pytest.approx((0.75 + 4 / 6) / 2)
    assert over.deviation == pytest.approx(np.std([0.75, 4 / 6], ddof=1))
    assert math.isnan(over.mean.low)


def test_persons_are_those_of_whom_it_is_known(found: Folds) -> None:
    assert [(part.name, part.fold) for part in found.persons] == [
        ("ann", 1),
        ("bob", 2),
        ("cyd", 2),
    ]
    over = found.over_persons["accuracy"]
    assert over.mean.value == pytest.approx((0.75 + 1 / 3 + 1) / 3)
    assert over.mean.low <= over.mean.value <= over.mean.high
    assert "ece" not in found.over_persons


def test_who_shows_one_class_has_its_recall_and_the_number_is_said(found: Folds) -> None:
    bob = found.persons[1]
    assert (bob.faces, bob.classes, bob.balanced_accuracy) == (3, 1, pytest.approx(1 / 3))


def test_not_sure_is_what_each_bundle_takes_for_it(made: Evaluation) -> None:
    summary = summarise(made, resamples=0)
    assert summary.figures["answered"].value == pytest.approx(0.4)
    assert summary.figures["accuracy_of_answered"].value == 0.75


def test_one_bundle_has_no_folds(made: Evaluation) -> None:
    assert by_fold(Evaluation(made.model, "made", "test", made.answers)) is None


def test_tables_hold_every_part(found: Folds) -> None:
    tables = {
        name: list(csv.DictReader(io.StringIO(data.decode())))
        for name, data in found.tables().items()
    }
    assert [row["faces"] for row in tables["folds.csv"]] == ["4", "6"]
    assert [row["name"] for row in tables["persons.csv"]] == ["ann", "bob", "cyd"]
    assert float(tables["persons.csv"][0]["accuracy"]) == 0.75


def test_it_is_written_and_drawn(found: Folds, made: Evaluation) -> None:
    pytest.importorskip("matplotlib", reason="drawing needs the extra [train]")
    summary = summarise(made, resamples=50)
    section = found.section(summary)
    text, *tables = section.parts
    assert isinstance(text, Paragraph)
    assert "Over 2 folds the mean accuracy is 70.8%, with a spread of 5.9 points" in text.text
    assert "over all faces it is 70.0%" in text.text
    assert "The mean person, of 3, is read rightly 69.4% of the time (" in text.text
    assert len(tables) == 3
    for table in tables:
        assert isinstance(table, Table)
        assert {len(row) for row in table.rows} == {len(table.heads)}
    (plot,) = found.plots(summary)
    assert plot.draw().axes[0].get_ylabel() == "accuracy"
    assert len(found.shown(summary)) == 2


def test_without_known_persons_folds_alone_are_told(info: ModelInfo) -> None:
    answers = Answers(np.array([0, 1]), np.eye(4, dtype=np.float32)[:2], ("a", "b"), ("", ""))
    evaluation = Evaluation(
        info, "made", "left out", answers, folds=np.array([1, 1]), thresholds=np.array([0.5, 0.5])
    )
    found = by_fold(evaluation)
    assert found is not None
    assert not found.persons
    assert set(found.tables()) == {"folds.csv"}
    assert math.isnan(found.over_folds["accuracy"].deviation)
    summary = summarise(evaluation, resamples=0)
    assert "spread" not in found.verdict(summary)
    assert len(found.shown(summary)) == 1
