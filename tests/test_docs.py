"""What is made from the code is made of the code of today."""

import re
from pathlib import Path

import pytest
from docs import make_columns, make_terms
from docs.make_commands import PAGE, page
from tests.documents import ROOT, anchors, documents, links

from mien.settings import recipe_file

SOURCE = ROOT / "src"


def test_the_page_of_commands_is_current() -> None:
    pytest.importorskip("shtab")
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.make_commands"


def is_there(name: str) -> bool:
    """Whether there is such a file, in the checkout, in the package or among mien's recipes."""
    return any(path.exists() for path in (ROOT / name, SOURCE / name, recipe_file(Path(name))))


@pytest.mark.parametrize("text", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(text: Path) -> None:
    """Files in code spans, and links with their anchors, as the code host has them."""
    said = text.read_text("utf-8")
    folders = "src|tests|docs|benchmarks|recipes|mien"
    named = re.findall(rf"`((?:{folders})/[\w./-]+)`", said)
    missing = [name for name in named if not is_there(name)]
    for target, anchor in links(said):
        path = (text.parent / target).resolve() if target else text
        if not path.exists() or (anchor and anchor not in anchors(path.read_text("utf-8"))):
            missing.append(f"{target}#{anchor}")
    assert not missing


def test_the_page_of_columns_is_current() -> None:
    text = make_columns.PAGE.read_text(encoding="utf-8")
    assert text == make_columns.page(), "run: python -m docs.make_columns"


def test_the_page_of_terms_is_current() -> None:
    text = make_terms.PAGE.read_text(encoding="utf-8")
    assert text == make_terms.page(), "run: python -m docs.make_terms"
