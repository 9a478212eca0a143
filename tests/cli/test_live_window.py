"""`mien live --window`, with a script in the place of a browser."""

import os
import time
from pathlib import Path

import pytest

from mien.cli import live, live_window, main
from mien.web.window.browsers import Browser, find_browser

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake browser is a shell script")


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(script: str) -> Browser:
        path = tmp_path / "chromium-fake"
        path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setenv("BROWSER", str(path))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        monkeypatch.setattr(live, "_has_screen", lambda: True)
        return find_browser()

    return make


def serve_for(seconds: float):
    def serve(server, _):
        server._on_started()
        end = time.monotonic() + seconds
        while not server.should_exit and time.monotonic() < end:
            time.sleep(0.05)

    return serve


def test_ctrl_c_closes_the_window(browser, tmp_path, monkeypatch, make_bundle):
    assert browser("exec sleep 60").name == "chromium-fake"
    monkeypatch.setattr(live, "run_until_ended", serve_for(0.5))
    assert main(["live", "--port", "0", "--window", "--bundle", str(make_bundle())]) == 0
    words = (tmp_path / "words").read_text()
    assert "--app=http://127.0.0.1:" in words
    assert f"--user-data-dir={tmp_path}/data/mien-window/chromium-fake" in words


def test_a_browser_that_fails_is_said_and_a_tab_opened(browser, monkeypatch, capsys, make_bundle):
    browser("exit 3")
    opened = []
    monkeypatch.setattr(live, "_open_browser", lambda *_: opened.append(1))
    monkeypatch.setattr(live, "run_until_ended", serve_for(1.0))
    assert main(["live", "--port", "0", "--window", "--bundle", str(make_bundle())]) == 0
    assert opened == [1]
    assert "could not open a window (it ended with 3)" in capsys.readouterr().err


def test_without_such_a_browser_a_tab_is_opened_aloud(monkeypatch, capsys, make_bundle):
    opened = []
    monkeypatch.setattr(live, "_has_screen", lambda: True)
    monkeypatch.setattr(live_window, "find_browser", lambda: None)
    monkeypatch.setattr(live, "_open_browser", lambda *_: opened.append(1))
    monkeypatch.setattr(live, "run_until_ended", serve_for(0))
    assert main(["live", "--port", "0", "--window", "--bundle", str(make_bundle())]) == 0
    assert opened == [1]
    assert "none was found: the page opens in your browser instead" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["--no-browser", "--token"])
def test_what_cannot_go_together_is_one_line(other, capsys):
    assert main(["live", "--window", other]) == 1
    assert "leave out one of the two" in capsys.readouterr().err
