"""From answers to figures: what a missing face counts, and what cannot be said."""

import dataclasses
import math

import numpy as np
import pytest

from mien.evaluation.figures.summary import summarise
from mien.evaluation.predictions import Answers, Evaluation
from mien.models.info import ModelInfo


def test_a_missing_face_is_out_of_the_accuracy_and_wrong_in_the_other(
    evaluation: Evaluation,
) -> None:
    summary = summarise(evaluation, resamples=0)
    values = {name: figure.value for name, figure in summary.figures.items()}
    assert values["accuracy"] == pytest.approx(4 / 5)
    assert values["accuracy_all_pictures"] == pytest.approx(4 / 6)
    assert values["face_found"] == pytest.approx(5 / 6)
    assert values["balanced_accuracy"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert values["balanced_accuracy_all_pictures"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert (summary.faces, summary.pictures) == (5, 6)


def test_what_is_answered_is_judged_at_the_bundles_threshold(evaluation: Evaluation) -> None:
    values = summarise(evaluation, resamples=0).figures
    assert values["answered"].value == pytest.approx(4 / 5)
    assert values["accuracy_of_answered"].value == pytest.approx(3 / 4)


def test_something_else_changes_what_is_answered_and_nothing_that_is_read(
    evaluation: Evaluation,
) -> None:
    plain = summarise(evaluation, resamples=0)
    other = np.array([0.3, 0, 0, 0.5, 0.6, 0], np.float32)
    answers = dataclasses.replace(evaluation.answers, other=other)
    wide = summarise(dataclasses.replace(evaluation, answers=answers), resamples=0)
    ranked = {"answered", "accuracy_of_answered", "accuracy_at_80_coverage"}
    for name in plain.figures.keys() - ranked:
        np.testing.assert_equal(wide.figures[name].value, plain.figures[name].value)
    # 0.7 and 0.9 and 1 of the labels are 0.49, 0.45 and 0.4 of all.
    assert wide.figures["answered"].value == pytest.approx(1 / 5)
    assert wide.figures["accuracy_of_answered"].value == 1
    # The wrong answer is no longer the surest but one.
    assert plain.risk_coverage.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert wide.risk_coverage.risk[:2].tolist() == [0, 0]


def test_classes(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=0)
    angry, sad, happy, neutral = summary.classes
    assert (angry.faces, angry.recall.value, angry.precision.value) == pytest.approx((2, 1, 2 / 3))
    assert (sad.faces, sad.recall.value, sad.without_face) == (2, 0.5, 0)
    assert (happy.faces, happy.without_face) == (1, 1)
    assert math.isnan(neutral.recall.value)
    assert summary.absent == ("neutral",)


def test_cropped_faces_have_no_figures_of_missing_ones(evaluation: Evaluation) -> None:
    answers = evaluation.answers
    found = Answers(
        answers.truth[:5], answers.probabilities[:5], answers.origins[:5], answers.groups[:5]
    )
    cropped = dataclasses.replace(evaluation, detector=None, answers=found)
    figures = summarise(cropped, resamples=0).figures
    assert "face_found" not in figures
    assert figures["accuracy"].value == pytest.approx(4 / 5)


def test_intervals_hold_the_value_and_are_drawn_over_groups(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=200, seed=1)
    figure = summary.figures["accuracy"]
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert figure.low < figure.high
    assert summary.groups == 4
    again = summarise(evaluation, resamples=200, seed=1)
    assert again.figures["ece"] == summary.figures["ece"]


def calibrated(info: ModelInfo, seed: int, excess: float = 0.0) -> Evaluation:
    """600 faces that are read rightly as often as the confidence says, less `excess`."""
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.4 + excess, 1, 600)
    right = random.random(600) < confidence - excess
    probabilities = np.tile((1 - confidence[:, None]) / 3, 4).astype(np.float32)
    probabilities[:, 0] = confidence
    truth = np.where(right, 0, 1)
    alone = ("",) * 600
    return Evaluation(info, "made", "test", Answers(truth, probabilities, alone, alone))


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_of_the_calibration_error_holds_it(info: ModelInfo, seed: int) -> None:
    figures = summarise(calibrated(info, seed), resamples=100).figures
    error, gap = figures["ece"], figures["confidence_gap"]
    assert 0 <= error.low < error.value < error.high
    # There is none: what is left is noise, of whichever sign.
    assert gap.low < 0 < gap.high


@pytest.mark.parametrize(("excess", "sign"), [(0.15, 1), (-0.15, -1)])
def test_confidence_minus_accuracy_has_a_sign(info: ModelInfo, excess: float, sign: int) -> None:
    gap = summarise(calibrated(info, 0, excess), resamples=100).figures["confidence_gap"]
    assert gap.value == pytest.approx(excess, abs=0.05)
    assert sign * gap.low > 0
    assert sign * gap.high > 0


def test_persons_are_drawn_for_the_figures_over_all_pictures(evaluation: Evaluation) -> None:
    """Three copies of every picture tell nothing new where each is the same person's."""
    answers = evaluation.answers
    alone = tuple(f"person {row}" for row in range(6))
    one, copies = (
        dataclasses.replace(
            evaluation,
            answers=Answers(
                np.tile(answers.truth, times),
                np.tile(answers.probabilities, (times, 1)),
                answers.origins * times,
                alone * times,
            ),
        )
        for times in (1, 3)
    )
    first, second = (summarise(each, resamples=200).figures for each in (one, copies))
    for key in ("balanced_accuracy_all_pictures", "accuracy_all_pictures", "face_found"):
        assert dataclasses.astuple(second[key]) == pytest.approx(dataclasses.astuple(first[key]))
        assert second[key].low < second[key].high


def test_no_resamples_give_no_intervals(evaluation: Evaluation) -> None:
    figure = summarise(evaluation, resamples=0).figures["accuracy"]
    assert math.isnan(figure.low)
    assert math.isnan(figure.high)


@pytest.mark.parametrize(
    ("truth", "rows", "names"), [([0, 4], 2, 2), ([0, 1], 1, 2), ([0, 1], 2, 1)]
)
def test_answers_that_do_not_fit_together_are_refused(
    truth: list[int], rows: int, names: int
) -> None:
    with pytest.raises(ValueError, match=r"truth|probabilities|origins"):
        Answers(np.array(truth), np.full((rows, 4), 0.25, np.float32), ("a",) * names, ("",) * 2)
