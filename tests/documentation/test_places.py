"""Documents of the repository become pages whose links lead from page to page."""

import re
import tomllib

import pytest
from docs.site.__main__ import CONFIG, _listed
from docs.site.places import PAPERS, ROOT, LostLinkError, Places, linked, pages

HOST = "https://code.example/a/mien"
PLACES = Places(
    {"README.md": "overview.md", "docs/study.md": "study.md", "a/CARD.md": "cards/a.md"}, HOST
)


@pytest.fixture
def repository(tmp_path):
    for name in ("README.md", "docs/study.md", "docs/new.md", "a/CARD.md", "recipes/faces.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("source", "written", "made"),
    [
        ("README.md", "[x](docs/study.md#a-b)", "[x](study.md#a-b)"),
        ("docs/study.md", "![x](../a/CARD.md)", "![x](cards/a.md)"),
        ("a/CARD.md", "[x](../docs/study.md)", "[x](../study.md)"),
        ("README.md", f"[x]({HOST}/blob/main/docs/study.md#a)", "[x](study.md#a)"),
        ("README.md", "[x](recipes/faces.toml)", "[x](files/recipes/faces.toml)"),
    ],
)
def test_links_lead_to_pages(repository, source, written, made):
    assert linked(written, source, PLACES, repository)[0] == made


@pytest.mark.parametrize(
    "text",
    [
        "[x](https://elsewhere.example/docs/study.md)",
        f"[x]({HOST})",
        "[x](#below)",
        "[x](mailto:a@b.example)",
        "`[x](lost.md)`",
        "``a ` [x](lost.md)``",
        "```\n[x](lost.md)\n```",
        "`a pattern such as /.([FM])\\d`",
    ],
)
def test_what_leads_elsewhere_or_is_code_stays(repository, text):
    assert linked(text, "README.md", PLACES, repository) == (text, set())


def test_what_is_no_page_is_handed_out(repository):
    text = "[x](recipes/faces.toml) [y](docs/study.md)"
    assert linked(text, "README.md", PLACES, repository)[1] == {"recipes/faces.toml"}


@pytest.mark.parametrize("target", ["docs/lost.md", "docs", "../outside.md", "docs/Study.md"])
def test_a_link_to_nothing_is_told(repository, target):
    with pytest.raises(LostLinkError, match=rf"^README\.md links to {re.escape(target)},"):
        linked(f"[x]({target})", "README.md", PLACES, repository)


def test_a_table_below_a_line_is_one_on_the_site(repository):
    text = "<!-- figures -->\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n"
    made, _ = linked(text, "README.md", PLACES, repository)
    assert made == text.replace("-->\n", "-->\n\n")
    assert linked(made, "README.md", PLACES, repository)[0] == made


def test_a_bar_in_code_in_a_table_has_no_backslash_on_the_site(repository):
    text = "| a | b |\n| --- | --- |\n| `<x \\| y>` | `z` |\n"
    made, _ = linked(text, "README.md", PLACES, repository)
    assert made.endswith("| <code>&lt;x &#124; y&gt;</code> | `z` |\n")


def test_all_pages_are_there_and_have_their_place():
    found = pages()
    assert {"docs/study.md", "docs/sample.webp", *PAPERS} <= set(found)
    assert len(set(found.values())) == len(found)
    assert all((ROOT / source).is_file() for source in found)
    listed = _listed(tomllib.loads(CONFIG.read_text("utf-8"))["project"]["nav"])
    made = {place for place in found.values() if place.endswith(".md")} | {"api.md"}
    assert sorted(listed) == sorted(made), "a page needs its line in `nav` of zensical.toml"
