import dataclasses
import re

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from mien.web.app import create_app
from mien.web.guard.security import local_hosts
from mien.web.lan import gate
from mien.web.lan.addresses import Network
from mien.web.lan.gate import COOKIE
from mien.web.lan.pairing import MAX_TRIES, MAX_WRONG, Entry
from mien.web.lan.serve import create_lan_app
from mien.web.session.services import OfferedSource

HOST = "192.168.1.7:8443"
ADDRESS = f"https://{HOST}"
HOSTS = Network(("192.168.1.7", "fd00::7"), ("laptop",)).hosts(8443)
WRONG = "no code"


@pytest.fixture
def told():
    return []


@pytest.fixture
def entry(told):
    return Entry(told.append)


@pytest.fixture
def waits(monkeypatch):
    """How long answers were delayed, without the waiting."""
    seconds = []

    async def sleep(delay: float) -> None:
        seconds.append(delay)

    monkeypatch.setattr(gate.anyio, "sleep", sleep)
    return seconds


@pytest.fixture
def client(services, entry, waits):
    app = create_lan_app(services, entry, hosts=HOSTS)
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as client:
        yield client


def send(client, code: str, *, host: str = HOST, origin: str | None = None):
    headers = {"Host": host, "Origin": f"https://{host}" if origin is None else origin}
    return client.post("/enter", data={"code": code}, headers=headers)


def connect(client, **headers):
    return client.websocket_connect(f"wss://{HOST}/ws", headers={"Origin": ADDRESS, **headers})


def policy(response) -> dict[str, str]:
    parts = response.headers["content-security-policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_a_device_without_the_code_sees_the_code_page_only(client):
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (303, "/enter")
    page = client.get("/enter")
    assert page.status_code == 200
    assert "Enter the code" in page.text
    assert "no-store" in page.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/main.js",
        "/static/index.html",
        "/static/words/en.json",
        "/static/../app.py",
        "/static/style/base.css/",
        "/static/%2e%2e/static/main.js",
        "/ws",
        "/nothing",
        "/enter/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
def test_everything_else_is_refused(client, path, method):
    response = client.request(method, path, headers={"Origin": ADDRESS})
    assert response.status_code == 403
    assert "Enter the code first." in response.text or method == "HEAD"


@pytest.mark.parametrize(
    "path", ["/static/style/base.css", "/static/style/code.css", "/static/icon.svg"]
)
def test_what_the_code_page_needs_is_there(client, path):
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 403
    assert path in client.get("/enter").text


def test_no_websocket_without_the_code(client, analyzers):
    for headers in ({}, {"Cookie": f"{COOKIE}=guess"}, {"Cookie": f"{COOKIE}="}):
        with pytest.raises(WebSocketDisconnect), connect(client, **headers):
            pass
    assert not analyzers


def test_the_right_code_opens_everything(client, entry, waits):
    response = send(client, entry.code)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert waits == []
    assert "<title>mien</title>" in client.get("/").text
    assert client.get("/static/main.js").status_code == 200
    assert client.get("/enter").headers["location"] == "/"
    with connect(client) as socket:
        assert socket.receive_json()["type"] == "hello"


def test_the_cookie_stays_in_this_browser_and_session(client, entry):
    cookie = send(client, entry.code).headers["set-cookie"]
    value, *flags = cookie.split("; ")
    assert re.fullmatch(r"__Host-mien=[\w-]{43}", value)
    assert {flag.lower() for flag in flags} == {"httponly", "secure", "samesite=strict", "path=/"}


def test_a_spent_code_lets_no_second_device_in(client, entry):
    code = entry.code
    send(client, code)
    client.cookies.clear()
    response = send(client, code)
    assert response.status_code == 403
    assert "set-cookie" not in response.headers
    assert client.get("/").headers["location"] == "/enter"


def test_a_wrong_code_is_answered_late_and_in_words(client, waits):
    response = send(client, WRONG)
    assert response.status_code == 403
    assert "That is not the code." in response.text
    assert waits == [gate.WRONG_SECONDS]
    assert 0 < gate.WRONG_SECONDS < 1  # longer, and Ctrl-C would have to wait for it


def test_after_five_wrong_codes_the_old_one_is_wrong(client, entry, told):
    code = entry.code
    for _ in range(MAX_WRONG):
        send(client, WRONG)
    assert [new.reason for new in told] == ["guessed"]
    assert send(client, code).status_code == 403


def test_guessing_is_stopped(client, entry):
    for _ in range(MAX_TRIES):
        send(client, WRONG)
    response = send(client, entry.code)
    assert response.status_code == 429
    assert "Wait a minute" in response.text
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "body", [b"code=" + b"1" * 252, b"x" * 10_000_000, b"&" * 300], ids=["just", "huge", "empty"]
)
def test_a_long_body_is_not_read(client, entry, body):
    tries = []
    entry.enter = lambda *words: tries.append(words)
    response = client.post("/enter", content=body, headers={"Origin": ADDRESS})
    assert response.status_code == 413
    assert not tries


@pytest.mark.parametrize("body", [b"", b"code", b"code=", b"other=1", b"\xff\xfe", b"code=%ff%00"])
def test_what_is_no_code_is_a_wrong_one(client, body):
    response = client.post("/enter", content=body, headers={"Origin": ADDRESS})
    assert response.status_code == 403
    assert "That is not the code." in response.text


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "http://192.168.1.7:8443",
        "https://192.168.1.7",
        "https://laptop:8443",
        "http://127.0.0.1:8000",
    ],
)
def test_a_code_from_another_page_is_not_looked_at(client, entry, origin):
    code = entry.code
    response = send(client, code, origin=origin)
    assert response.status_code == 403
    assert "Only mien's own page" in response.text
    assert entry.code == code
    with pytest.raises(WebSocketDisconnect), connect(client, Origin=origin):
        pass


def test_a_known_device_may_connect_from_our_page_only(client, entry, analyzers):
    send(client, entry.code)
    for origin in ("https://evil.example", f"http://{HOST}", "null", "https://laptop:8443"):
        with pytest.raises(WebSocketDisconnect), connect(client, Origin=origin):
            pass
    assert not analyzers


@pytest.mark.parametrize("host", ["192.168.1.7:8443", "[fd00::7]:8443", "LAPTOP:8443"])
def test_the_networks_names_are_served(client, host):
    assert client.get("/enter", headers={"Host": host}).status_code == 200
    assert send(client, WRONG, host=host, origin=f"https://{host.lower()}").status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8443",
        "localhost:8443",
        "[::1]:8443",
        "127.0.0.1:8000",
        "192.168.1.7",
        "192.168.1.7:8000",
        "192.168.1.8:8443",
        "laptop.evil.example:8443",
        "evil.example",
        "",
    ],
)
def test_other_names_are_refused_even_with_the_code(client, entry, host):
    assert send(client, entry.code, host=host).status_code == 421
    send(client, entry.code)
    for path in ("/", "/enter", "/static/style/base.css"):
        assert client.get(path, headers={"Host": host}).status_code == 421


def test_the_loopback_page_refuses_the_networks_names(services):
    with TestClient(create_app(services, hosts=local_hosts(8000))) as client:
        for host in ("192.168.1.7:8000", "laptop:8000", *HOSTS):
            assert client.get("/", headers={"Host": host}).status_code == 421
        # There is no code to enter, and no cookie that means anything.
        assert client.get("/enter", headers={"Host": "127.0.0.1:8000"}).status_code == 404


def test_forms_may_be_sent_from_the_code_page_only(client, entry):
    page = client.get("/enter")
    assert policy(page)["form-action"] == "'self'"
    assert "script-src" not in policy(page)
    # With no-referrer, browsers would send the form with the origin "null".
    assert page.headers["referrer-policy"] == "same-origin"
    send(client, entry.code)
    page = client.get("/")
    assert policy(page)["form-action"] == "'none'"
    assert policy(page)["connect-src"] == f"'self' wss://{HOST}"
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/enter", "/static/main.js", "/static/style/base.css"])
def test_every_answer_has_the_headers_and_none_binds_the_host(client, entry, path):
    for _ in range(2):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
        send(client, entry.code)


def test_the_code_page_speaks_german(client):
    page = client.get("/enter", headers={"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"})
    assert "Code eingeben" in page.text
    assert page.headers["content-language"] == "de"
    assert "Accept-Language" in page.headers["vary"]


@pytest.mark.parametrize(
    ("mode", "offered"), [("configured", "camera"), ("sample", "sample"), ("camera", "camera")]
)
def test_what_this_machine_sees_is_not_offered(services, source, entry, waits, mode, offered):
    sources = {**services.sources, "configured": OfferedSource("camera 0", lambda _: source)}
    services = dataclasses.replace(services, sources=sources, mode=mode)
    app = create_lan_app(services, entry, hosts=HOSTS)
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as client:
        send(client, entry.code)
        with connect(client) as socket:
            hello = socket.receive_json()
            assert [one["id"] for one in hello["sources"]] == ["sample"]
            assert hello["mode"] == offered
            socket.send_json({"type": "watch", "source": "configured"})
            closed = socket.receive()
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
    assert "no configured source" in closed["reason"]


def test_both_pages_share_what_is_counted(services):
    others = services.for_others()
    assert others.meter is services.meter
    assert others.pages is services.pages
