import re

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from mien.web.app import create_app
from mien.web.guard.security import local_hosts
from mien.web.guard.token_gate import make_token

ADDRESS = "http://127.0.0.1:8000"
TOKEN = "a-token"


@pytest.fixture
def client(services):
    app = create_app(services, hosts=local_hosts(8000), token=TOKEN)
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as client:
        yield client


def connect(client, path="/ws", **headers):
    return client.websocket_connect(f"ws://127.0.0.1:8000{path}", headers=headers)


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/nothing", "/?token=", "/?token=guess"])
@pytest.mark.parametrize("cookie", [None, "", "guess"])
def test_without_the_token_nothing_is_served(client, path, cookie):
    headers = {} if cookie is None else {"Cookie": f"mien-8000={cookie}"}
    response = client.get(path, headers=headers)
    assert response.status_code == 403
    assert "Open the address that mien shows" in response.text
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", ["/ws", "/ws?token=guess"])
def test_without_the_token_no_websocket(client, analyzers, path):
    with pytest.raises(WebSocketDisconnect), connect(client, path, Origin=ADDRESS):
        pass
    assert not analyzers


def test_the_address_opens_the_page_and_leaves_a_cookie(client):
    response = client.get(f"/?token={TOKEN}&stats")
    assert (response.status_code, response.headers["location"]) == (303, "/?stats=")
    value, *flags = response.headers["set-cookie"].split("; ")
    assert value == f"mien-8000={TOKEN}"
    assert {flag.lower() for flag in flags} == {"httponly", "samesite=strict", "path=/"}
    assert "<title>mien</title>" in client.get("/").text
    assert client.get("/?token=of-yesterday").status_code == 303
    with connect(client, Origin=ADDRESS) as socket:
        assert socket.receive_json()["type"] == "hello"


def test_a_program_may_give_the_token_with_the_websocket(client):
    with connect(client, f"/ws?token={TOKEN}", Origin=ADDRESS) as socket:
        assert socket.receive_json()["type"] == "hello"


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "/%5C%5Cevil.example"])
def test_it_leads_nowhere_else(client, path):
    location = client.get(f"{ADDRESS}{path}?token={TOKEN}").headers["location"]
    assert re.match(r"/[^/\\]", location)


def test_the_token_opens_it_for_our_own_page_and_name_only(client):
    for headers in ({}, {"Origin": "http://evil.example"}):
        with pytest.raises(WebSocketDisconnect), connect(client, f"/ws?token={TOKEN}", **headers):
            pass
    assert client.get(f"/?token={TOKEN}", headers={"Host": "evil.example"}).status_code == 421


def test_every_token_is_another_one():
    first, second = make_token(), make_token()
    assert first != second
    assert re.fullmatch(r"[\w-]{43}", first)
