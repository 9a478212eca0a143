"""Each colour stands once, in a table, and every page that is made has those it names."""

import re

import pytest

from mien.evaluation.report.page import TEMPLATES, Page
from mien.vision.palette import declarations
from mien.web.lan.page import SHEETS
from mien.web.page.colours import THEMES, by_preference, by_theme
from mien.web.page.page_files import MADE, STATIC

STYLES = {path.stem: path.read_text(encoding="utf-8") for path in STATIC.glob("style/*.css")}
REPORT = (TEMPLATES / "page.css").read_text(encoding="utf-8")
COLOUR = re.compile(r":[^;{]*(#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|color-mix)a?\()", re.IGNORECASE)


def declared(css: str) -> set[str]:
    return set(re.findall(r"(--[\w-]+):", css))


def used(css: str) -> set[str]:
    return set(re.findall(r"var\((--[\w-]+)\)", css))


@pytest.mark.parametrize("css", [*STYLES.values(), REPORT], ids=[*STYLES, "report"])
def test_no_stylesheet_has_a_colour_of_its_own(css):
    assert not COLOUR.search(css)


def test_the_page_has_every_colour_that_it_names():
    css = "".join(STYLES.values()) + by_theme().decode()
    scripts = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("live/*.js"))
    asked_for = set(re.findall(r'getPropertyValue\("(--[\w-]+)"\)', scripts))
    assert asked_for
    assert used(css) | asked_for <= declared(css)


def test_the_code_page_has_every_colour_that_it_names():
    made = {name: file().decode() for name, file in MADE.items() if name.startswith("style/")}
    css = "".join(STYLES.get(name) or made[f"style/{name}.css"] for name in SHEETS)
    assert used(css) <= declared(css)


def test_the_report_has_every_colour_that_it_names():
    html = Page("a", "b", [], []).html()
    assert used(html)
    assert used(html) <= declared(html)
    assert html.count(declarations("light")) == html.count(declarations("dark")) == 1


def test_a_theme_is_the_same_whether_it_is_chosen_or_preferred():
    chosen, preferred = by_theme().decode(), by_preference().decode()
    for theme in THEMES:
        assert len(declared(declarations(theme))) > 12
        assert declarations(theme) in chosen
        assert declarations(theme) in preferred
