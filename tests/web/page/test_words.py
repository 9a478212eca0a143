"""Every language says everything, and the page offers each that has a file."""

import json
import re
from html.parser import HTMLParser
from typing import get_args

import pytest

from mien.errors import Sentence
from mien.sources import saying
from mien.types import SOMETHING_ELSE, QualityIssue
from mien.vision.looks import table
from mien.web.page import words
from mien.web.page.page_files import STATIC
from mien.web.page.words import FIRST, code_words, languages, module
from mien.web.session import lesson, sender, teacher

PLURALS = {"zero", "one", "two", "few", "many", "other"}
OTHERS = [name for name in languages() if name != FIRST]


def texts(place: dict, path: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Return the forms of each text of a language, by its path."""
    found = {}
    for key, value in place.items():
        here = (*path, key)
        if isinstance(value, str):
            found[".".join(here)] = [value]
        elif value.keys() <= PLURALS:
            assert "other" in value, here
            found[".".join(here)] = list(value.values())
        else:
            found |= texts(value, here)
    return found


def places(text: str) -> set[str]:
    return set(re.findall(r"{(\w+).*?}", text))


ENGLISH = texts(languages()[FIRST])
# What the server says: the English is in Python.
SERVER = {f"server.{one.code}": [one.value] for kind in Sentence.__subclasses__() for one in kind}


def test_english_comes_first_and_then_whatever_has_a_file():
    assert {"en", "de"} <= languages().keys()
    assert list(languages()) == ["en", *sorted({*languages()} - {"en"})]


@pytest.mark.parametrize("name", OTHERS)
def test_every_language_says_all_that_english_does(name):
    looks = {f"looks.{look}" for look in table().looks}
    assert texts(languages()[name]).keys() == ENGLISH.keys() | looks | SERVER.keys()


@pytest.mark.parametrize("name", languages())
def test_every_text_has_the_places_of_the_english_one(name):
    for path, forms in texts(languages()[name]).items():
        wanted = set().union(*map(places, (ENGLISH | SERVER).get(path, [])))
        for form in forms:
            assert form.strip(), path
            # One, two or no thing may be said without a figure.
            assert wanted - {"count"} <= places(form) <= wanted, path
        assert set().union(*map(places, forms)) == wanted, path


def test_what_the_server_says_is_known_by_one_code_each():
    kinds = {saying.Name, saying.Says, sender.Says, lesson.Says, teacher.Says}
    assert kinds <= {*Sentence.__subclasses__()}
    assert len(SERVER) == sum(map(len, Sentence.__subclasses__()))


@pytest.mark.parametrize("name", languages())
def test_every_reason_has_its_words(name):
    assert languages()[name]["reasons"].keys() == {*get_args(QualityIssue), SOMETHING_ELSE}


class Markup(HTMLParser):
    """Keeps what index.html says before a language is chosen, with the names of its words."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self.named: list[str] = []
        self._name: str | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._name = given.get("data-words")
        self.named += [given["data-view-label"]] if "data-view-label" in given else []
        if "data-words-label" in given:
            self.said.append((given["data-words-label"], given["aria-label"]))

    def handle_data(self, data):
        if self._name:
            self.said.append((self._name, data))
        self._name = None


def test_the_words_of_the_markup_are_the_english_ones():
    markup = Markup()
    markup.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    assert len(markup.said) > 20
    assert len(markup.named) > 2
    assert ENGLISH.keys() >= set(markup.named)
    assert [[text] for _, text in markup.said] == [ENGLISH[name] for name, _ in markup.said]


def test_a_language_is_one_more_file(tmp_path, monkeypatch):
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    for name in ("fr", "en"):
        (tmp_path / f"{name}.json").write_text(json.dumps(languages_text(name)))
    assert list(languages()) == ["en", "fr"]
    assert code_words()["fr"].enter == "fr"
    exported = json.loads(module().removeprefix(b"export const languages = ").rstrip(b";\n"))
    assert exported == languages()


def languages_text(name: str) -> dict:
    return {"language": name, "code": dict.fromkeys(words.CodeWords.__struct_fields__, name)}


def test_a_file_that_is_no_language_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(words, "FOLDER", tmp_path)
    (tmp_path / "en.json").write_text("{")
    with pytest.raises(ValueError, match=r"en\.json: not the words of a language"):
        languages()
