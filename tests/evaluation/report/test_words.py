"""The words say what the figures say, and no more."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.evaluation.figures.summary import Estimate, Summary
from mien.evaluation.report.words import hundred

NAN = math.nan


def test_the_first_paragraph_says_the_figures_in_plain_words(make_page: Callable[..., Any]) -> None:
    lead = " ".join(make_page().texts["p"])
    assert "Of 100 faces it reads 84 rightly." in lead
    assert "It says “not sure” for 0 of 100; of the answers that it does give, 84 of 100" in lead
    assert "It most often takes sad for neutral: 20 of 100 sad faces." in lead
    assert "reads happy best, 100 of 100 rightly, and sad worst, 75 of 100." in lead
    assert "Always answering angry, without looking, would be right for 25 of 100." in lead
    assert (
        "differs by 2.0 points of 100 on average from how often it is right; it is mostly" in lead
    )
    assert "In brackets" not in lead


@pytest.mark.parametrize(("confidence", "word"), [(0.95, "too sure"), (0.75, "not sure enough")])
def test_the_direction_of_miscalibration_is_told(
    confidence: float,
    word: str,
    make_summary: Callable[..., Summary],
    make_page: Callable[..., Any],
) -> None:
    assert f"it is mostly {word}." in make_page(make_summary(confidence=confidence)).text


@pytest.mark.parametrize(("confidence", "written"), [(0.95, "+0.110"), (0.75, "−0.090")])
def test_confidence_minus_accuracy_is_shown_with_its_sign(
    confidence: float,
    written: str,
    make_summary: Callable[..., Summary],
    make_page: Callable[..., Any],
) -> None:
    assert written in make_page(make_summary(confidence=confidence)).texts["td"]


def test_intervals_are_in_the_words_and_tables_where_there_are_any(
    make_summary: Callable[..., Summary], make_page: Callable[..., Any]
) -> None:
    summary = make_summary(resamples=50)
    figure, page = summary.figures["accuracy"], make_page(summary)
    assert f"84 rightly ({100 * figure.low:.0f} to {100 * figure.high:.0f})." in page.text
    assert f"{100 * figure.low:.1f} to {100 * figure.high:.1f}%" in page.texts["td"]
    assert "In brackets: 95% intervals." in page.text
    assert "50 bootstrap draws of 400 groups, seed 0" in page.text


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (Estimate(0.843, 0.828, 0.857), "84 of 100 (83 to 86)"),
        (Estimate(0.843, 0.842, 0.844), "84.3 of 100 (84.2 to 84.4)"),
        (Estimate(1.0, 1.0, 1.0), "100 of 100 (100 to 100)"),
        (Estimate(0.998, NAN, NAN), "99.8 of 100"),
        (Estimate(0.9997, NAN, NAN), "99.97 of 100"),
        (Estimate(0.5, NAN, NAN), "50 of 100"),
    ],
)
def test_whole_numbers_hide_nothing(estimate: Estimate, said: str) -> None:
    assert hundred(estimate, "of 100") == said


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_number_of_a_hundred_is_within_half_of_it(value: float, low: float, high: float) -> None:
    said = hundred(Estimate(value, low, high), "of 100")
    numbers = [float(number) for number in re.findall(r"[\d.]+", said.replace("of 100", ""))]
    assert numbers == pytest.approx([100 * value, 100 * low, 100 * high], abs=0.501)


def test_confusions_come_by_their_share_and_those_of_few_faces_last(
    make_summary: Callable[..., Summary], make_page: Callable[..., Any]
) -> None:
    summary = make_summary(((1, 2, 0, 0), (30, 70, 0, 0), (0, 0, 50, 0), (0, 20, 0, 30)))
    lines = make_page(summary).texts["li"][-3:]
    assert [line.split(":")[0] for line in lines] == [
        "neutral is taken for sad",
        "sad is taken for angry",
        "angry is taken for sad",
    ]
    assert lines[0].endswith("40 of 100 faces (20 of 50).")
