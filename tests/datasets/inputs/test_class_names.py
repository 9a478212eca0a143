"""A class is the same class however its name is written."""

import unicodedata

import pytest

from mien.datasets.inputs.class_names import find_class

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
