"""Faces of classes that the bundle does not know: the page says how many get a word."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from mien.evaluation.studies.others import Others
from mien.evaluation.summary import Estimate


def test_the_share_that_gets_a_word_is_told_in_words_and_by_class(
    make_page: Callable[..., Any], others: Others
) -> None:
    page = make_page(others=others)
    assert "30 of 100 faces (20 to 40) of classes that the model does not know get a" in page.text
    assert "Most often fear gets one: 40 of 100 (25 to 50) (20 faces)." in page.text
    cells = page.texts["td"]
    assert "happy, 25%" in cells
    assert "neutral, 10%" in cells
    assert "0.900" in page.texts["dd"]
    assert "80.0%" in page.texts["dd"]


def test_one_class_is_not_called_the_worst(make_page: Callable[..., Any], others: Others) -> None:
    page = make_page(others=dataclasses.replace(others, classes=others.classes[:1]))
    assert "Most often fear" not in page.text


def test_without_a_face_nothing_is_claimed(make_page: Callable[..., Any], others: Others) -> None:
    unknown = Estimate(math.nan, math.nan, math.nan)
    fear = dataclasses.replace(others.classes[0], faces=0, named=unknown, words=(0.0,) * 4)
    nobody = dataclasses.replace(others, classes=(fear,), faces=0, named=unknown, worst="")
    page = make_page(others=nobody)
    assert "No face of a class that the model does not know was found." in page.text
