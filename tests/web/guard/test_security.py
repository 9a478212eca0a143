import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from mien.web.app import create_app
from mien.web.guard.security import local_hosts

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def client(services):
    with TestClient(create_app(services, hosts=local_hosts(8000)), base_url=ADDRESS) as client:
        yield client


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"]
)
def test_own_names_are_served(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1",
        "127.0.0.1:8001",
        "localhost.evil.example:8000",
        "127.0.0.1:8000@evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/static/main.js"])
def test_other_names_are_refused(client, host, path):
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert "mien" in response.text


def test_the_standard_port_may_be_left_out():
    assert "127.0.0.1" in local_hosts(80)
    assert "127.0.0.1" not in local_hosts(8000)


def connect(client, **headers):
    return client.websocket_connect("/ws", headers={"Host": "127.0.0.1:8000", **headers})


def test_own_page_may_connect(client):
    with connect(client, Origin=ADDRESS) as socket:
        assert socket.receive_json()["type"] == "hello"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "http://evil.example:8000", "Host": "evil.example:8000"},
    ],
)
def test_other_pages_may_not_connect(client, headers, analyzers):
    with pytest.raises(WebSocketDisconnect), connect(client, **headers):
        pass
    assert not analyzers


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/static/style/base.css", "/nothing"])
def test_every_answer_has_the_headers(client, path):
    headers = client.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=(self), display-capture=(self)" in headers["permissions-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/",
    ],
)
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


def test_nothing_can_be_sent_by_http(client):
    assert client.post("/", content=b"x").status_code == 405
