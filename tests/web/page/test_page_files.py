"""The page's files, as a browser gets them."""

import gzip
import http.client
import os
import posixpath
import re
import socket

import pytest

from mien.web.page import page_files
from mien.web.page.page_files import LATER, MADE, OTHERS, SHARED, STATIC
from mien.web.server import bind


def ask(address: str, path: str, method: str = "GET", **headers: str):
    """Return the answer's status, its headers and its bytes as they came."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/static/main.js", "main.js", "text/javascript"),
        ("/static/style/base.css", "style/base.css", "text/css"),
        ("/static/icon.svg", "icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_comes_as_it_is_or_compressed(address, path, name, kind):
    file = (STATIC / name).read_bytes()
    status, headers, body = ask(address, path)
    assert (status, body) == (200, file)
    assert headers["Content-Type"].startswith(kind)
    assert "Content-Encoding" not in headers
    status, headers, body = ask(address, path, Accept_Encoding="br, gzip")
    assert (status, gzip.decompress(body)) == (200, file)
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Accept-Encoding"
    status, headers, body = ask(address, path, "HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(file)), b"")


def test_every_module_is_asked_for_at_once(address):
    """Where a module names the next one, the first paint would wait for them one after another."""
    status, headers, body = ask(address, "/")
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert [line for line in body.decode().split("\n") if "modulepreload" not in line] == [
        line for line in page.split("\n") if "modulepreload" not in line and OTHERS not in line
    ]
    modules = {f"/static/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*.js")}
    modules |= {f"/static/{name}" for name in MADE if name.endswith(".js")}
    later = {
        module
        for module in modules
        if module.startswith(tuple(f"/static/{name}" for name in LATER))
    } - {f"/static/{name}" for name in SHARED}
    assert len(later) > len(LATER)
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+\.js)"', body.decode())
    assert sorted(loaded) == sorted(modules - later)


def test_no_module_that_is_loaded_at_once_waits_for_another_that_is_not():
    at_once = set(page_files.modules())
    for name in at_once & {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")}:
        text = (STATIC / name).read_text(encoding="utf-8")
        for found in re.findall(r'^(?:import|export) [^;]*?from "(\.[^"]+)"', text, re.MULTILINE):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), found))
            assert target in at_once, f"{name} imports {target}"


def test_what_the_browser_has_is_not_sent_again(address):
    _, headers, _ = ask(address, "/static/main.js")
    assert headers["Cache-Control"] == "no-cache"  # it asks each time whether it may keep it
    status, headers, body = ask(address, "/static/main.js", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert "Content-Security-Policy" in headers
    assert ask(address, "/static/main.js", If_None_Match='"another"')[0] == 200


def test_a_file_that_is_edited_is_sent_anew(address, tmp_path, monkeypatch):
    monkeypatch.setattr(page_files, "STATIC", tmp_path)
    file = tmp_path / "words.js"
    for index, text in enumerate((b"one", b"two")):
        file.write_bytes(text)
        os.utime(file, (index, index))
        assert ask(address, "/static/words.js")[2] == text


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "",
        "words",  # a folder
        "../app.py",
        "%2e%2e/app.py",
        "..%2fapp.py",
        "/etc/passwd",
        "%2fetc/passwd",
        "a%00b",
        "a" * 5000,
    ],
)
def test_nothing_else_is_served(address, name):
    status, headers, body = ask(address, "/static/" + name)
    assert (status, body) == (404, b"Not Found")
    assert "Content-Security-Policy" in headers


def test_small_answers_leave_at_once():
    """asyncio sets TCP_NODELAY for what says that it is TCP; else each file took 40 ms more."""
    with bind("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
