import contextlib
import socket
import sys
import threading
import urllib.error
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State
from websockets.sync.client import connect

from mien.errors import SettingsError
from mien.web.app import create_app
from mien.web.guard.security import local_hosts
from mien.web.protocol import MAX_MESSAGE_BYTES
from mien.web.server import Server, bind, bind_all


@contextlib.contextmanager
def joined(address: str):
    """Connect as the page does."""
    with connect(address.replace("http", "ws") + "/ws", origin=address) as page:
        assert '"hello"' in page.recv()
        yield page


def test_serves_the_page(address):
    with urllib.request.urlopen(address) as response:
        assert b"<title>mien</title>" in response.read()
        assert "server" not in response.headers


def test_refuses_another_host(address):
    request = urllib.request.Request(address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    assert caught.value.code == 421


def test_another_page_is_refused_without_an_error_logged(address):
    # That nothing is logged is checked where the server ends.
    with pytest.raises(InvalidStatus) as caught:
        connect(address.replace("http", "ws") + "/ws", origin="http://evil.example")
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/nothing", "/ws"])
@pytest.mark.parametrize("then", ["Transfer-Encoding: chunked\r\n\r\nno length", "\r\nno request"])
def test_nonsense_behind_a_request_ends_the_connection_without_an_error_logged(address, path, then):
    # That nothing is logged is checked where the server ends.
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        words = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{then}\r\n\r\n"
        raw.sendall(words.encode())
        assert raw.recv(9) == b"HTTP/1.1 "
        while raw.recv(4096):
            pass


def test_nothing_is_compressed(address):
    with joined(address) as page:
        assert "sec-websocket-extensions" not in page.response.headers


def test_a_message_that_is_too_big_closes_the_connection(address):
    with joined(address) as page:
        with contextlib.suppress(ConnectionClosed):
            page.send(bytes(MAX_MESSAGE_BYTES + 1))
        with pytest.raises(ConnectionClosed) as caught:
            page.recv(timeout=30)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009


def test_a_malformed_message_closes_the_connection_with_a_reason(address):
    with joined(address) as page:
        page.send("nonsense")
        with pytest.raises(ConnectionClosed) as caught:
            page.recv(timeout=30)
        assert caught.value.rcvd is not None
        assert "malformed" in caught.value.rcvd.reason


def test_a_page_may_leave_at_any_moment(address, source):
    # That nothing is logged then is checked where the server ends.
    for words in (["watch"], ["watch", "stop"], ["watch", "next", "next"]):
        for _ in range(5):
            with joined(address) as page:
                for word in words:
                    text = '{"type": "watch", "source": "sample"}' if word == "watch" else None
                    page.send(text or f'{{"type": "{word}"}}')
                page.socket.close()
        assert source.closed.wait(30)


def test_ends_while_a_page_watches(services, serve, source):
    with (
        serve(services) as address,
        connect(address.replace("http", "ws") + "/ws", origin=address) as page,
    ):
        page.recv()
        page.send('{"type": "watch", "source": "sample"}')
        assert isinstance(page.recv(timeout=30), bytes)
    # `serve` fails where the server does not end.
    assert source.closed.wait(30)


def test_ends_while_a_page_is_leaving(services, run_server):
    started = threading.Event()
    with bind("127.0.0.1", 0) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(services, hosts=local_hosts(listener.getsockname()[1]))
        server = Server(app, on_started=started.set)
        with (
            run_server(server, listener, started) as thread,
            connect(f"ws://{address}/ws", origin=f"http://{address}") as page,
        ):
            page.recv()
            # So it is for a moment after the page said goodbye.
            (connection,) = server.server_state.connections
            connection.conn.state = State.CLOSING
            server.should_exit = True
            with pytest.raises(ConnectionClosed) as caught:
                page.recv(timeout=30)
            assert caught.value.rcvd is None
            thread.join(30)


def test_a_port_in_use_is_an_error_of_one_line():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} .*--port") as caught:
            bind("127.0.0.1", port)
        assert "\n" not in str(caught.value)


def test_the_next_free_port_is_found():
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with bind("127.0.0.1", port, search=True) as found:
            assert port < found.getsockname()[1] <= port + 9


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has all of 127/8")
def test_several_addresses_get_the_same_port_and_none_stays_taken_by_a_failure():
    with bind("127.0.0.2", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} of 127\.0\.0\.2 .*--lan-port"):
            bind_all(["127.0.0.1", "127.0.0.2"], port, option="--lan-port")
        with bind("127.0.0.1", port), contextlib.ExitStack() as stack:
            found = bind_all(["127.0.0.3", "127.0.0.2"], port, search=True)
            ports = {stack.enter_context(one).getsockname()[1] for one in found}
    assert len(ports) == 1
    assert port not in ports
    with contextlib.ExitStack() as stack:
        found = bind_all(["127.0.0.1", "127.0.0.2"], 0)
        assert len({stack.enter_context(one).getsockname()[1] for one in found}) == 1


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_ipv6_loopback():
    try:
        listener = bind("::1", 0)
    except SettingsError:
        pytest.skip("needs an IPv6 loopback address")
    with listener:
        assert listener.family == socket.AF_INET6
