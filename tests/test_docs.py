"""What is made from the code is made of the code of today."""

import re
from pathlib import Path

import pytest
from docs import make_columns, make_terms
from docs.make_commands import PAGE, page

from mien.settings import recipe_file


def test_the_page_of_commands_is_current() -> None:
    pytest.importorskip("shtab")
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.make_commands"


def test_files_that_documents_name_are_there() -> None:
    root = Path(__file__).parent.parent
    texts = [*root.glob("docs/*.md"), root / "README.md", root / "CONTRIBUTING.md"]
    for text in texts:
        named = re.findall(
            r"`((?:src|tests|docs|benchmarks|recipes)/[\w./-]+)`", text.read_text("utf-8")
        )
        missing = [
            n for n in named if not (root / n).exists() and not recipe_file(Path(n)).exists()
        ]
        assert not missing, f"{text.name}: {missing}"


def test_the_page_of_columns_is_current() -> None:
    text = make_columns.PAGE.read_text(encoding="utf-8")
    assert text == make_columns.page(), "run: python -m docs.make_columns"


def test_the_page_of_terms_is_current() -> None:
    text = make_terms.PAGE.read_text(encoding="utf-8")
    assert text == make_terms.page(), "run: python -m docs.make_terms"
