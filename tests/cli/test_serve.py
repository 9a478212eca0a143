import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from mien.cli import main, serve
from mien.cli.serve import VARIABLE
from mien.web.server import bind

SECRET = "0123456789abcdef0123"
ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name)]


@pytest.fixture(autouse=True)
def _no_token(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def served(monkeypatch):
    """Run the command without serving; keeps the servers."""
    servers = []
    monkeypatch.setattr(serve, "run_until_ended", lambda server, listener: servers.append(server))
    return servers


def token_of(server) -> str | None:
    (gate,) = server.config.app.user_middleware
    return gate.kwargs["token"]


def hosts_of(server):
    (gate,) = server.config.app.user_middleware
    return gate.kwargs["hosts"]


def test_says_where_it_answers(served, capsys):
    assert main(["serve", "--port", "0"]) == 0
    told = capsys.readouterr()
    port = re.match(r"mien answers at http://127\.0\.0\.1:(\d+) \(Ctrl-C ends it\)", told.out)[1]
    assert told.err == ""
    assert token_of(served[0]) is None
    assert hosts_of(served[0]) == {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_elsewhere_nobody_answers_without_a_token(served, capsys, host):
    assert main(["serve", "--port", "0", "--host", host]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert host in line
    assert VARIABLE in line
    assert "--token" in line
    assert not served


def test_a_token_is_made_and_shown(served, capsys):
    assert main(["serve", "--port", "0", "--host", "0.0.0.0", "--token"]) == 0
    told = capsys.readouterr()
    made = re.search(r"^Its token: (\S{43})$", told.out, re.MULTILINE)[1]
    assert token_of(served[0]) == made
    assert hosts_of(served[0]) is None
    assert "https" in told.err


def test_a_token_that_is_kept_is_not_shown(served, capsys, monkeypatch, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n", encoding="ascii")
    assert main(["serve", "--port", "0", "--token-file", str(tmp_path / "secret")]) == 0
    monkeypatch.setenv(VARIABLE, SECRET)
    assert main(["serve", "--port", "0", "--token"]) == 0
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err
    assert [token_of(server) for server in served] == [SECRET, SECRET]


@pytest.mark.parametrize(
    "text", ["", " \n", "short", "two words of many letters", "ü" * 20, "x" * 2000]
)
def test_a_token_that_keeps_nobody_out(served, capsys, monkeypatch, tmp_path, text):
    (tmp_path / "secret").write_text(text, encoding="utf-8")
    monkeypatch.setenv(VARIABLE, text)
    for words, name in ((["--token-file", str(tmp_path / "secret")], "secret"), ([], VARIABLE)):
        assert main(["serve", "--port", "0", *words]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert name in line
        assert "16 to 1,000" in line
        assert not text.strip() or text.strip() not in line
    assert not served


def test_a_token_file_that_is_none(served, capsys, tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        assert main(["serve", "--port", "0", "--token-file", str(path)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"mien: --token-file {path}: cannot be read")
    assert not served


def test_a_port_that_is_taken(served, capsys):
    with bind("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mien: port {port} of 127.0.0.1 cannot be used")
    assert not served


@pytest.mark.parametrize("host", ["198.51.100.77", "two words", "é..b"])
def test_an_address_that_this_machine_has_not(served, capsys, host):
    assert main(["serve", "--port", "0", "--host", host, "--token"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mien: {host} is no address of this machine (")
    assert "--port" not in line
    assert not served


def test_other_names_of_this_machine(served, capsys):
    if not sys.platform.startswith("linux"):
        pytest.skip("other systems have no 127.0.0.2")
    assert main(["serve", "--port", "0", "--host", "127.0.0.2"]) == 0
    assert any(host.startswith("127.0.0.2:") for host in hosts_of(served[0]))


@pytest.mark.parametrize("words", [["--jobs", "0"], ["--rate", "0"], ["--max-megapixels", "70"]])
def test_bounds_that_cannot_be(served, capsys, words):
    try:
        status = main(["serve", "--port", "0", *words])
    except SystemExit as end:
        status = end.code
    assert status in (1, 2)
    assert words[0] in capsys.readouterr().err
    assert not served


@pytest.mark.heavy
@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_answers_until_it_is_ended(number, portrait, tmp_path):
    """As in a container: without a HOME, and with nowhere to write."""
    from mien.vision.images.reading import encode_png

    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    command = [sys.executable, "-m", "mien", "serve", "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    try:
        address = re.match(r"mien answers at (http://\S+) ", process.stdout.readline())[1]
        request = urllib.request.Request(f"{address}/read", encode_png(portrait))
        request.add_header("Content-Type", "image/png")
        with urllib.request.urlopen(request, timeout=60) as response:
            assert b'"label":"happy"' in response.read()
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):  # who has asked nothing yet
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert errors == ""
    assert not list(tmp_path.iterdir())
