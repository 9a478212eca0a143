"""The first page of each door does what it says: its commands parse, its Python runs."""

import doctest
import shlex

import pytest
from tests.documents import ROOT, commands

from mien.cli import COMMANDS, _parse

DOORS = ("start", "study", "code")


@pytest.mark.parametrize("door", DOORS)
def test_commands_are_understood(door: str) -> None:
    found = commands((ROOT / "docs" / f"{door}.md").read_text("utf-8"))
    assert len(found) >= 4
    for command in found:
        words = shlex.split(command)[1:]
        # A span may name a command without what it is about.
        assert words[0] in COMMANDS if len(words) == 1 else _parse(words).run, command


@pytest.mark.heavy
def test_the_python_gives_what_it_says() -> None:
    result = doctest.testfile(str(ROOT / "docs" / "code.md"), module_relative=False)
    assert result.attempted >= 10
    assert result.failed == 0
