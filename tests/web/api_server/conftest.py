"""An API with a fake at the seam, as an application and as a real server."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.web.fakes import FakeAnalyze, fake_explain
from tests.web.servers import running

from mien.models.bundle import load_bundle
from mien.models.info import ModelInfo
from mien.models.occlusion import PartEffect
from mien.registry import DEFAULT_BUNDLE
from mien.types import Frame, PixelArray, Reading
from mien.web.api_server.app import create_api
from mien.web.api_server.settings import ApiSettings
from mien.web.guard.connections import FOR_CLIENTS, Bounds
from mien.web.guard.security import local_hosts
from mien.web.server import Server, bind

PORT = 8100
ADDRESS = f"http://127.0.0.1:{PORT}"


class FakeReader:
    """Sees one face in the middle of every bright picture, while it may; counts the pictures."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.begun = threading.Semaphore(0)
        self.read_of: list[tuple[int, int]] = []

    def read(self, image: PixelArray) -> tuple[Reading, ...]:
        self.begun.release()
        assert self.may.wait(60)
        self.read_of.append((image.shape[1], image.shape[0]))
        return FakeAnalyze()(Frame(image, 0, 0.0, "array")).readings

    def explain(self, image: PixelArray, reading: Reading) -> tuple[PartEffect, ...]:
        return fake_explain(image, reading.face)


@pytest.fixture(scope="session")
def info() -> ModelInfo:
    return load_bundle(DEFAULT_BUNDLE).info


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def ask(reader: FakeReader, info: ModelInfo) -> Callable[..., TestClient]:
    """Make a client of an application."""

    def make(token: str | None = None, *, elsewhere: bool = False, **settings) -> TestClient:
        hosts = None if elsewhere else local_hosts(PORT)
        app = create_api(reader, info, ApiSettings(**settings), hosts=hosts, token=token)
        return TestClient(
            app, base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=False
        )

    return make


@pytest.fixture
def client(ask) -> TestClient:
    return ask()


@pytest.fixture
def serve(reader: FakeReader, info: ModelInfo) -> Callable[..., contextlib.AbstractContextManager]:
    """Run a real server while a `with` block lasts; yields its port."""

    @contextlib.contextmanager
    def make(bounds: Bounds = FOR_CLIENTS, **settings) -> Iterator[int]:
        with bind("127.0.0.1", 0) as listener:
            port = listener.getsockname()[1]
            app = create_api(reader, info, ApiSettings(**settings), hosts=local_hosts(port))
            started = threading.Event()
            server = Server(app, on_started=started.set, bounds=bounds)
            with running(server, listener, started):
                yield port

    return make


@pytest.fixture(scope="session")
def face_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture file with a bright face."""
    from mien.vision.images.reading import encode_png

    path = tmp_path_factory.mktemp("pictures") / "face.png"
    path.write_bytes(encode_png(np.full((40, 60, 3), 200, np.uint8)))
    return path
