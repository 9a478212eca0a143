"""A class is the same class however its name is written."""

import unicodedata

import pytest

from mien.datasets.inputs.class_names import find_class, pair_classes

DECOMPOSED = unicodedata.normalize("NFD", "fröhlich")


@pytest.mark.parametrize(
    ("name", "classes", "number"),
    [
        ("happy", ("sad", "happy"), 1),
        ("Happy", ("sad", "happy"), 1),
        ("sad ", ("SAD", "happy"), 0),
        (DECOMPOSED, ("traurig", "Fröhlich"), 1),
        ("joy", ("sad", "happy"), None),
        # What is written just so goes first, and which of two is meant cannot be told.
        ("happy", ("Happy", "happy"), 1),
        ("HAPPY", ("Happy", "happy"), None),
        ("", (), None),
    ],
)
def test_a_class_is_found_however_it_is_written(
    name: str, classes: tuple[str, ...], number: int | None
) -> None:
    assert find_class(name, classes) == number


@pytest.mark.parametrize(
    ("names", "classes", "pairs"),
    [
        (("sad", "happy"), ("happy", "angry", "sad"), {0: 2, 1: 0}),
        (("Sadness", "calm"), ("Calm", "sad"), {0: 1, 1: 0}),
        (("scared", "joy"), ("happiness", "fear"), {0: 1, 1: 0}),
        # Each once: what is written alike goes first, and what may be two is none.
        (("joy", "happy"), ("happy", "sad"), {1: 0}),
        (("joy", "joyful"), ("happy", "sad"), {}),
        (("calm",), ("bored",), {}),
        ((), ("happy",), {}),
    ],
)
def test_classes_are_paired_by_what_they_mean(
    names: tuple[str, ...], classes: tuple[str, ...], pairs: dict[int, int]
) -> None:
    assert pair_classes(names, classes) == pairs
