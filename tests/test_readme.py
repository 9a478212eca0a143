"""The README says what is true: its Python runs, its commands parse, its files are there."""

import doctest
import re
import shlex

import pytest
from tests.documents import ROOT, commands

from mien.cli import _parse
from mien.registry import DEFAULT_BUNDLE

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.heavy
def test_python_example_gives_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert DEFAULT_BUNDLE.is_dir()
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 5
    assert result.failed == 0


@pytest.mark.parametrize("command", commands(TEXT))
def test_command_is_understood(command: str) -> None:
    words = shlex.split(command)[1:]
    assert _parse(words).run


def test_commands_are_found() -> None:
    assert len(commands(TEXT)) >= 8


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https://)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target
