import contextlib
import dataclasses
import json
import struct
import threading

import pytest
from starlette.testclient import TestClient

from mien import __version__
from mien.errors import SourceError
from mien.web.app import create_app
from mien.web.session import OfferedSource

HOST = "127.0.0.1:8000"


@pytest.fixture
def connect(services):
    @contextlib.contextmanager
    def open_one(services=services):
        headers = {"Host": HOST, "Origin": f"http://{HOST}"}
        client = TestClient(create_app(services, hosts=[HOST]))
        with client.websocket_connect("/ws", headers=headers) as socket:
            assert socket.receive_json()["type"] == "hello"
            yield socket

    return open_one


def receive_close(socket) -> dict:
    message = socket.receive()
    assert message["type"] == "websocket.close", message
    return message


def receive_frame(socket) -> tuple[dict, bytes]:
    message = socket.receive_bytes()
    (length,) = struct.unpack_from(">I", message)
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def test_says_hello(services):
    headers = {"Host": HOST, "Origin": f"http://{HOST}"}
    client = TestClient(create_app(services, hosts=[HOST]))
    with client.websocket_connect("/ws", headers=headers) as socket:
        assert socket.receive_json() == {
            "type": "hello",
            "version": __version__,
            "labels": ["angry", "sad", "happy", "neutral"],
            "sources": [{"id": "sample", "name": "the sample"}],
            "mode": "camera",
        }


def test_reads_camera_pictures_in_order(connect, picture_message):
    with connect() as socket:
        for index, (gray, label) in enumerate([(200, "happy"), (60, "sad")]):
            socket.send_bytes(picture_message(1.5 + index, gray))
            answer = socket.receive_json()
            assert (answer["type"], answer["frame"], answer["time"]) == (
                "analysis",
                index,
                1.5 + index,
            )
            assert answer["size"] == [320, 180]
            assert answer["faces"][0]["label"] == label
            assert answer["timings"].keys() == {"decode", "detect"}


def test_stop_begins_a_new_state(connect, picture_message, analyzers):
    with connect() as socket:
        for timestamp in (9.0, 1.0):
            socket.send_bytes(picture_message(timestamp))
            assert socket.receive_json()["frame"] == 0
            socket.send_json({"type": "stop"})
            assert socket.receive_json() == {"type": "stopped"}
    assert len(analyzers) == 2


def test_two_pages_have_states_of_their_own(connect, picture_message, analyzers):
    with connect() as one, connect() as other:
        one.send_bytes(picture_message(5.0, 60))
        other.send_bytes(picture_message(1.0, 200))
        assert one.receive_json()["faces"][0]["label"] == "sad"
        assert other.receive_json()["faces"][0]["label"] == "happy"
    assert [len(analyzer.frames) for analyzer in analyzers] == [1, 1]


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        ("nonsense", 1007, "malformed"),
        ('{"type": "watch", "source": "elsewhere"}', 1007, "malformed"),
        ('{"type": "watch", "source": "configured"}', 1008, "no configured source"),
        (b"", 1003, "malformed"),
        (b"\x00" * 100, 1003, "malformed"),
        (struct.pack(">d", 1.0) + b"\x89PNG\r\n\x1a\n", 1003, "malformed"),
        (struct.pack(">d", 1.0) + b"\xff\xd8\xff truncated", 1007, "malformed"),
        (struct.pack(">d", float("nan")) + b"\xff\xd8\xff", 1007, "time stamp"),
        (bytes(2_000_001), 1009, "too big"),
    ],
)
def test_a_malformed_message_closes_this_connection_only(
    connect, picture_message, message, code, reason
):
    with connect() as good:
        with connect() as bad:
            (bad.send_text if isinstance(message, str) else bad.send_bytes)(message)
            closed = receive_close(bad)
        assert closed["code"] == code
        assert reason in closed["reason"]
        assert len(closed["reason"].encode()) <= 123
        good.send_bytes(picture_message(1.0))
        assert good.receive_json()["type"] == "analysis"


def test_a_huge_picture_is_refused_before_it_is_decoded(connect, picture_message, analyzers):
    with connect() as socket:
        socket.send_bytes(picture_message(1.0, size=(2001, 2001)))
        assert "4 megapixels" in receive_close(socket)["reason"]
    assert not analyzers[0].frames


def test_time_that_runs_backwards_is_refused(connect, picture_message):
    with connect() as socket:
        socket.send_bytes(picture_message(2.0))
        assert socket.receive_json()["type"] == "analysis"
        socket.send_bytes(picture_message(2.0))
        assert "backwards" in receive_close(socket)["reason"]


def test_watch_sends_frames_one_by_one(connect, source, analyzers):
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        for index in range(3):
            analysis, jpeg = receive_frame(socket)
            assert (analysis["type"], analysis["frame"]) == ("analysis", index)
            assert jpeg.startswith(b"\xff\xd8")
            # Nothing is read ahead for a page that has not shown the last frame.
            assert len(analyzers[0].frames) == index + 1
            socket.send_json({"type": "next"})
        socket.send_json({"type": "stop"})
        while (message := socket.receive()).get("text") != '{"type":"stopped"}':
            assert message.get("bytes")
        assert source.closed.is_set()


def test_the_end_of_a_source_is_said(connect, source):
    source.count = 1
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        receive_frame(socket)
        socket.send_json({"type": "next"})
        assert socket.receive_json() == {"type": "ended"}
        assert source.closed.is_set()


def test_after_the_end_the_camera_may_follow(connect, source, picture_message):
    source.count = 0
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        assert socket.receive_json() == {"type": "ended"}
        socket.send_bytes(picture_message(1.0))
        assert socket.receive_json()["type"] == "analysis"


def test_a_source_that_breaks_off_is_an_error_of_one_line(connect, source):
    source.count, source.breaks_off = 0, True
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        answer = socket.receive_json()
        assert answer == {"type": "error", "message": "fake: the camera was unplugged; plug it in"}
        source.breaks_off = False
        socket.send_json({"type": "watch", "source": "sample"})
        assert socket.receive_json() == {"type": "ended"}


def test_a_source_that_does_not_open_is_an_error(connect, services):
    def fail():
        raise SourceError("camera 0: in use by another program; close that one")

    services = dataclasses.replace(services, sources={"sample": OfferedSource("x", fail)})
    with connect(services) as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        assert "in use" in socket.receive_json()["message"]


def test_camera_pictures_during_a_watch_are_refused(connect, picture_message):
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        receive_frame(socket)
        socket.send_bytes(picture_message(1.0))
        assert receive_close(socket)["code"] == 1008


def test_leaving_frees_the_source(connect, source):
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        receive_frame(socket)
        socket.close()
        assert source.closed.wait(5)


def test_leaving_frees_a_source_that_hangs(connect, services, source):
    class Hanging:
        name, live = "hanging", True

        def __init__(self):
            self.closed = threading.Event()

        def __iter__(self):
            self.closed.wait(30)
            yield from ()

        def close(self):
            self.closed.set()

    hanging = Hanging()
    services = dataclasses.replace(
        services, sources={"sample": OfferedSource("hanging", lambda: hanging)}
    )
    with connect(services) as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        socket.send_json({"type": "stop"})
        assert socket.receive_json() == {"type": "stopped"}
        assert hanging.closed.is_set() or hanging.closed.wait(5)


def test_all_frames_are_counted(connect, services, source, picture_message):
    source.count = 2
    with connect() as socket:
        socket.send_bytes(picture_message(1.0))
        socket.receive_json()
        socket.send_json({"type": "watch", "source": "sample"})
        for _ in range(2):
            receive_frame(socket)
            socket.send_json({"type": "next"})
        assert socket.receive_json() == {"type": "ended"}
    summary = services.meter.summary()
    assert (summary.frames, summary.faces, summary.faceless_frames) == (3, 3, 0)
    assert summary.p95_ms >= summary.p50_ms > 0
