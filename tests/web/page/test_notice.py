"""The card says what the law asks for, in every language, and loads nothing."""

import re
from html.parser import HTMLParser

import pytest

from mien.errors import SettingsError
from mien.web.page.notice import known, to_html, to_text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("code", known())
@pytest.mark.parametrize("make", [to_text, to_html])
def test_article_and_date_are_named_and_that_it_is_no_legal_advice(make, code) -> None:
    text = " ".join(make([code]).split())
    assert "2024/1689" in text
    assert re.search(r"50\(3\)|50 Absatz 3", text)
    assert re.search(r"2\.? August 2026", text)
    assert re.search("no legal advice|keine Rechtsberatung", text)
    assert re.search("emotion recognition|Emotionserkennung", text)


def test_without_a_language_there_are_all_english_first() -> None:
    assert {"en", "de"} <= set(known())
    page = Tags()
    page.feed(to_html())
    cards = [attrs["lang"] for tag, attrs in page.seen if tag == "article"]
    assert cards == list(known())
    assert page.open == []
    assert to_text().index("A COMPUTER READS") < to_text().index("HIER LIEST")


def test_the_page_loads_and_runs_nothing() -> None:
    page = Tags()
    page.feed(to_html(["de"]))
    assert not {tag for tag, _ in page.seen} & {"script", "link", "img", "iframe"}
    assert "url(" not in to_html()
    assert "http:" not in to_html()
    assert ("html", {"lang": "de"}) in page.seen


def test_a_language_named_twice_is_one_card() -> None:
    assert to_text(["de", "de"]) == to_text(["de"])


def test_a_language_that_there_is_not_is_told() -> None:
    with pytest.raises(SettingsError, match="--language xx: choose from en, de"):
        to_text(["xx"])


def test_on_paper_each_card_is_one_sheet(browser) -> None:
    page = browser.new_page()
    page.set_content(to_html())
    sheets = re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == len(known())
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_is_beyond_the_edge(browser, violations, width) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(to_html())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Its policy lets no script of ours in, so axe looks at the same page without it.
    page.set_content(re.sub('<meta http-equiv="Content-Security-Policy".*?>', "", to_html()))
    assert violations(page) == []
    page.close()
