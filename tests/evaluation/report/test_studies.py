"""Slices, corruptions, comparison, framing: what they found is said in words."""

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from mien.evaluation.measures import SKIN
from mien.evaluation.studies.compare import Comparison
from mien.evaluation.studies.corruptions import CorruptionPoint
from mien.evaluation.studies.crop_scales import CropScalePoint
from mien.evaluation.studies.persons import Persons
from mien.evaluation.studies.slices import Slice
from mien.evaluation.summary import Estimate

NAN = math.nan
UNKNOWN = Estimate(NAN, NAN, NAN)


def near(value: float, width: float = 0.02) -> Estimate:
    return Estimate(value, value - width, value + width)


def test_slices_that_are_clearly_worse_are_named_in_words(
    make_page: Callable[..., Any], make_slice: Callable[..., Slice]
) -> None:
    parts = [
        make_slice("dark", near(0.7), near(0.84)),
        make_slice("touching", near(0.82), near(0.82)),
        make_slice("lopsided", near(0.84), near(0.6), lacks=1),
        make_slice("unknown", UNKNOWN, UNKNOWN),
    ]
    page = make_page(slices=parts)
    whole = "(accuracy 84.0%, balanced accuracy 84.0%)"
    assert (
        f"worse than all faces together {whole}: dark, with accuracy 70.0% on 90 faces."
        in page.text
    )
    verdicts = [text for text in page.texts["td"] if "worse" in text]
    assert verdicts == ["clearly worse in accuracy", *["not clearly worse"] * 2]


def test_persons_are_told_in_words(make_page: Callable[..., Any]) -> None:
    persons = Persons(50, 400, near(0.8), 5, near(0.5), 0.546)
    page = make_page(persons=persons)
    assert "Of 50 persons with 5 faces or more, the mean person is read rightly 80.0%" in page.text
    assert "the worst tenth (5 persons) 50.0%." in page.text
    assert "the worst tenth would be at 54.6%." in page.text
    assert "Who is read worse" in page.texts["h2"]


def test_a_measure_that_can_be_misread_has_a_note(
    make_page: Callable[..., Any], make_slice: Callable[..., Slice]
) -> None:
    skin = dataclasses.replace(make_slice("dark", near(0.7), near(0.8)), measure=SKIN)
    assert "It mixes skin, light and camera" in make_page(slices=[skin]).text
    assert "It mixes" not in make_page(slices=[make_slice("dark", near(0.7), near(0.8))]).text


def test_balanced_accuracy_is_compared_over_the_same_classes(
    make_page: Callable[..., Any], make_slice: Callable[..., Slice]
) -> None:
    page = make_page(slices=[make_slice("dark", near(0.84), near(0.6))])
    assert "clearly worse in balanced accuracy" in page.texts["td"]


def test_a_part_of_few_faces_is_not_called_worse(
    make_page: Callable[..., Any], make_slice: Callable[..., Slice]
) -> None:
    page = make_page(slices=[make_slice("dark", near(0, 0), near(0, 0), faces=1)])
    assert "too few faces" in page.texts["td"]
    assert "No part is read clearly worse" in page.text


def test_without_intervals_no_slice_is_called_worse_or_not(
    make_page: Callable[..., Any], make_slice: Callable[..., Slice]
) -> None:
    bare = Estimate(0.2, NAN, NAN)
    page = make_page(slices=[make_slice("dark", bare, bare)])
    assert "Without intervals" in page.text
    assert not [text for text in page.texts["td"] if "worse" in text]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (((0.8, 0.8), (0.7, 0.7), (0.6, 0.6)), "falls as pictures get worse. Dark: Acc"),
        (((0.8, 0.8), (0.7, 0.79), (0.6, 0.78)), "but too little. In the worst pictures it is too"),
        (((0.8, 0.8), (0.7, 0.85)), "does not fall although accuracy does. In the worst pict"),
        (((0.8, 0.8), (0.79, 0.81)), "accuracy holds, so confidence need not fall. Dark: Acc"),
    ],
)
def test_a_sentence_says_whether_confidence_falls(
    steps: tuple[tuple[float, float], ...],
    said: str,
    make_points: Callable[..., list[CorruptionPoint]],
    make_page: Callable[..., Any],
) -> None:
    points = [*make_points("blur", *steps), *make_points("dark", (0.9, 0.9), (0.7, 0.7))]
    page = make_page(corruptions=points, plots={"As pictures get worse": b""})
    assert page.texts["h3"] == ["Blur", "Dark"]
    assert re.search(r"Confidence falls as pictures get worse: (blur, )?dark\.", page.text)
    assert f"Accuracy goes from 80.0% to {steps[-1][0]:.1%}, conf" in page.text
    assert said in str(page.values("img", "alt")[0])


@pytest.mark.parametrize(
    ("only_second", "p_value", "said"),
    [
        (31, 0.004, "come by chance in 0.4% of cases. So new is better on faces like these."),
        (1, 0.0000001, "come by chance in fewer than 0.01% of cases. So old is better"),
        (12, 1.0, "in 100.0% of cases. So these faces do not show that one of them is better."),
        (31, NAN, "reads 31 faces rightly that old misreads, and misreads 12 that old reads right"),
    ],
)
def test_a_comparison_is_told_in_words(
    only_second: int, p_value: float, said: str, make_page: Callable[..., Any]
) -> None:
    comparison = Comparison(
        "old", "new", 400, 300, 12, only_second, 57, p_value, near(0.004), near(-0.01)
    )
    page = make_page(comparison=comparison)
    assert said in page.text
    assert "−1.6 to 2.4%" in page.texts["td"]


def test_a_comparison_on_shared_classes_says_which(make_page: Callable[..., Any]) -> None:
    parts = (400, 300, 12, 31, 57, 0.004, near(0.004), near(-0.01))
    page = make_page(comparison=Comparison("old", "new", *parts, ("sad", "calm"), 70))
    assert "of those that both know (sad, calm)" in page.text
    assert "of other classes: 70 faces" in page.text


def test_the_framing_is_told_with_the_range_that_does_as_well(
    make_page: Callable[..., Any],
) -> None:
    values = {1.2: 0.80, 0.8: 0.70, 1.0: 0.83, 1.1: 0.84, 1.3: 0.83}
    points = [CropScalePoint(x, 9, near(v), near(v), 0.02) for x, v in values.items()]
    page = make_page(crop_scales=points)
    assert "At crop scale 1.1 most is read rightly, 84.0%; from 1 to 1.1 accuracy" in page.text
    assert page.texts["th"][-5:] == ["0.8", "1", "1.1", "1.2", "1.3"]
    alone = make_page(crop_scales=[points[0], points[1]])
    assert "its neighbours are not within 2 points" in alone.text
