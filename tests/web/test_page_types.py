"""The types that the page is checked by are of today's messages, elements, words and looks."""

import pytest
from tools.page_types import FILES

from mien.web.page.page_files import STATIC


@pytest.mark.parametrize("name", FILES)
def test_the_types_are_current(name):
    assert (STATIC / name).read_text(encoding="utf-8") == FILES[name](), "run: make page-types"


def test_every_script_is_checked():
    for path in STATIC.rglob("*.js"):
        assert path.read_text(encoding="utf-8").startswith("// @ts-check\n"), path
