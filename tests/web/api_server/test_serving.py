"""A real server among clients that are slow, many, gone or hostile."""

import contextlib
import http.client
import re
import socket
import threading

import pytest
from tests.web.fakes import encoded

from mien.web.api_server import body, desk
from mien.web.guard.connections import Bounds

pytestmark = pytest.mark.timeout(60)
PICTURE = encoded(200)
HASTY = Bounds(most=6, most_of_one=6, request=0.3, check=0.05, spare=0)
LEAVING = b"Connection: close\r\n"


def head_of(*lines: bytes, path: bytes = b"/read", host: bytes = b"127.0.0.1") -> bytes:
    return b"".join(
        (
            b"POST ",
            path,
            b" HTTP/1.1\r\nHost: ",
            host,
            b"\r\n",
            *(line + b"\r\n" for line in lines),
            b"\r\n",
        )
    )


def whole(port: int, picture: bytes = PICTURE, *lines: bytes) -> bytes:
    length = b"Content-Length: %d" % len(picture)
    return head_of(length, *lines, host=b"127.0.0.1:%d" % port) + picture


@contextlib.contextmanager
def connected(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=50) as line:
        yield line


def rest_of(line: socket.socket) -> bytes:
    """Return all that comes until the server closes, also where it breaks off."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts)


def answer(port: int, data: bytes) -> bytes:
    with connected(port) as line:
        line.sendall(data)
        return rest_of(line)


def post(port: int, content: object = PICTURE, **options) -> http.client.HTTPResponse:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=50)
    client.request("POST", "/read", body=content, **options)
    response = client.getresponse()
    response.body = response.read()
    client.close()
    return response


def is_well(port: int) -> None:
    assert post(port).status == 200


def test_bodies_of_every_kind(serve, reader):
    """Whole, chunked without a length, several requests at once, and too much of one."""
    with serve(max_megabytes=0.1) as port:
        is_well(port)
        chunks = [PICTURE[:100], PICTURE[100:]]
        assert (
            post(
                port, iter(chunks), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
            ).status
            == 200
        )
        told = answer(
            port,
            whole(port) * 2
            + whole(port, b"no picture")
            + whole(port, PICTURE, b"Connection: close"),
        )
        statuses = re.findall(rb"HTTP/1.1 (\d+)", told)
        assert statuses == [b"200", b"200", b"415", b"200"]
        assert len(reader.read_of) == 5


def test_who_sends_too_much_is_told_so_and_may_go_on(serve):
    """Many clients look for an answer only once they have sent all."""
    much = b"\0" * 3_000_000
    with serve(max_megabytes=0.1) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=50)
        for content in (much, PICTURE, iter([much[:1_000_000], much]), PICTURE):
            client.request("POST", "/read", body=content)
            response = client.getresponse()
            told = response.read()
            assert response.status == (200 if content is PICTURE else 413), told
        client.close()


def test_who_asks_before_sending_is_told_at_once(serve):
    with serve(max_megabytes=0.1) as port:
        host = b"127.0.0.1:%d" % port
        told = answer(port, head_of(b"Content-Length: 999999", b"Expect: 100-continue", host=host))
        assert told.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in told.lower()
        with connected(port) as line:
            length = b"Content-Length: %d" % len(PICTURE)
            line.sendall(head_of(length, b"Expect: 100-continue", b"Connection: close", host=host))
            assert line.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            line.sendall(PICTURE)
            assert rest_of(line).startswith(b"HTTP/1.1 200 ")


MALFORMED = {
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello \r\n\r\n",
    "huge headers": head_of(b"X: " + b"x" * 200_000),
    "many headers": head_of(*[b"X: y"] * 30_000),
    "a length that is none": head_of(b"Content-Length: many"),
    "two lengths": head_of(b"Content-Length: 1", b"Content-Length: 2"),
    "a bad chunk": head_of(b"Transfer-Encoding: chunked") + b"zz\r\n",
    "no host": b"POST /read HTTP/1.1\r\n\r\n",
    "two hosts": b"POST /read HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a line in a header": head_of(b"X: a\rb"),
}


def test_what_is_no_request_is_refused(serve, reader):
    with serve() as port:
        for data in MALFORMED.values():
            host = b"Host: 127.0.0.1:%d" % port
            told = answer(port, data.replace(b"Host: 127.0.0.1", host))
            # Where more is on its way when the server hangs up, the answer may be lost.
            assert told == b"" or told.startswith(b"HTTP/1.1 4"), told[:200]
        is_well(port)
    assert len(reader.read_of) == 1


def test_slow_clients_are_ended_and_keep_nobody_out(serve):
    beginnings = [b"", b"POST /re", head_of(b"Content-Length: 50000"), whole(1)[:500]]
    with serve(HASTY) as port, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(connected(port)) for _ in beginnings * 3]
        for line, data in zip(lines, beginnings * 3, strict=True):
            with contextlib.suppress(ConnectionError):
                line.sendall(data.replace(b"Host: 127.0.0.1", b"Host: 127.0.0.1:%d" % port))
        is_well(port)
        for line in lines:
            assert b" 200 " not in rest_of(line)
        is_well(port)


def test_a_body_that_takes_too_long_is_told(serve, monkeypatch):
    monkeypatch.setattr(body, "READ_SECONDS", 0.1)
    with serve() as port:
        told = answer(port, whole(port)[:-10])
        assert told.startswith(b"HTTP/1.1 408 ")
        is_well(port)


def test_who_has_to_wait_for_us_is_not_ended(serve, reader):
    reader.may.clear()
    with serve(HASTY, jobs=1) as port:
        with connected(port) as first, connected(port) as second:
            for line in (first, second):
                line.sendall(whole(port, PICTURE, b"Connection: close"))
            # One is being read, one waits; others come and are ended meanwhile.
            assert reader.begun.acquire(timeout=50)
            with connected(port) as idle:
                assert rest_of(idle) == b""
            reader.may.set()
            assert rest_of(first).startswith(b"HTTP/1.1 200 ")
            assert rest_of(second).startswith(b"HTTP/1.1 200 ")
        is_well(port)


def test_clients_share_what_reads_and_too_many_are_told(serve, reader, monkeypatch):
    monkeypatch.setattr(desk, "WAITING_FOR_EACH", 1)
    reader.may.clear()
    statuses, lock = [], threading.Lock()

    def ask() -> None:
        response = post(port)
        with lock:
            statuses.append(response.status)

    with serve(jobs=2) as port:
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for _ in range(2):
            assert reader.begun.acquire(timeout=50)
        # Two are read, two wait; the others are told at once, and all else is answered.
        for thread in threads:
            thread.join(0.5)
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=50)
        client.request("GET", "/health")
        assert client.getresponse().status == 200
        client.close()
        reader.may.set()
        for thread in threads:
            thread.join(50)
        assert sorted(statuses) == [200, 200, 200, 200, 503, 503]
        is_well(port)


def test_who_waits_too_long_is_told(serve, reader, monkeypatch):
    monkeypatch.setattr(desk, "WAIT_SECONDS", 0.1)
    reader.may.clear()
    with serve(jobs=1) as port, connected(port) as first:
        first.sendall(whole(port, PICTURE, b"Connection: close"))
        assert reader.begun.acquire(timeout=50)
        response = post(port)
        assert response.status == 503
        assert response.headers["retry-after"] == "1"
        reader.may.set()
        assert rest_of(first).startswith(b"HTTP/1.1 200 ")


def test_what_is_held_is_bounded_and_let_go(serve, monkeypatch):
    from mien.web.api_server import app

    monkeypatch.setattr(app, "MAX_HELD", 100_000)
    with (
        serve(max_megabytes=0.05, rate=1e6) as port,
        connected(port) as first,
        connected(port) as second,
    ):
        host = b"127.0.0.1:%d" % port
        for line in (first, second):
            line.sendall(head_of(b"Content-Length: 49999", host=host) + b"\0" * 49_900)
        response = post(port)
        while response.status == 200:  # until both have come
            response = post(port)
        assert response.status == 503
        for line in (first, second):
            line.shutdown(socket.SHUT_RDWR)
        while response.status == 503:
            response = post(port)
        assert response.status == 200


def test_clients_that_leave_do_no_harm(serve, reader):
    reader.may.clear()
    with serve(jobs=1) as port:
        with connected(port) as reading:
            reading.sendall(whole(port))
            assert reader.begun.acquire(timeout=50)
        for data in (b"", b"PO", whole(port)[:-5], whole(port)):
            with connected(port) as line:
                line.sendall(data)
        reader.may.set()
        is_well(port)
    # Whoever left while they waited was not read for.
    assert len(reader.read_of) == 2
