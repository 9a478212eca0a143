import hashlib
import io
import queue
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from mien.cli import live, live_lan, live_table, main
from mien.errors import SettingsError, SinkError
from mien.sources.reconnect import Notice
from mien.types import Analysis, Frame
from mien.web.lan.addresses import Network
from mien.web.lan.pairing import NewCode
from mien.web.server import bind
from mien.web.session.stats import LiveMeter

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


@pytest.mark.heavy
@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_serves_until_it_is_ended(running, number):
    process = running("--port", "0")
    address = address_of(process)
    with urllib.request.urlopen(address, timeout=60) as response:
        assert b"mien" in response.read()
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert "No frame was read." in output
    assert process.returncode == 0
    assert errors == ""


LAN = """
import sys
from mien.cli import live_lan, main
from mien.web.lan.addresses import Network
live_lan.find_network = lambda: Network(("127.0.0.1",), ("localhost.test",))
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def running_lan(bundle):
    """Start `mien live --lan` as a process; 127.0.0.1 stands for the network's address."""
    pytest.importorskip("cryptography", reason="needs the extra lan")
    words = ["live", "--bundle", bundle, "--no-browser", "--lan", "--port", "0", "--lan-port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", LAN, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def line_with(process: subprocess.Popen[str], pattern: str) -> str:
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(process.stderr.read())


@pytest.mark.heavy
@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_one_signal_ends_the_page_of_the_network_too(running_lan, number):
    address = address_of(running_lan)
    lan = line_with(running_lan, r"On your network, mien is at (https://127\.0\.0\.1:\d+/)$")
    code = line_with(running_lan, r"^Code for the first device: (\d{4} \d{4})$")
    fingerprint = line_with(running_lan, r"^((?:[0-9A-F]{2}:){31}[0-9A-F]{2})$")
    host, port = lan.removeprefix("https://").rstrip("/").split(":")
    shown = ssl.get_server_certificate((host, int(port)))
    der = ssl.PEM_cert_to_DER_cert(shown)
    assert hashlib.sha256(der).hexdigest().upper() == fingerprint.replace(":", "")
    with urllib.request.urlopen(address, timeout=60) as response:
        assert b"<title>mien</title>" in response.read()
    trusting = ssl.create_default_context(cadata=shown)
    request = urllib.request.Request(lan + "enter", f"code={code.replace(' ', '')}".encode())
    request.add_header("Origin", lan.rstrip("/"))
    cookies = urllib.request.HTTPCookieProcessor()
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusting), cookies)
    with opener.open(request, timeout=60) as response:
        assert b"<title>mien</title>" in response.read()
    assert line_with(running_lan, r"^The device at 127\.0\.0\.1 is in\. Code for another one: (.+)")
    running_lan.send_signal(number)
    output, errors = running_lan.communicate(timeout=20)
    assert "No frame was read." in output
    assert running_lan.returncode == 0
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
        output, errors = process.communicate(timeout=20)
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
    monkeypatch.setattr(live, "run_until_ended", lambda *_: None)
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(live, "DEFAULT_PORT", port)
        status = main(["live", "--no-browser", "--bundle", bundle])
    output, error = capsys.readouterr()
    other = int(re.search(r"http://127.0.0.1:(\d+)/", output)[1])
    assert status == 0
    assert other != port
    assert error == f"Port {port} is in use, so the page is on port {other}.\n"


def test_a_table_that_cannot_be_written_is_told_here_too(capsys, monkeypatch, bundle, tmp_path):
    class Full:
        def write(self, *_):
            raise SinkError("t.csv: cannot be written: the disk is full")

        def close(self):
            pass

    made, make = [], live_table.recorder
    monkeypatch.setattr(live_table, "make_sinks", lambda *_, **__: [Full()])
    monkeypatch.setattr(live_table, "recorder", lambda *words: made.append(make(*words)) or made[0])

    def serve(*_):
        image = np.zeros((4, 4, 3), np.uint8)
        with pytest.raises(SinkError):
            made[0].stream()(Frame(image, 0, 0.0, "page"), Analysis(0, 0.0, "page", (4, 4), ()))

    monkeypatch.setattr(live, "run_until_ended", serve)
    words = ["--port", "0", "--bundle", bundle, "--out", str(tmp_path / "t.csv")]
    assert main(["live", *words]) == 1
    assert capsys.readouterr().err == "mien: t.csv: cannot be written: the disk is full\n"


def test_a_table_that_exists_is_said_before_a_model_is_loaded(
    capsys, monkeypatch, bundle, tmp_path
):
    monkeypatch.setattr(live, "make_models", lambda *_, **__: pytest.fail("too late"))
    table = tmp_path / "t.csv"
    table.touch()
    assert main(["live", "--bundle", bundle, "--out", str(table)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_machine_without_screen_and_camera_is_told_what_to_do(capsys, monkeypatch, bundle):
    monkeypatch.setattr(live, "run_until_ended", lambda *_: None)
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
    monkeypatch.setattr(live, "run_until_ended", lambda server, listener: server._on_started())
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


def test_an_address_with_a_token_is_shown_and_not_opened(capsys, monkeypatch, bundle):
    monkeypatch.setattr(live, "_has_screen", lambda: True)
    monkeypatch.setattr(live.webbrowser, "open", lambda _: pytest.fail("others could see it"))
    monkeypatch.setattr(live, "run_until_ended", lambda server, listener: server._on_started())
    assert main(["live", "--port", "0", "--bundle", bundle, "--token", "--stats"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert re.match(r"mien is at http://127\.0\.0\.1:\d+/\?token=[\w-]{43}&stats ", first)
    assert second.startswith("Open it in your browser")


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


@pytest.fixture
def lan_at(monkeypatch):
    """Give this machine addresses on a network; nothing is served."""
    pytest.importorskip("cryptography", reason="needs the extra lan")
    monkeypatch.setattr(live, "run_until_ended", lambda *_: None)
    monkeypatch.setattr(live, "_has_screen", lambda: False)

    def give(*addresses: str) -> None:
        monkeypatch.setattr(live_lan, "find_network", lambda: Network(addresses))

    return give


def test_without_lan_the_network_is_not_even_looked_at(capsys, monkeypatch, lan_at, bundle):
    monkeypatch.setattr(live_lan, "find_network", lambda: pytest.fail("looked at"))
    assert main(["live", "--port", "0", "--bundle", bundle]) == 0
    assert "https" not in capsys.readouterr().out


def test_only_the_page_of_this_machine_opens_by_itself(monkeypatch, lan_at, bundle):
    opened = []
    lan_at("127.0.0.1")
    monkeypatch.setattr(live, "_open_browser", lambda args, port: opened.append((args.host, port)))
    monkeypatch.setattr(live, "run_until_ended", lambda server, listener: server._on_started())
    words = ["--host", "localhost", "--port", "0", "--lan", "--lan-port", "0"]
    assert main(["live", *words, "--bundle", bundle]) == 0
    assert [host for host, _ in opened] == ["localhost"]


def test_a_lan_port_in_use_is_one_line(capsys, lan_at, bundle):
    lan_at("127.0.0.1")
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        words = ["--port", "0", "--lan", "--lan-port", str(port)]
        status, error = run(capsys, "--bundle", bundle, *words)
    assert status == 1
    assert error.count("\n") == 1
    assert f"port {port} of 127.0.0.1" in error
    assert error.endswith("name another with --lan-port\n")


def test_the_next_lan_port_is_taken(capsys, monkeypatch, lan_at, bundle):
    lan_at("127.0.0.1")
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(live_lan, "DEFAULT_PORT", port)
        assert main(["live", "--port", "0", "--lan", "--bundle", bundle]) == 0
    found = int(re.search(r"https://127\.0\.0\.1:(\d+)/", capsys.readouterr().out)[1])
    assert port < found < port + 10


def test_no_network_is_one_line(capsys, monkeypatch, lan_at, bundle):
    def find_network():
        raise SettingsError("this machine has no address on a local network")

    monkeypatch.setattr(live_lan, "find_network", find_network)
    status, error = run(capsys, "--bundle", bundle, "--port", "0", "--lan")
    assert (status, error) == (1, "mien: this machine has no address on a local network\n")


def test_a_lan_port_alone_is_a_mistake(capsys, bundle):
    status, error = run(capsys, "--bundle", bundle, "--lan-port", "9000")
    assert (status, error) == (1, "mien: --lan-port is of no use without --lan\n")


def test_a_qr_code_is_drawn_in_a_terminal_only(capsys, monkeypatch, lan_at, bundle):
    lan_at("127.0.0.1")
    words = ["live", "--port", "0", "--lan", "--lan-port", "0", "--bundle", bundle]
    assert main(words) == 0
    assert "\u2588" not in capsys.readouterr().out
    drawn = []
    monkeypatch.setattr(live_lan, "out", _Terminal())
    monkeypatch.setattr("segno.make", lambda text, **_: drawn.append(text) or _Drawing())
    assert main(words) == 0
    output = live_lan.out.file.getvalue()
    code = re.search(r"Code for the first device: (\d{4}) (\d{4})", output).groups()
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+/", drawn[0])
    assert not any(part in drawn[0] for part in code)
    assert "\u2588\u2584" in output


def test_each_new_code_is_printed_with_its_reason(capsys):
    live_lan._print_new_code(NewCode("1234 5678", "entered", "192.168.1.20"))
    live_lan._print_new_code(NewCode("8765 4321", "guessed", "192.168.1.66\x1b[2J"))
    entered, guessed = capsys.readouterr().out.splitlines()
    assert entered == "The device at 192.168.1.20 is in. Code for another one: 1234 5678"
    assert guessed.endswith("The new code is 8765 4321")
    assert "\x1b" not in guessed


class _Terminal(Console):
    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), force_terminal=True, soft_wrap=True, highlight=False)

    @property
    def encoding(self) -> str:
        return "utf-8"


class _Drawing:
    def terminal(self, out, *, compact) -> None:
        assert compact
        out.write("\u2588\u2584\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clip.mp4"], "its camera or the sample; not clip.mp4"),
        (["--stats"], "leave out --stats"),
        (["--detector", "mtcnn"], "leave out --detector"),
        (["--threads", "4"], "leave out --threads"),
        (["--device", "cuda"], "leave out --device"),
    ],
)
def test_a_browser_cannot_do_all_that_a_server_can(words, said, capsys):
    assert main(["live", "--in-browser", "--no-browser", *words]) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_only_a_page_that_reads_by_itself_offers_several_models(capsys):
    assert main(["live", "--no-browser", "--model", "fer4", "--model", "fer8"]) == 1
    assert "name one --model" in capsys.readouterr().err


def test_two_models_of_one_name_cannot_be_chosen_from(capsys, monkeypatch):
    monkeypatch.setattr("mien.web.page.runtime.check", lambda: None)
    models = ["--model", "fer4", "--model", "fer4"]
    assert main(["live", "--in-browser", "--no-browser", *models]) == 1
    assert "two are called fer4" in capsys.readouterr().err


def test_a_device_that_reads_by_itself_is_told_so(capsys, monkeypatch, lan_at):
    monkeypatch.setattr("mien.web.page.runtime.check", lambda: None)
    lan_at("127.0.0.1")
    words = ["--in-browser", "--port", "0", "--lan", "--lan-port", "0"]
    assert main(["live", *words]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "On your network, mien is at https://127.0.0.1:" in said
    assert "The device reads by itself" in said
    assert "never read" not in said


def test_a_page_that_reads_by_itself_needs_its_runtime(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("mien.web.page.runtime.FOLDER", tmp_path)
    assert main(["live", "--in-browser", "--no-browser"]) == 1
    assert "make page-runtime" in " ".join(capsys.readouterr().err.split())
