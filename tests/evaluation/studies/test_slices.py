"""Which parts of the faces are read worse is said in words."""

import dataclasses
from collections.abc import Callable
from typing import Any

from tests.evaluation.pages import NAN, UNKNOWN, near

from mien.evaluation.figures.slicing import Slice
from mien.evaluation.figures.summary import Estimate
from mien.evaluation.pictures.measures import SKIN


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
