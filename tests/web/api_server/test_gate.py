import pytest
from starlette.websockets import WebSocketDisconnect
from tests.web.api_server.conftest import ADDRESS
from tests.web.api_server.test_app import JPEG, error_of
from tests.web.fakes import encoded

from mien.web.api_server import gate
from mien.web.api_server.gate import FREE, _Rates

TOKEN = "a-token-of-many-letters"
PATHS = ["/", "/docs", "/openapi.json", "/health", "/model", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8100", "127.0.0.1", "127.0.0.1:80", ""]
)
def test_another_name_is_refused_at_every_path(client, path, host):
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert "mien serve" in error_of(response)


@pytest.mark.parametrize("host", ["127.0.0.1:8100", "LOCALHOST:8100", "[::1]:8100"])
def test_names_of_this_machine(client, host):
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://127.0.0.1:8000", "file://127.0.0.1:8100"]
)
def test_pages_of_other_sites_are_refused(client, reader, origin):
    headers = {"Origin": origin, **JPEG}
    response = client.post("/read", content=encoded(200), headers=headers)
    assert response.status_code == 403
    assert error_of(response)
    assert not reader.read_of


def test_the_page_of_its_own_may_ask(client):
    headers = {"Origin": ADDRESS, **JPEG}
    assert client.post("/read", content=encoded(200), headers=headers).status_code == 200


WRONG = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer a-token-of-many-letter"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
    {"Authorization": "Bearer \u00fc\u00ff".encode("latin-1")},
    {"Cookie": f"token={TOKEN}"},
    {"X-Token": TOKEN},
]


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("path", ["/read", "/model", "/nothing", f"/model?token={TOKEN}"])
def test_without_the_token_nothing_is_answered(ask, reader, headers, path):
    method = "POST" if path == "/read" else "GET"
    response = ask(TOKEN).request(method, path, content=b"x", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in error_of(response)
    assert not reader.read_of


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token_all_is_answered(ask, scheme):
    headers = {"Authorization": f"{scheme} {TOKEN}", **JPEG}
    assert ask(TOKEN).post("/read", content=encoded(200), headers=headers).status_code == 200


def test_documents_and_health_need_no_token_and_hold_none(ask):
    for path in FREE:
        response = ask(TOKEN).get(path)
        assert response.status_code in (200, 307)
        assert TOKEN not in response.text


def test_elsewhere_any_name_will_do_with_the_token(ask):
    headers = {"Host": "mien.example", "Authorization": f"Bearer {TOKEN}"}
    client = ask(TOKEN, elsewhere=True)
    assert client.get("/model", headers=headers).status_code == 200
    by_proxy = {**headers, "Origin": "https://mien.example"}
    assert client.get("/model", headers=by_proxy).status_code == 200
    for origin in ("https://evil.example", "null", "://mien.example"):
        assert client.get("/model", headers={**headers, "Origin": origin}).status_code == 403


def test_too_many_requests(ask):
    client = ask(rate=1.0)
    statuses = [client.get("/model").status_code for _ in range(4)]
    assert 429 in statuses
    response = next(
        one for one in (client.get("/model") for _ in range(9)) if one.status_code == 429
    )
    assert response.headers["retry-after"] == "1"
    assert "too many requests" in error_of(response)
    assert client.get("/health").status_code == 200


def test_whoever_has_no_token_uses_up_nobodys_requests(ask):
    client = ask(TOKEN, rate=1.0)
    assert {client.get("/model").status_code for _ in range(20)} == {401}
    assert client.get("/model", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_addresses_are_counted_apart_and_only_so_many(monkeypatch):
    monkeypatch.setattr(gate, "MOST_ADDRESSES", 3)
    rates = _Rates(1.0, lambda: 0.0)
    assert [rates.take("a"), rates.take("a"), rates.take("a")] == [True, True, False]
    assert rates.take("b")
    assert not rates.take("a")
    for number in range(100):
        rates.take(str(number))
    assert len(rates._buckets) == 3
    assert rates.take("a")


def test_there_is_no_websocket(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/read"):
        pass
