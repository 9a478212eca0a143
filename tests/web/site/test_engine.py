"""A page that reads by itself, handed out by this machine, which has no more to say."""

import http.client
import json
import re
import threading
from pathlib import Path

import pytest
from tests.web.servers import running

from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DEFAULT_BUNDLE, DETECTOR_BUNDLE, find_bundle
from mien.web.app import create_page_app
from mien.web.guard.security import local_hosts
from mien.web.server import Server, bind
from mien.web.site.engine import DETECTOR, FACTS, classifier, engine_files


@pytest.fixture(scope="module")
def files():
    bundles = [load_bundle(find_bundle(name)) for name in (None, Path("fer8"))]
    return engine_files(bundles, load_detector_bundle(DETECTOR_BUNDLE), mode="sample")


@pytest.fixture(scope="module")
def ask(files):
    """Ask a server of such a page."""
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        started = threading.Event()
        app = create_page_app(files, hosts=local_hosts(port))

        def ask(path: str, **headers: str):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, answer.headers, body

        with running(Server(app, on_started=started.set), listener, started):
            yield ask


def test_the_page_is_told_what_its_engine_needs(files):
    info = load_bundle(DEFAULT_BUNDLE).info
    facts = json.loads(re.match(rb"export const facts = (.*);\n", files[FACTS])[1])
    hello = facts["hello"]
    assert hello["labels"] == list(info.labels)
    assert hello["mode"] == "sample"
    assert [source["id"] for source in hello["sources"]] == ["sample"]
    assert hello["model"]["name"] == info.name
    first, second = facts["classifiers"]
    assert first["labels"] == list(info.labels)
    assert first["not_sure_below"] == info.not_sure_below
    assert first["input"]["size"] == info.input.size
    assert (second["model"]["name"], len(second["labels"])) == ("fer8", 8)
    assert facts["detector"]["multiple"] == load_detector_bundle(DETECTOR_BUNDLE).info.multiple


def test_the_page_and_its_engine_are_handed_out(ask, files):
    status, headers, page = ask("/")
    assert status == 200
    assert b'<meta name="engine" content="browser">' in page
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "connect-src 'self';" in policy
    for name in (
        FACTS,
        DETECTOR,
        classifier("fer4"),
        classifier("fer8"),
        "sample/collins.jpg",
        "engine/worker.js",
    ):
        status, _, body = ask(f"/static/{name}")
        assert status == 200
        assert body == files.get(name, body)


def test_there_is_nobody_to_talk_to(ask):
    assert ask("/ws")[0] == 404
    assert ask("/static/models/none.onnx")[0] == 404


def test_only_this_machine_may_ask(ask):
    assert ask("/", Host="example.org")[0] == 421


def test_a_page_that_the_server_reads_for_has_no_engine(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", f"/static/{FACTS}")
    assert connection.getresponse().status == 404
    connection.close()
