"""A user's expressions say what a picture shows, or why they cannot."""

import pytest

from mien.datasets.inputs.patterns import SlicePattern
from mien.errors import SettingsError


def test_the_first_group_is_the_part() -> None:
    pattern = SlicePattern.parse(r"sex=/[AB]([FM])\d")
    assert pattern.name == "sex"
    origins = ("angry/AF01ANS.jpg", "sad/BM02SAS.jpg", "sad/other.jpg")
    assert pattern.values(origins) == ("F", "M", "")


def test_an_expression_may_hold_an_equals_sign_and_a_group_that_is_not_there() -> None:
    pattern = SlicePattern.parse(r"light =light=(\w)?")
    assert pattern.name == "light"
    assert pattern.values(("light=x", "light=.")) == ("x", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sex", "write NAME=REGEX"),
        ("=(a)", "write NAME=REGEX"),
        ("sex=(", "slice pattern sex: '\\(': not a regular expression"),
        ("sex=abc", "put the part that is looked for in parentheses"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        SlicePattern.parse(text)
