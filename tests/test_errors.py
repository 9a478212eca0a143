"""A message is one line that a person can read, whatever it quotes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import LONGEST, LONGEST_REASON, BundleError, one_line, printable

# What turns the direction of what is beside it, and marks that nobody sees.
UNSEEN = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    "\u200b\u200d\u2060\ufeff\xad\U000e0041"
)


def test_line_breaks_become_spaces() -> None:
    assert str(BundleError("a\nb\r\nc\u2028d")) == "a b c d"


def test_a_long_message_keeps_its_begin_and_its_end() -> None:
    told = str(BundleError(f"model.json: {'9' * 1_000_000} is no label; get the bundle again"))
    assert told.startswith("model.json: 999")
    assert told.endswith("999 is no label; get the bundle again")
    assert len(told) < LONGEST + 10


def test_the_words_of_a_library_are_one_line_and_cut() -> None:
    assert one_line(ValueError("a\n  b")) == "a b"
    assert one_line(ValueError("")) == "ValueError"
    assert len(one_line(ValueError("9" * 5000))) == LONGEST_REASON


@pytest.mark.parametrize("sign", [*UNSEEN, "\u2028", "\u2029", "\x1b", "\x9b", "\n", "\udce9"])
def test_what_could_make_a_name_read_like_another_is_an_escape(sign: str) -> None:
    shown = printable(f"exe{sign}gpj.4pm")
    assert shown == "exe" + sign.encode("unicode_escape").decode() + "gpj.4pm"


@pytest.mark.parametrize("text", ["café.png", "写真 1.jpg", "шум.mp4", "‘quoted’ – 😀"])
def test_names_in_any_script_stay(text: str) -> None:
    assert printable(text) == text


@given(st.text(st.characters(codec=None)))
def test_nothing_that_is_shown_is_unseen(text: str) -> None:
    kinds = {unicodedata.category(sign) for sign in printable(text)}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
