"""A word that says that somebody is not known is nobody's name."""

import pytest

from mien.datasets.inputs.nobody import is_nobody
from mien.datasets.inputs.patterns import GroupPattern


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "NA", "na", "N/A", "#N/A", "<NA>", "nan", "NaN", "None", "NULL", "-", "—", "?"),
        *("unknown", "Unknown", " UNKNOWN ", "Missing", "."),
    ],
)
def test_what_names_nobody(text: str) -> None:
    assert is_nobody(text)


@pytest.mark.parametrize(
    "text", ["anna", "0", "-1", "99", "Na", "Nan", "Nana", "NAB", "unknown 7", "x", "-a", "no"]
)
def test_what_may_be_a_name_is_one(text: str) -> None:
    assert not is_nobody(text)


def test_a_pattern_that_finds_such_a_word_finds_nobody() -> None:
    pattern = GroupPattern("(.+)_[0-9]+")
    found = [pattern.group(f"calm/{name}_01.png") for name in ("anna", "unknown", "NA")]
    assert found == ["anna", "", ""]
