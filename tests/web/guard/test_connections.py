"""Crowds, silence and pages that take nothing, on real sockets; no deadline here is a second."""

import asyncio
import contextlib
import dataclasses
import errno
import logging
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as SentFrame
from websockets.frames import Opcode
from websockets.sync.client import connect
from websockets.typing import Origin
from websockets.uri import parse_uri

from mien.protocols import Source
from mien.types import Frame
from mien.web.app import create_app
from mien.web.guard.connections import Bounds, Door
from mien.web.guard.limits import OpenPages
from mien.web.guard.security import local_hosts
from mien.web.guard.wire import MAX_FRAMES, MAX_PINGS, Page, Requests
from mien.web.server import Server, bind
from mien.web.session.services import OfferedSource

QUICK = Bounds(request=0.1, goodbye=0.05, check=0.01)
PATIENT = Bounds(request=60)
# Only ever waited out by a test that fails.
LONG = 30.0


@pytest.fixture
def serve_within(services, run_server):
    """Run a server with bounds while a `with` block lasts."""

    @contextlib.contextmanager
    def serving(bounds: Bounds, services=services, send_buffer: int = 0) -> Iterator[str]:
        with bind("127.0.0.1", 0) as listener:
            if send_buffer:
                # What is accepted there has the same.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            port = listener.getsockname()[1]
            started = threading.Event()
            app = create_app(services, hosts=local_hosts(port))
            server = Server(app, bounds=bounds, on_started=started.set)
            with run_server(server, listener, started):
                yield f"http://127.0.0.1:{port}"

    return serving


@pytest.fixture
def crowd():
    """Open raw connections that say nothing by themselves."""
    with contextlib.ExitStack() as stack:

        def open_one(address: str, *, source: str = "", receive_buffer: int = 0) -> socket.socket:
            one = stack.enter_context(socket.socket())
            one.settimeout(LONG)
            if receive_buffer:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                one.bind((source, 0))
            host, port = address.removeprefix("http://").split(":")
            one.connect((host, int(port)))
            return one

        yield open_one


def joined(address: str):
    return connect(address.replace("http", "ws") + "/ws", origin=address)


def wait_for_end(one: socket.socket) -> None:
    """Return once the server has ended a connection; fail where it does not."""
    with contextlib.suppress(ConnectionResetError):
        while one.recv(4096):
            pass


def is_served(address: str) -> bool:
    with urllib.request.urlopen(address, timeout=LONG) as response:
        return b"<title>mien</title>" in response.read()


@pytest.mark.parametrize(
    "words", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_what_brings_no_whole_request_is_ended(serve_within, crowd, words):
    with serve_within(QUICK) as address:
        one = crowd(address)
        one.sendall(words.replace(b"{host}", address[7:].encode()))
        wait_for_end(one)


def test_what_stays_after_a_request_is_ended_even_while_it_trickles(serve_within, crowd):
    with serve_within(QUICK) as address:
        answer = b""
        while not answer:  # a busy machine may be too late
            one = crowd(address)
            one.sendall(f"HEAD / HTTP/1.1\r\nHost: {address[7:]}\r\n\r\n".encode())
            answer = one.recv(12)
        assert answer == b"HTTP/1.1 200"
        one.sendall(b"G")  # uvicorn has no patience to lose after this
        wait_for_end(one)


def test_an_answer_that_is_not_taken_is_not_kept(serve_within, crowd):
    with serve_within(QUICK, send_buffer=4096) as address:
        one = crowd(address, receive_buffer=4096)
        wanted = "/static/generated/languages.js"
        for _ in range(50):  # more than all buffers take
            one.sendall(f"GET {wanted} HTTP/1.1\r\nHost: {address[7:]}\r\n\r\n".encode())
        # The server ends it though it cannot send what it has; an end without that is a reset.
        deadline = time.monotonic() + LONG
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() < deadline:
                one.sendall(b"G")
            pytest.fail("it was kept")


def test_a_page_stays_though_it_says_nothing(serve_within, crowd):
    with serve_within(dataclasses.replace(QUICK, request=0.5)) as address, joined(address) as page:
        assert '"hello"' in page.recv()
        wait_for_end(crowd(address))
        page.send('{"type": "stop"}')
        assert page.recv(timeout=LONG) == '{"type":"stopped"}'


def test_a_crowd_that_says_nothing_keeps_nobody_out(serve_within, crowd, caplog):
    with serve_within(dataclasses.replace(PATIENT, most=4)) as address, joined(address) as page:
        assert '"hello"' in page.recv()
        silent = [crowd(address) for _ in range(20)]
        assert is_served(address)
        for one in silent[:17]:
            wait_for_end(one)
        page.send('{"type": "stop"}')
        assert page.recv(timeout=LONG) == '{"type":"stopped"}'
    # One line, however many they are.
    assert [record.name for record in caplog.records] == ["mien.web.guard.connections"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has all of 127/8")
def test_who_opens_many_loses_their_own_first(serve_within, crowd):
    with serve_within(dataclasses.replace(PATIENT, most=8, most_of_one=2)) as address:
        other = crowd(address, source="127.0.0.2")
        other.sendall(b"GET / ")
        many = [crowd(address) for _ in range(10)]
        for one in many[:8]:
            wait_for_end(one)
        other.sendall(f"HTTP/1.1\r\nHost: {address[7:]}\r\n\r\n".encode())
        assert other.recv(12) == b"HTTP/1.1 200"


def test_pages_are_never_ended_to_make_room(serve_within, crowd):
    with (
        serve_within(dataclasses.replace(PATIENT, most=2)) as address,
        joined(address) as first,
        joined(address) as second,
    ):
        assert '"hello"' in first.recv()
        assert '"hello"' in second.recv()
        wait_for_end(crowd(address))
        for page in (first, second):
            page.send('{"type": "stop"}')
            assert page.recv(timeout=LONG) == '{"type":"stopped"}'


def test_where_the_system_has_no_more_to_give_it_is_asked_again_in_a_while(monkeypatch, caplog):
    answers = [OSError(errno.EMFILE, "Too many open files")] * 3
    answers += [ConnectionAbortedError(errno.ECONNABORTED, "gone")]
    slept = []

    async def try_it() -> None:
        loop, taken = asyncio.get_running_loop(), asyncio.Event()
        sleep, accept = asyncio.sleep, loop.sock_accept

        async def accepting(listener):
            if answers:
                raise answers.pop(0)
            taken.set()
            return await accept(listener)

        async def sleeping(seconds):
            slept.append(seconds)
            await sleep(0)

        loop.sock_accept = accepting
        monkeypatch.setattr(asyncio, "sleep", sleeping)
        with bind("127.0.0.1", 0) as listener:
            door = Door([listener], asyncio.Protocol, Bounds(retry=7, check=LONG))
            await taken.wait()
            await door.close()

    asyncio.run(try_it())
    assert slept.count(7) == 3
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert not any(record.exc_info for record in caplog.records)


def test_the_last_descriptors_are_left_to_others(serve_within, crowd, monkeypatch):
    monkeypatch.setattr("mien.web.guard.connections._descriptors", lambda: 4)
    with serve_within(dataclasses.replace(PATIENT, spare=64)) as address:
        # Each new one has a number above three.
        wait_for_end(crowd(address))


@pytest.fixture
def large_frames(services):
    """A source whose frames are larger than what small buffers take."""
    noise = np.random.default_rng(0).integers(0, 255, (360, 480, 3), np.uint8)
    assert len(cv2.imencode(".jpg", noise)[1]) > 100_000

    class Noise(Source):
        name, live = "noise", True

        def __iter__(self):
            yield Frame(noise, 0, 0.0, self.name)

        def close(self):
            pass

    sources = {"sample": OfferedSource("noise", lambda _: Noise())}
    return dataclasses.replace(services, sources=sources, pages=OpenPages(most=1))


def test_a_page_that_takes_nothing_loses_its_place(serve_within, crowd, large_frames):
    bounds = Bounds(ping=0.05, pong=0.05, goodbye=0.05, check=0.01)
    with serve_within(bounds, large_frames, send_buffer=4096) as address:
        deaf = crowd(address, receive_buffer=4096)
        deaf.sendall(upgrade(address))
        assert deaf.recv(12) == b"HTTP/1.1 101"
        deaf.sendall(sent(Opcode.TEXT, b'{"type": "watch", "source": "sample"}'))
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            with joined(address) as page, contextlib.suppress(ConnectionClosed):
                assert '"hello"' in page.recv(timeout=LONG)
                return
        pytest.fail("the place was not freed")


def test_what_is_sent_after_the_server_has_closed_is_a_disconnect():
    # uvicorn's own answer is an error, which would be logged as a failure of mien's.
    async def send() -> None:
        config = uvicorn.Config(lambda: None, http=Requests, ws=Page)
        page = Page(config, ServerState(), {})
        page.handshake_complete = page.close_sent = True
        await page.send({"type": "websocket.send", "text": "too late"})

    with pytest.raises(ClientDisconnected):
        asyncio.run(send())


def upgrade(address: str) -> bytes:
    page = ClientProtocol(parse_uri(f"ws{address.removeprefix('http')}/ws"), origin=Origin(address))
    return page.connect().serialize()


def sent(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame as a browser sends it."""
    return SentFrame(opcode, data, fin).serialize(mask=True)


def told_on_leaving(page) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        page.recv(timeout=LONG)
    return caught.value.rcvd.code, caught.value.rcvd.reason


@pytest.mark.parametrize(
    ("frame", "times", "code", "reason"),
    [
        (sent(Opcode.PING), MAX_PINGS + 9, 1008, "too many pings in a short time"),
        (sent(Opcode.PONG), MAX_PINGS + 9, 1008, "too many pongs in a short time"),
        # The first frame of a text, and empty ones that go on with it.
        (sent(Opcode.CONT, fin=False), MAX_FRAMES + 9, 1009, "malformed message: too many parts"),
        (sent(Opcode.TEXT, b'{"type": "\xff"}'), 1, 1007, "malformed message: not UTF-8"),
    ],
    ids=["pings", "pongs", "parts", "no text"],
)
def test_what_no_browser_sends_is_closed_with_a_reason(address, frame, times, code, reason):
    # That no error is logged is checked where the server ends.
    with joined(address) as page:
        assert '"hello"' in page.recv()
        start = sent(Opcode.TEXT, fin=False) if frame[0] == 0 else b""
        page.socket.sendall(start + frame * times)
        assert told_on_leaving(page) == (code, reason)
