"""`--lsl` and `--markers`: what cannot be is refused in one line, before a model is loaded."""

import argparse
import sys
import types

import pytest

from mien.cli import lsl, main
from mien.cli.options import read, typed
from mien.errors import MissingExtraError, SettingsError
from mien.sinks.lsl.library import LslSettings, configure, load


class FakeLsl(types.ModuleType):
    """pylsl, of which only its settings are asked."""

    def __init__(self) -> None:
        super().__init__("pylsl")
        self.told: list[str] = []

    def set_config_content(self, content: str) -> None:
        self.told.append(content)


@pytest.fixture
def fake(monkeypatch, tmp_path) -> FakeLsl:
    fake = FakeLsl()
    monkeypatch.setitem(sys.modules, "pylsl", fake)
    monkeypatch.delenv("LSLAPICFG", raising=False)
    monkeypatch.setattr("mien.sinks.lsl.library.CONFIGS", ())
    return fake


def refusal(capsys, *words: str) -> str:
    assert main(list(words)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("predict", "sample", "--lsl-name", "x"), "--lsl-name is of no use without --lsl"),
        (("predict", "sample", "--lsl", "--lsl-name", "a'b"), "--lsl-name"),
        (("predict", "sample", "--lsl", "--out", "x/"), "leave out --lsl, or name a file"),
        (("live", "--markers", "m"), "--markers are written beside a table"),
        (
            ("live", "--markers", "m", "--out", "a.csv", "--lsl-people", "3"),
            "--lsl-people is of no",
        ),
        (("live", "--in-browser", "--lsl"), "leave out --lsl"),
        (("live", "--in-browser", "--markers", "m"), "leave out --markers"),
    ],
)
def test_what_cannot_be_is_refused(fake, capsys, words, said) -> None:
    assert said in refusal(capsys, *words)
    assert fake.told == []


def test_a_missing_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(MissingExtraError, match=r"\[lsl\]"):
        load("--lsl")


def test_a_missing_library_says_where_it_comes_from(monkeypatch, tmp_path) -> None:
    (tmp_path / "pylsl.py").write_text("raise RuntimeError('LSL binary not found.\\nTry conda')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pylsl", raising=False)
    with pytest.raises(SettingsError, match=r"liblsl.*PYLSL_LIB \(LSL binary not found\)$"):
        load("--lsl")


def test_streams_stay_on_this_machine_unless_it_is_said(fake, capsys) -> None:
    lsl.check(LslSettings(lsl=True), {"lsl": True})
    assert "ResolveScope = machine" in fake.told[0]
    assert "on this machine only" in capsys.readouterr().err
    lsl.check(LslSettings(lsl=True, lsl_scope="site"), {"lsl": True})
    assert "ResolveScope = site" in fake.told[1]
    assert "KnownPeers" not in fake.told[1]
    assert "your network (site): everyone there" in capsys.readouterr().err


def test_a_file_of_the_users_own_holds_unless_a_scope_is_typed(fake, monkeypatch, tmp_path) -> None:
    config = tmp_path / "lsl_api.cfg"
    config.write_text("[multicast]\nResolveScope = link\n")
    monkeypatch.setenv("LSLAPICFG", str(config))
    assert configure(fake, None) == str(config)
    assert fake.told == []
    assert configure(fake, "machine") == "machine"


def test_an_old_library_is_one_line(fake, monkeypatch) -> None:
    def refuse(content: str) -> None:
        raise NotImplementedError("too old")

    monkeypatch.setattr(fake, "set_config_content", refuse)
    with pytest.raises(SettingsError, match="LSLAPICFG"):
        configure(fake, None)


def test_a_live_run_reads_its_options(fake) -> None:
    parser = argparse.ArgumentParser()
    lsl.add_options_to(parser, lsl.LiveLsl)
    args = parser.parse_args(["--lsl", "--lsl-name", "lab", "--markers", "stimuli"])
    settings = read(args, lsl.LiveLsl)
    assert (settings.lsl, settings.lsl_name, settings.markers) == (True, "lab", "stimuli")
    assert set(typed(args, lsl.LiveLsl)) == {"lsl", "lsl_name", "markers"}
    assert settings.lsl_scope is None
