import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.web.lan.page import POLICY, preferred_language, render
from mien.web.page.words import code_words

WORDS = code_words()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("xx,de;q=0.5,en;q=0.4", "de"),
        ("xx", "en"),
        ("en;q=0.1, DE;q=0.2", "de"),
        ("de;q=0", "en"),
        ("de;q=much", "en"),
    ],
)
def test_the_language_is_the_browsers_favourite_of_ours(header, language):
    assert preferred_language(header) == language


@given(st.text())
def test_whatever_a_browser_asks_for_there_is_a_language(header):
    assert preferred_language(header) in WORDS


def test_every_language_says_everything():
    for words in WORDS.values():
        assert all(msgspec.structs.astuple(words))


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("problem", [None, "wrong", "too_many"])
def test_the_page_says_what_it_should_in_its_language(language, problem):
    page = render(language, "/enter", problem)
    words = msgspec.structs.asdict(WORDS[language])
    assert f'<html lang="{language}">' in page
    assert "$" not in page
    shown = {name for name, text in words.items() if text in page}
    unshown = {"wrong", "too_many"} - {problem}
    assert shown == words.keys() - unshown
    assert ('role="alert"' in page) == (problem is not None)
    assert ('aria-invalid="true"' in page) == (problem == "wrong")


def test_every_id_that_describes_the_field_is_there():
    page = render("en", "/enter", "wrong")
    described = re.search(r'aria-describedby="([^"]+)"', page)[1].split()
    assert described == ["problem", "where"]
    assert all(f'id="{name}"' in page for name in described)


def test_no_script_may_run_and_forms_go_here_only():
    assert "script" not in POLICY
    assert "script" not in render("en", "/enter")
    assert "form-action 'self'" in POLICY
