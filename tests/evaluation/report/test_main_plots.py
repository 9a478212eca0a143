"""The plots show the figures; they were looked at by eye when they were made."""

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from mien.evaluation.figures.summary import Summary, summarise
from mien.evaluation.predictions import Answers, Evaluation

pytest.importorskip("matplotlib", reason="needs the extra [train]")
from mien.evaluation.report import main_plots as plots
from mien.evaluation.studies.corruptions import Corruptions
from mien.evaluation.studies.crop_scales import CropScales
from mien.vision.figures import render


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
    assert shown[-1] == '"not sure" below 0.50: coverage 80.0%, selective accuracy 75.0%'


def test_a_threshold_that_leaves_nothing_is_not_marked(evaluation: Evaluation) -> None:
    probabilities = np.full((6, 4), 0.25, np.float32)
    answers = dataclasses.replace(evaluation.answers, probabilities=probabilities)
    unsure = dataclasses.replace(evaluation, answers=answers)
    shown = texts(plots.risk_coverage_plot(summarise(unsure, resamples=0)))
    assert not [text for text in shown if "not sure" in text]


def test_plots_are_pictures(evaluation: Evaluation) -> None:
    summary = summarise(evaluation, resamples=0)
    for draw in (plots.confusion_plot, plots.reliability_plot, plots.risk_coverage_plot):
        with Image.open(io.BytesIO(render(draw(summary)))) as image:
            image.load()
            assert min(image.size) > 600


def test_many_classes_are_drawn_without_numbers_in_the_cells(evaluation: Evaluation) -> None:
    labels = tuple(f"class {number}" for number in range(25))
    probabilities = np.full((25, 25), 0.04, np.float32)
    answers = Answers(np.arange(25), probabilities, ("",) * 25, ("",) * 25)
    model = msgspec.structs.replace(evaluation.model, labels=labels)
    many = dataclasses.replace(evaluation, model=model, answers=answers)
    figure = plots.confusion_plot(summarise(many, resamples=0))
    assert not figure.axes[0].texts


def test_plots_say_their_figures_to_those_who_cannot_see_them(
    make_summary: Callable[..., Summary], everything: dict[str, Any]
) -> None:
    summary = make_summary()
    studies = Corruptions(everything["corruptions"]), CropScales(everything["crop_scales"])
    drawn = [*plots.main_plots(summary), *(plot for one in studies for plot in one.plots(summary))]
    expected = ("75.0% of 100 sad faces", "2.0 points", "80% coverage", "Blur: ", "scale 1.07")
    for plot, words in zip(drawn, expected, strict=True):
        assert words in plot.text
    assert "accuracy 84.0%" in drawn[2].text
