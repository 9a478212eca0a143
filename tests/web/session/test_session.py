import contextlib
import dataclasses
import datetime
import json
import struct
import threading
import time

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.web.fakes import FakeAnalyze, FakeSource

from mien import __version__
from mien.errors import SinkError, SourceError
from mien.models.info import DataTerms, Terms
from mien.protocols import Source
from mien.sinks.markers import Markers
from mien.sources import latest
from mien.sources.latest import NewestFrame
from mien.sources.reconnect import Reconnecting
from mien.types import Frame
from mien.web.app import create_app
from mien.web.guard.limits import OpenPages
from mien.web.protocol import ModelFacts
from mien.web.session.recorder import Recorder
from mien.web.session.services import OfferedSource

HOST = "127.0.0.1:8000"
# Only ever waited out by a test that fails.
LONG = 20.0
ABSENT = SourceError("camera 0: there is none")
ENDED = {"type": "ended"}
HEADER = struct.pack(">I", 26) + b'{"type":"grab","time":1.0}'


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
            "model": None,
            "markers": False,
            "streams": False,
            "teaches": False,
            "adapted": False,
        }


def test_hello_tells_of_the_model(services):
    terms = Terms("MIT", (DataTerms("faces", "CC0"),))
    services = dataclasses.replace(services, model=ModelFacts("tiny", "3", terms))
    headers = {"Host": HOST, "Origin": f"http://{HOST}"}
    client = TestClient(create_app(services.for_others(), hosts=[HOST]))
    with client.websocket_connect("/ws", headers=headers) as socket:
        data = [{"source": "faces", "terms": "CC0"}]
        wanted = {"name": "tiny", "version": "3", "terms": {"weights": "MIT", "data": data}}
        assert socket.receive_json()["model"] == {**wanted, "usual": False}


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
        (HEADER + b"\x89PNG\r\n\x1a\n", 1003, "malformed"),
        (HEADER + b"\xff\xd8\xff truncated", 1007, "malformed"),
        (struct.pack(">I", 12) + b'{"type":"\xff"}' + b"\xff\xd8\xff", 1007, "not UTF-8"),
        (HEADER.replace(b"1", b"-") + b"\xff\xd8\xff", 1007, "malformed"),
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


def test_a_picture_by_itself_is_read_beside_a_stream(
    connect, picture_message, still_message, analyzers
):
    with connect() as socket:
        for index in range(2):
            socket.send_bytes(picture_message(1.0 + index))
            assert socket.receive_json()["frame"] == index
            socket.send_bytes(still_message(7 + index, 60))
            answer = socket.receive_json()
            assert (answer["type"], answer["id"]) == ("picture", 7 + index)
            assert answer["faces"][0]["label"] == "sad"
            assert "parts" not in answer["faces"][0]
    assert [len(analyzer.frames) for analyzer in analyzers] == [2, 1, 1]


def test_a_picture_by_itself_is_read_beside_a_source_of_the_server(connect, still_message):
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        receive_frame(socket)
        socket.send_bytes(still_message(1))
        assert socket.receive_json()["id"] == 1
        socket.send_json({"type": "next"})
        receive_frame(socket)


def test_tells_which_parts_a_picture_is_read_from(connect, still_message):
    with connect() as socket:
        socket.send_bytes(still_message(1, parts=True))
        parts = socket.receive_json()["faces"][0]["parts"]
    assert [(part["part"], part["effect"]) for part in parts] == [("mouth", 0.5), ("eyes", 0.0)]
    assert np.shape(parts[0]["region"]) == (4, 2)


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


def test_the_last_picture_is_read_until_its_words_are_its_own(connect, services):
    class Slow(FakeAnalyze):
        """Says for nine frames what it said at first."""

        def __call__(self, frame):
            first = self.frames[0].image if 0 < len(self.frames) < 9 else frame.image
            return super().__call__(dataclasses.replace(frame, image=first))

    class Darkens(FakeSource):
        def __iter__(self):
            for frame in super().__iter__():
                image = frame.image if frame.index < 2 else np.full_like(frame.image, 60)
                yield dataclasses.replace(frame, image=image)

    sources = {"sample": OfferedSource("clip", lambda _: Darkens(count=3))}
    with connect(dataclasses.replace(services, make_analyzer=Slow, sources=sources)) as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        said = []
        for _ in range(4):
            said.append(receive_frame(socket)[0]["faces"][0]["label"])
            socket.send_json({"type": "next"})
        assert said == ["happy", "happy", "happy", "sad"]
        assert socket.receive_json() == {"type": "ended"}


def test_a_source_that_does_not_open_is_an_error(connect, services):
    def fail(_):
        raise SourceError("camera 0: in use by another program; close that one")

    services = dataclasses.replace(services, sources={"sample": OfferedSource("x", fail)})
    with connect(services) as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        assert "in use" in socket.receive_json()["message"]


def test_a_usual_face_of_the_pages_own_stream_is_learnt_and_forgotten(
    connect, picture_message, analyzers
):
    def asked(learn: bool) -> dict:
        return {"type": "usual", "track_id": 1, "learn": learn}

    with connect() as socket:
        socket.send_json(asked(True))  # there is no stream yet
        times = iter(range(1, 20))

        def state() -> str | None:
            socket.send_bytes(picture_message(float(next(times))))
            (face,) = socket.receive_json()["faces"]
            return face["usual"] and face["usual"]["state"]

        assert state() is None
        socket.send_json(asked(True))
        assert [state() for _ in range(5)] == ["learning"] * 4 + ["on"]
        socket.send_json(asked(False))
        assert state() is None
    assert analyzers[0].usual == [("learn", 1), ("forget", 1)]


def test_a_usual_face_of_what_the_server_reads_is_learnt(connect, analyzers):
    with connect() as socket:
        socket.send_json({"type": "watch", "source": "sample"})
        receive_frame(socket)
        socket.send_json({"type": "usual", "track_id": 1, "learn": True})
        states = []
        for _ in range(5):
            socket.send_json({"type": "next"})
            (face,) = receive_frame(socket)[0]["faces"]
            states.append(face["usual"]["state"])
    assert states == ["learning"] * 4 + ["on"]
    assert analyzers[0].usual == [("learn", 1)]


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
    class Hanging(Source):
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
        services, sources={"sample": OfferedSource("hanging", lambda _: hanging)}
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


class TestCameraOfTheServer:
    """Faults of a source that is waited for, on their way to the page."""

    @pytest.fixture
    def watch(self, connect, services, monkeypatch):
        """Watch cameras, one after the other, each until its fault; no thread may be left."""
        monkeypatch.setattr(latest, "WAIT_SECONDS", 0.005)

        @contextlib.contextmanager
        def watching(*cameras, stall=0.01, retry=0.001):
            planned = iter(cameras)

            def opened(on_notice):
                return Reconnecting(
                    lambda: NewestFrame(next(planned), stall=stall),
                    on_notice=on_notice,
                    retry=retry,
                )

            offered = {"sample": OfferedSource("camera 0", opened)}
            with connect(dataclasses.replace(services, sources=offered)) as socket:
                socket.send_json({"type": "watch", "source": "sample"})
                yield socket
                begin = time.perf_counter()
            assert time.perf_counter() - begin < LONG / 2
            for thread in threading.enumerate():
                if thread.name.startswith("mien"):
                    thread.join(LONG / 2)
                    assert not thread.is_alive()
            assert all(camera.closed.is_set() for camera in cameras)

        return watching

    @pytest.mark.parametrize(
        ("fault", "why"),
        [
            ({"stalls": True}, "no picture for 0.01 seconds; check the camera or the network"),
            ({"error": SourceError("camera 0: unplugged")}, "unplugged"),
        ],
    )
    def test_the_page_is_told_of_an_outage_and_goes_on(self, watch, fault, why):
        message = f"camera 0: {why}; mien waits for it and goes on when it is back"
        with watch(
            Camera(1, **fault), Camera(0, error=ABSENT), Camera(1, **fault), Camera(1)
        ) as page:
            for index in range(3):
                assert receive_frame(page)[0]["frame"] == index
                page.send_json({"type": "next"})
                answer = page.receive_json()
                told = answer.pop("told", None) if index < 2 else None
                assert answer == ({"type": "waiting", "message": message} if index < 2 else ENDED)
                assert (told is not None) == (index < 2 and why.startswith("no picture"))

    def test_a_camera_that_never_gave_a_picture_is_an_error(self, watch):
        with watch(Camera(0, error=ABSENT)) as page:
            assert page.receive_json() == {"type": "error", "message": str(ABSENT)}

    def test_a_mistake_in_it_is_told(self, watch, caplog):
        with watch(Camera(1, error=ZeroDivisionError("a mistake"))) as page:
            receive_frame(page)
            page.send_json({"type": "next"})
            assert "ZeroDivisionError: a mistake" in page.receive_json()["message"]
        assert "Traceback" in caplog.text

    def test_the_page_may_stop_while_it_is_waited_for(self, watch):
        with watch(Camera(1, error=ABSENT), retry=LONG) as page:
            receive_frame(page)
            page.send_json({"type": "next"})
            assert page.receive_json()["type"] == "waiting"
            begin = time.perf_counter()
            page.send_json({"type": "stop"})
            assert page.receive_json() == {"type": "stopped"}
            assert time.perf_counter() - begin < LONG / 2

    def test_the_page_may_leave_while_it_is_waited_for(self, watch):
        with watch(Camera(1, error=ABSENT), retry=LONG) as page:
            receive_frame(page)
            page.send_json({"type": "next"})
            assert page.receive_json()["type"] == "waiting"

    @pytest.mark.parametrize("frames", [0, 1])
    def test_the_page_may_leave_while_it_stalls(self, watch, frames):
        camera = Camera(frames, stalls=True)
        with watch(camera, stall=LONG) as page:
            if frames:
                receive_frame(page)
                page.send_json({"type": "next"})
            assert camera.stalled.wait(LONG)


class Camera(Source):
    """A camera of the server: so many frames, and then a fault or the end."""

    name, live = "camera 0", True

    def __init__(self, count, *, error=None, stalls=False):
        self._count, self._error, self._stalls = count, error, stalls
        self.stalled, self.closed = threading.Event(), threading.Event()

    def __iter__(self):
        for index in range(self._count):
            yield Frame(np.full((180, 320, 3), 200, np.uint8), index, index / 20, self.name)
        if self._stalls:
            self.stalled.set()
            self.closed.wait(LONG)
        if self._error is not None:
            raise self._error

    def close(self):
        self.closed.set()


def test_a_source_may_change_its_size(connect, services):
    sizes = [(64, 48), (640, 480), (48, 64)]

    class Changing(Camera):
        def __iter__(self):
            for index, (width, height) in enumerate(sizes):
                image = np.full((height, width, 3), 200, np.uint8)
                yield Frame(image, index, index / 20, self.name)

    offered = {"sample": OfferedSource("camera 0", lambda _: Changing(3))}
    with connect(dataclasses.replace(services, sources=offered)) as page:
        page.send_json({"type": "watch", "source": "sample"})
        for width, height in sizes:
            analysis, jpeg = receive_frame(page)
            assert analysis["size"] == [width, height]
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert image.shape == (height, width, 3)
            page.send_json({"type": "next"})
        assert page.receive_json() == ENDED


class TestAnalysisThatFails:
    """A mistake is told on the page and printed whole; the connection stays."""

    @pytest.fixture
    def broken(self, services):
        def make_analyzer():
            def analyze(frame):
                raise RuntimeError("out of\nmemory")

            return analyze

        return dataclasses.replace(services, make_analyzer=make_analyzer)

    def check(self, answer, caplog):
        assert answer["type"] == "error"
        assert answer["message"].startswith("mien failed (RuntimeError: out of memory); ")
        (record,) = caplog.records
        assert record.exc_info[1].args == ("out of\nmemory",)

    def test_of_a_source_that_the_server_reads(self, connect, broken, source, caplog):
        with connect(broken) as page:
            page.send_json({"type": "watch", "source": "sample"})
            self.check(page.receive_json(), caplog)
            assert source.closed.is_set()
            page.send_json({"type": "stop"})
            assert page.receive_json() == {"type": "stopped"}

    def test_of_a_picture_of_the_camera(self, connect, broken, picture_message, caplog):
        with connect(broken) as page:
            page.send_bytes(picture_message(1.0))
            self.check(page.receive_json(), caplog)
            page.send_json({"type": "stop"})
            assert page.receive_json() == {"type": "stopped"}

    def test_of_what_was_foreseen_nothing_is_printed(self, connect, services, caplog):
        def fail(_):
            raise SourceError("camera 0: there is none")

        changed = dataclasses.replace(services, sources={"sample": OfferedSource("x", fail)})
        with connect(changed) as page:
            page.send_json({"type": "watch", "source": "sample"})
            assert page.receive_json()["message"] == "camera 0: there is none"
        assert not caplog.records


def test_a_page_that_floods_is_closed_and_nothing_else(connect, picture_message):
    with connect() as good:
        with connect() as bad:
            for _ in range(1000):
                bad.send_text('{"type": "next"}')
            closed = receive_close(bad)
        assert closed["code"] == 1008
        assert "too many messages" in closed["reason"]
        good.send_bytes(picture_message(1.0))
        assert good.receive_json()["type"] == "analysis"


def test_a_page_too_many_is_told_so_and_let_in_when_another_leaves(services, connect):
    services = dataclasses.replace(services, pages=OpenPages(most=2))
    headers = {"Host": HOST, "Origin": f"http://{HOST}"}
    client = TestClient(create_app(services, hosts=[HOST]))
    with connect(services):
        with connect(services), client.websocket_connect("/ws", headers=headers) as third:
            closed = receive_close(third)
            assert closed["code"] == 1013
            assert "2 pages are open" in closed["reason"]
        with connect(services):
            pass


def test_a_marker_is_written_with_the_time_it_came(services, connect, tmp_path):
    path = tmp_path / "a.markers.csv"
    markers = Markers(path)
    began = time.time()
    with connect(dataclasses.replace(services, recorder=Recorder([], markers))) as socket:
        socket.send_json({"type": "mark", "word": "start"})
        socket.send_json({"type": "stop"})
        assert socket.receive_json() == {"type": "stopped"}
    markers.close()
    header, row = path.read_text().splitlines()
    assert header == "utc,source,time,origin,marker"
    utc, *rest = row.split(",")
    assert rest == ["", "", "page", "start"]
    assert began - 0.001 <= datetime.datetime.fromisoformat(utc).timestamp() <= time.time()


def test_a_marker_that_cannot_be_written_is_told(services, connect, tmp_path):
    class Full(Markers):
        def add(self, word: str, origin: str, moment: float) -> None:
            raise SinkError("a.markers.csv: cannot be written: the disk is full")

    with connect(dataclasses.replace(services, recorder=Recorder([], Full(None)))) as socket:
        socket.send_json({"type": "mark", "word": "start"})
        answer = socket.receive_json()
    assert answer["type"] == "error"
    assert "the disk is full" in answer["message"]


@pytest.mark.parametrize("word", ["", "a" * 101])
def test_a_marker_is_a_word_or_a_few(services, connect, word):
    with connect(dataclasses.replace(services, recorder=Recorder([], Markers(None)))) as socket:
        socket.send_json({"type": "mark", "word": word})
        assert receive_close(socket)["code"] == 1007


def test_where_no_markers_are_kept_a_page_may_send_none(connect):
    with connect() as socket:
        socket.send_json({"type": "mark", "word": "start"})
        assert receive_close(socket)["code"] == 1008


def test_a_guest_of_the_network_sets_no_marker(services):
    recorder = Recorder([], Markers(None))
    theirs = dataclasses.replace(services, recorder=recorder).for_others()
    assert recorder.takes_markers
    assert not theirs.recorder.takes_markers
