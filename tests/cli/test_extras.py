"""What extras need is asked for at a terminal, and fetched only where somebody says yes."""

import subprocess
import sys
from typing import Any

import pytest

from mien import installing
from mien.cli import extras, live_lan
from mien.cli.live import LiveOptions
from mien.errors import MissingExtraError

REQUIRES = [
    "numpy>=2",
    "cryptography>=44; extra == 'lan'",
    'segno>=1.6 ; extra == "lan"',
    "mien[lan]; extra == 'all'",
    "mien[train]; extra == 'keras'",
    "torch>=2.11; (python_version > '3.10') and extra == 'train'",
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A terminal that answers what `answer` says, and a pip that is not run."""
    state: dict[str, Any] = {"answer": "y", "run": [], "status": 0}

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        state["run"].append(words)
        return subprocess.CompletedProcess(words, state["status"])

    monkeypatch.setattr(installing.metadata, "requires", lambda _: REQUIRES)
    monkeypatch.setattr(installing, "_kind", lambda _: state.get("kind", "pip"))
    monkeypatch.setattr(extras.subprocess, "run", run)
    monkeypatch.setattr(extras.out, "input", lambda _: state["answer"])
    monkeypatch.setattr(extras.out, "_force_terminal", True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: state.get("terminal", True), raising=False)
    return state


def test_packages_are_those_of_the_extra(asked: dict[str, Any]) -> None:
    assert installing.packages_of("lan") == ["cryptography>=44", "segno>=1.6"]
    assert installing.names_of_all() == ["cryptography", "segno", "torch"]
    assert installing.brings_torch("train")
    assert installing.brings_torch("keras")
    assert not installing.brings_torch("lan")


def test_they_are_fetched_where_somebody_says_yes(asked: dict[str, Any]) -> None:
    assert extras.install("lan", "A phone")
    assert [words[1:4] for words in asked["run"]] == [["-m", "pip", "install"]]
    assert asked["run"][0][-2:] == ["cryptography>=44", "segno>=1.6"]


@pytest.mark.parametrize(
    "change",
    [{"answer": ""}, {"answer": "n"}, {"terminal": False}, {"kind": "uvx"}, {"kind": "pipx"}],
)
def test_nothing_is_fetched_otherwise(asked: dict[str, Any], change: dict[str, Any]) -> None:
    asked.update(change)
    assert not extras.install("lan", "A phone")
    assert asked["run"] == []


def test_a_phone_needs_what_could_not_be_fetched(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ModuleNotFoundError("No module named 'segno'")

    monkeypatch.setattr(live_lan, "_import", missing)
    asked["status"] = 1
    with pytest.raises(MissingExtraError, match=r"pip install .*\[lan\]"):
        live_lan.check(LiveOptions(lan=True))
    assert len(asked["run"]) == 1
