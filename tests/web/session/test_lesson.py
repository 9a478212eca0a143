"""A model that a page makes for itself: learnt, compared, read with, saved, forgotten."""

import base64
import contextlib
import dataclasses
import io
import json
import struct
import zipfile

import pytest
from starlette.testclient import TestClient
from tests.web.fakes import ADAPTED, FakeTeach, encoded

from mien.errors import DatasetError
from mien.web.app import create_app
from mien.web.session.recorder import Recorder
from mien.web.session.teacher import Says

HOST = "127.0.0.1:8000"
FACE = {"word": "tired", "person": "1", "jpeg": base64.b64encode(encoded(200)).decode()}
LESSON = {"type": "adapt", "faces": [FACE, FACE]}
CHOOSE = {"type": "choose", "adapted": True}


@pytest.fixture
def teach() -> FakeTeach:
    teach = FakeTeach()
    teach.goes.set()
    return teach


@pytest.fixture
def services(services, teach):
    return dataclasses.replace(services, teach=teach)


@pytest.fixture
def connect(services):
    """Open a page of a server; yields its socket once it was greeted."""

    @contextlib.contextmanager
    def open_one(services=services):
        headers = {"Host": HOST, "Origin": f"http://{HOST}"}
        client = TestClient(create_app(services, hosts=[HOST]))
        with client.websocket_connect("/ws", headers=headers) as socket:
            hello = socket.receive_json()
            assert not hello["adapted"]
            assert hello["teaches"] == (not services.recorder.records)
            yield socket

    return open_one


def receive(socket, kind: str) -> dict:
    """Return the next message of a kind; only how far learning is may come before it."""
    while (message := socket.receive_json())["type"] == "adapting":
        assert message["done"] <= message["total"]
    assert message["type"] == kind, message
    return message


def learn(socket) -> dict:
    socket.send_json(LESSON)
    return receive(socket, "adapted")


def refused(socket, message: dict) -> str:
    socket.send_json(message)
    while (answer := socket.receive())["type"] == "websocket.send":
        assert "adapting" in answer["text"]
    assert answer["code"] == 1008
    return answer["reason"]


def test_learns_and_tells_how_good_that_is(connect, teach):
    with connect() as socket:
        told = learn(socket)
    assert told["labels"][-1] == "tired"
    assert told["own"]["words"][1] == {"word": "tired", "faces": 2, "before": None, "after": 0}
    assert told["known"]["after"] == ADAPTED.known.after
    ((first, _),) = teach.lessons
    assert (first.word, first.person, first.jpeg) == ("tired", "1", encoded(200))


def test_reads_with_what_was_learnt_and_as_before(connect, picture_message):
    with connect() as socket:
        learn(socket)
        for adapted, label in ((True, "tired"), (False, "happy"), (True, "tired")):
            socket.send_json({"type": "choose", "adapted": adapted})
            hello = receive(socket, "hello")
            assert hello["adapted"] == adapted
            assert ("tired" in hello["labels"]) == adapted
            socket.send_bytes(picture_message(1.0))  # time begins anew with each stream
            assert socket.receive_json()["faces"][0]["label"] == label


def test_a_source_that_is_watched_ends_where_another_model_reads(connect, source):
    with connect() as socket:
        learn(socket)
        socket.send_json({"type": "watch", "source": "sample"})
        socket.receive_bytes()
        socket.send_json(CHOOSE)
        assert receive(socket, "hello")["adapted"]
        assert source.closed.is_set()


def test_nobody_else_reads_with_it(connect, picture_message):
    with connect() as one, connect() as other:
        learn(one)
        one.send_json(CHOOSE)
        receive(one, "hello")
        other.send_bytes(picture_message(1.0))
        assert other.receive_json()["faces"][0]["label"] == "happy"
        assert refused(other, CHOOSE) == "nothing was learnt"


def test_reading_goes_on_while_it_learns(connect, teach, picture_message):
    teach.goes.clear()
    with connect() as socket:
        socket.send_json(LESSON)
        assert socket.receive_json() == {"type": "adapting", "done": 1, "total": 4}
        socket.send_bytes(picture_message(1.0))
        while (message := socket.receive_json())["type"] == "adapting":
            pass
        assert message["faces"][0]["label"] == "happy"
        teach.goes.set()
        receive(socket, "adapted")


def test_is_saved_as_a_bundle_in_an_archive(connect):
    with connect() as socket:
        learn(socket)
        socket.send_json({"type": "save"})
        data = socket.receive_bytes()
    (length,) = struct.unpack_from(">I", data)
    assert json.loads(data[4 : 4 + length]) == {"type": "bundle"}
    with zipfile.ZipFile(io.BytesIO(data[4 + length :])) as archive:
        assert archive.namelist() == ["mine/model.json", "mine/model.onnx"]
        assert archive.read("mine/model.onnx") == b"a graph"


@pytest.mark.parametrize("message", [CHOOSE, {"type": "save"}])
def test_what_was_not_learnt_can_be_neither_read_with_nor_saved(connect, message):
    with connect() as socket:
        assert refused(socket, message) == "nothing was learnt"


def test_forgetting_ends_the_lesson_and_what_was_learnt(connect, teach):
    with connect() as socket:
        learn(socket)
        socket.send_json(CHOOSE)
        receive(socket, "hello")
        teach.goes.clear()
        teach.ended.clear()
        socket.send_json(LESSON)  # the model from before reads while it learns
        assert not receive(socket, "hello")["adapted"]
        socket.send_json({"type": "forget"})
        assert teach.ended.wait(20)
        assert refused(socket, CHOOSE) == "nothing was learnt"


def test_a_page_that_leaves_ends_its_lesson(connect, teach):
    teach.goes.clear()
    with connect() as socket:
        socket.send_json(LESSON)
        socket.receive_json()
    assert teach.ended.wait(20)
    teach.goes.set()
    with connect() as socket:  # and the next page may learn
        learn(socket)


def test_one_page_learns_at_a_time(connect, teach):
    teach.goes.clear()
    with connect() as one, connect() as other:
        one.send_json(LESSON)
        one.receive_json()
        other.send_json(LESSON)
        assert receive(other, "unadapted")["told"]["code"] == "busy"
        assert refused(other, CHOOSE) == "nothing was learnt"
        teach.goes.set()
        receive(one, "adapted")


def test_a_second_lesson_beside_the_first_closes_the_connection(connect, teach):
    teach.goes.clear()
    with connect() as socket:
        socket.send_json(LESSON)
        assert refused(socket, LESSON) == "one lesson at a time"
    assert teach.ended.wait(20)


def test_what_cannot_be_learnt_from_is_told(connect, teach):
    teach.fails = DatasetError(Says.ONE_PHOTO(word="tired"))
    with connect() as socket:
        socket.send_json(LESSON)
        told = receive(socket, "unadapted")
        assert told["told"] == {"code": "one_photo", "values": {"word": "tired"}}
        teach.fails = None
        learn(socket)  # the connection stays


def test_where_a_table_is_written_nothing_is_learnt(connect, services):
    class Written:
        def write(self, frame, analysis) -> None:
            raise AssertionError

        def close(self) -> None:
            pass

    services = dataclasses.replace(services, recorder=Recorder([Written()]))
    with connect(services) as socket:
        assert refused(socket, LESSON) == "there is no learning here"
