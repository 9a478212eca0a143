"""The plots show the figures; they were looked at by eye when they were made."""

import dataclasses
import io

import msgspec
import numpy as np
import pytest
from PIL import Image

from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.corruptions import CorruptionPoint
from mien.evaluation.studies.crop_scales import CropScalePoint
from mien.evaluation.summary import Estimate, summarise

pytest.importorskip("matplotlib", reason="needs the extra [train]")
from mien.evaluation.report import plots


def texts(figure) -> list[str]:
    axes = figure.axes[0]
    legend = axes.get_legend()
    return [
        axes.get_title(),
        *(text.get_text() for text in axes.texts),
        *(text.get_text() for text in (legend.get_texts() if legend else [])),
    ]


def test_confusion_shows_shares_and_counts(evaluation: Evaluation) -> None:
    shown = texts(plots.confusion_plot(summarise(evaluation, resamples=0)))
    assert shown[0] == "gray 1.0 on six (full pictures, fixed)\naccuracy 80.0%, 5 faces"
    assert shown[1:5] == ["100%\n2", "0", "0", "0"]
    assert shown[5:7] == ["50%\n1", "50%\n1"]
    assert shown[-4:] == ["–"] * 4


def test_intervals_are_in_the_title_where_there_are_any(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=20)
    interval = summary.figures["accuracy"]
    title = texts(plots.confusion_plot(summary))[0]
    assert f"accuracy 80.0% ({interval.low:.1%} to {interval.high:.1%})" in title


def test_reliability_bars_are_the_bins(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=0)
    figure = plots.reliability_plot(summary)
    bars, gaps = figure.axes[0].containers
    accuracy, confidence = summary.reliability.accuracy, summary.reliability.confidence
    known = ~np.isnan(accuracy)
    np.testing.assert_allclose([bar.get_height() for bar in bars], accuracy[known])
    tops = [bar.get_y() + bar.get_height() for bar in gaps]
    np.testing.assert_allclose(tops, confidence[known])
    counts = [bar.get_height() for bar in figure.axes[1].containers[0]]
    np.testing.assert_allclose(counts, summary.reliability.counts)


def test_risk_coverage_marks_the_threshold(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=0)
    shown = texts(plots.risk_coverage_plot(summary))
    assert shown[-1] == '"not sure" below 0.50: 80.0% answered, 75.0% right'


def test_a_threshold_that_leaves_nothing_is_not_marked(evaluation: Evaluation) -> None:
    probabilities = np.full((6, 4), 0.25, np.float32)
    answers = dataclasses.replace(evaluation.answers, probabilities=probabilities)
    unsure = dataclasses.replace(evaluation, answers=answers)
    shown = texts(plots.risk_coverage_plot(summarise(unsure, resamples=0)))
    assert not [text for text in shown if "not sure" in text]


def test_plots_are_pictures(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=0)
    for draw in (plots.confusion_plot, plots.reliability_plot, plots.risk_coverage_plot):
        with Image.open(io.BytesIO(plots.to_png(draw(summary)))) as image:
            image.load()
            assert min(image.size) > 600


def estimates(*values: float) -> list[Estimate]:
    return [Estimate(value, value - 0.1, value + 0.1) for value in values]


def test_corruptions_have_a_panel_each_with_lines_told_apart(evaluation: Evaluation) -> None:
    points = [
        CorruptionPoint(name, severity, f"level {severity}", 9, right, right, 0, 0.8, 0.7)
        for name in ("blur", "JPEG", "low light", "noise", "fog")
        for severity, right in enumerate(estimates(0.9, 0.8, 0.6))
    ]
    figure = plots.corruption_plot(summarise(evaluation, resamples=0), points)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown[:2]] == ["blur\nto level 2", "JPEG\nto level 2"]
    assert len(shown) == 5
    accuracy, confidence, answered = shown[0].get_lines()
    assert [list(line.get_ydata()) for line in (accuracy, confidence, answered)] == [
        [0.9, 0.8, 0.6],
        [0.8] * 3,
        [0.7] * 3,
    ]
    styles = {(line.get_linestyle(), line.get_marker()) for line in shown[0].get_lines()}
    assert len(styles) == 3
    assert "9 faces" in figure.get_suptitle()


def test_crop_scales_are_drawn_with_the_models_own_marked(evaluation: Evaluation) -> None:
    points = [
        CropScalePoint(scale, 9, right, balanced, 0)
        for scale, right, balanced in zip(
            (0.8, 1.0, 1.2), estimates(0.7, 0.8, 0.9), estimates(0.5, 0.6, 0.4), strict=True
        )
    ]
    figure = plots.crop_scale_plot(summarise(evaluation, resamples=0), points)
    accuracy, balanced, own = figure.axes[0].get_lines()
    assert list(accuracy.get_xdata()) == [0.8, 1.0, 1.2]
    assert list(balanced.get_ydata()) == [0.5, 0.6, 0.4]
    assert accuracy.get_linestyle() != balanced.get_linestyle()
    assert set(own.get_xdata()) == {evaluation.model.input.crop_scale}
    assert "highest balanced accuracy 60.0% at crop scale 1," in figure.axes[0].get_title()


def test_many_classes_are_drawn_without_numbers_in_the_cells(evaluation: Evaluation) -> None:
    labels = tuple(f"class {number}" for number in range(25))
    probabilities = np.full((25, 25), 0.04, np.float32)
    answers = Answers(np.arange(25), probabilities, ("",) * 25, ("",) * 25)
    model = msgspec.structs.replace(evaluation.model, labels=labels)
    many = dataclasses.replace(evaluation, model=model, answers=answers)
    figure = plots.confusion_plot(summarise(many, resamples=0))
    assert not figure.axes[0].texts
