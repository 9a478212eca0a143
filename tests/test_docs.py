"""What is made from the code is made of the code of today."""

import pytest
from docs.make_commands import PAGE, page


def test_the_page_of_commands_is_current() -> None:
    pytest.importorskip("shtab")
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.make_commands"
