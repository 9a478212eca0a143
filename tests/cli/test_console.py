import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.cli.console import printable

# What turns the direction of what is beside it, and marks that nobody sees.
UNSEEN = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    "\u200b\u200d\u2060\ufeff\xad\U000e0041"
)


@pytest.mark.parametrize("sign", [*UNSEEN, "\u2028", "\u2029", "\x1b", "\x9b", "\n", "\udce9"])
def test_what_could_make_a_name_read_like_another_is_an_escape(sign):
    shown = printable(f"exe{sign}gpj.4pm")
    assert shown == "exe" + sign.encode("unicode_escape").decode() + "gpj.4pm"


@pytest.mark.parametrize("text", ["café.png", "写真 1.jpg", "шум.mp4", "‘quoted’ – 😀"])
def test_names_in_any_script_stay(text):
    assert printable(text) == text


@given(st.text(st.characters(codec=None)))
def test_nothing_that_is_shown_is_unseen(text):
    kinds = {unicodedata.category(sign) for sign in printable(text)}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
