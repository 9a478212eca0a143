import queue
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from mien.cli import live, main
from mien.sources.reconnecting import Notice
from mien.types import Analysis
from mien.web.server import bind
from mien.web.stats import LiveMeter

ENDING_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@pytest.fixture
def bundle(make_bundle) -> str:
    return str(make_bundle())


@pytest.fixture
def running(bundle):
    """Start `mien live` as a process; its output is read line by line."""
    processes = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "mien", "live", "--bundle", bundle, "--no-browser", *words]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline()
    found = re.match(r"mien is at (http://\S+) ", line)
    assert found, line + process.stderr.read()
    return found[1]


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_serves_until_it_is_ended(running, number):
    process = running("--port", "0")
    address = address_of(process)
    with urllib.request.urlopen(address, timeout=10) as response:
        assert b"mien" in response.read()
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert "No frame was read." in output
    assert process.returncode == 0
    assert errors == ""


def test_ends_with_a_summary_while_a_page_watches(running):
    from websockets.sync.client import connect

    process = running("--port", "0", "--source", "sample")
    address = address_of(process).rstrip("/")
    with connect(address.replace("http", "ws") + "/ws", origin=address) as page:
        assert '"mode":"sample"' in page.recv()
        page.send('{"type": "watch", "source": "sample"}')
        for _ in range(3):
            assert isinstance(page.recv(timeout=20), bytes)
            page.send('{"type": "next"}')
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    assert re.search(r"\d frames in .* per second, latency p50 \d+ ms, p95 \d+ ms; \d", output)
    assert process.returncode == 0
    assert errors == ""


def run(capsys, *words: str) -> tuple[int, str]:
    status = main(["live", "--no-browser", *words])
    captured = capsys.readouterr()
    return status, captured.err


def test_a_port_in_use_is_one_line(capsys, bundle):
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        status, error = run(capsys, "--bundle", bundle, "--port", str(port))
    assert status == 1
    assert error.count("\n") == 1
    assert f"port {port}" in error
    assert "--port" in error


@pytest.mark.parametrize(
    ("source", "named"), [("nothing/there.mp4", "nothing/there.mp4"), ("97", "97")]
)
def test_a_missing_source_is_one_line(capsys, bundle, source, named):
    status, error = run(capsys, "--bundle", bundle, "--port", "0", "--source", source)
    assert status == 1
    assert error.count("\n") == 1
    assert named in error


def test_a_source_of_broken_pictures_says_why(capsys, bundle, tmp_path):
    (tmp_path / "empty.png").touch()
    source = str(tmp_path / "empty.png")
    status, error = run(capsys, "--bundle", bundle, "--port", "0", "--source", source)
    assert status == 1
    assert error.count("\n") == 1
    assert "the file is empty" in error


def test_an_outage_is_told_here_and_on_the_page(capsys, monkeypatch):
    notice = Notice("camera 0: unplugged; mien waits for it", waiting=True)
    source, told = object(), []

    def open_source(spec, *, realtime, on_notice):
        assert (spec, realtime) == ("0", True)
        on_notice(notice)
        return source

    monkeypatch.setattr(live, "open_source", open_source)
    assert live._open_told("0", told.append) is source
    assert told == [notice]
    assert capsys.readouterr().err == notice.message + "\n"


def test_a_missing_bundle_is_one_line(capsys, tmp_path):
    status, error = run(capsys, "--bundle", str(tmp_path / "nothing"))
    assert status == 1
    assert str(tmp_path / "nothing") in error


def test_the_next_port_is_taken_and_named(capsys, monkeypatch, bundle):
    monkeypatch.setattr(live, "_serve", lambda *_: None)
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(live, "DEFAULT_PORT", port)
        status = main(["live", "--no-browser", "--bundle", bundle])
    output, error = capsys.readouterr()
    other = int(re.search(r"http://127.0.0.1:(\d+)/", output)[1])
    assert status == 0
    assert other != port
    assert error == f"Port {port} is in use, so the page is on port {other}.\n"


def test_a_machine_without_screen_and_camera_is_told_what_to_do(capsys, monkeypatch, bundle):
    monkeypatch.setattr(live, "_serve", lambda *_: None)
    monkeypatch.setattr(live, "_has_screen", lambda: False)
    monkeypatch.setattr(live, "_has_camera", lambda: False)
    assert main(["live", "--port", "0", "--bundle", bundle]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("There is no screen here: open this address")
    assert lines[2].endswith("mien live --source sample")


def test_the_browser_is_opened_once_the_server_is_up(monkeypatch, bundle):
    opened = queue.Queue()
    monkeypatch.setattr(live, "_has_screen", lambda: True)
    monkeypatch.setattr(live.webbrowser, "open", opened.put)
    monkeypatch.setattr(live, "_serve", lambda server, listener: server._on_started())
    assert main(["live", "--port", "0", "--bundle", bundle, "--stats"]) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?stats", opened.get(timeout=5))


def test_figures_are_printed_while_it_runs(capsys, monkeypatch):
    monkeypatch.setattr(live, "STATS_SECONDS", 0.01)
    meter = LiveMeter()
    meter.add(Analysis(0, 0.0, "test", (4, 3), ()), latency=0.02, seconds=0.1)
    with live._stats_printed(meter, on=True):
        time.sleep(0.1)
    output = capsys.readouterr().out
    assert output.count("1 frames in 0.1 s: 10.0 per second, latency p50 20 ms") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "eighty"])
def test_an_impossible_port_is_wrong_usage(capsys, port):
    with pytest.raises(SystemExit) as caught:
        main(["live", "--port", port])
    assert caught.value.code == 2
    assert f"{port} is no port; give one from 1 to 65535" in capsys.readouterr().err


def test_only_this_machine_is_served():
    with pytest.raises(SystemExit) as caught:
        main(["live", "--host", "0.0.0.0"])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("0", "camera 0"),
        ("rtsp://user:secret@192.0.2.1/live", "the stream"),
        (str(Path("some") / "folder" / "clip.mp4"), "clip.mp4"),
    ],
)
def test_the_page_names_a_source_without_its_place(spec, name):
    assert live._source_name(spec) == name


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of its display")
def test_without_a_screen_no_browser_is_opened(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not live._has_screen()
